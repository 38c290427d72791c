// The limit on the memory that all peers together use in a master.
#include "jsonrpc/json_calls.hpp"

#include "desk.hpp"

using namespace std::chrono_literals;
using dist::errc;
using dist::progress;
using dist::test::Work;

namespace {

constexpr std::size_t limit = 4'000'000;

dist::master_options bounded() {
  dist::master_options options;
  options.limits.memory = limit;
  options.limits.outbox_bytes = 1'000'000;
  return options;
}

struct fixture : dist::test::work_fixture {
  fixture() : work_fixture(bounded()) {
    world.add("a", 4);
    world.wait_for_nodes(1);
  }
  using answers = std::vector<dist::test::started<std::string>>;
  static std::string echo(std::size_t bytes) { return std::string(bytes, 'x'); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(memory_limit, fixture)

BOOST_AUTO_TEST_CASE(ten_jobs_that_do_not_read_stay_within_the_limit) {
  answers asked;
  std::vector<dist::test::memory_cluster::connected_job*> jobs;
  for (int i = 0; i < 10; ++i) {
    auto& job = *jobs.emplace_back(&world.connect("slow" + std::to_string(i)));
    job.network.down->stall();
    for (int k = 0; k < 100; ++k)
      asked.push_back(dist::test::start<std::string>(world.io, dist::go<&Work::large>(job.link.calls(), 20'000U)));
  }
  world.pass(1s);
  // Another job gets its small results meanwhile.
  auto& other = world.connect("other");
  BOOST_TEST(world.run<std::string>(dist::go<&Work::large>(other.link.calls(), 5'000U)).size() == 5'000U);
  for (auto* job : jobs) job->network.down->resume();
  world.pass(1s);
  std::size_t whole = 0;
  std::size_t over_memory = 0;
  for (auto& one : asked) {
    BOOST_TEST_REQUIRE(one.done());
    try {
      BOOST_TEST(one.get().size() == 20'000U);
      ++whole;
    } catch (dist::call_error const& e) {
      BOOST_TEST(e.fault().code == errc::limit_exceeded);
      BOOST_TEST(e.fault().known == progress::executed);
      over_memory += e.fault().message.find("the limit (memory) of 4000000 bytes") != std::string::npos;
    }
  }
  // Bytes buffered in the network do not count for the master.
  BOOST_TEST((whole * 20'000 <= limit + 10 * 2 * dist::test::default_pipe_bytes), whole);
  BOOST_TEST(whole * 20'000 >= limit / 2);
  BOOST_TEST(over_memory > 0U);
}

BOOST_AUTO_TEST_CASE(oversized_result_is_one_fault_and_the_node_stays) {
  auto const what = fault_of(dist::go<&Work::large>(cluster, 3'500'000U));
  BOOST_TEST(what.code == errc::limit_exceeded);
  BOOST_TEST(what.known == progress::executed);
  BOOST_TEST(what.message.find("the limit (memory) of 4000000 bytes") != std::string::npos, what.message);
  BOOST_TEST(what.message.find("--limit memory=SIZE") != std::string::npos, what.message);
  // The node is still there and takes the next call.
  BOOST_TEST(world.run<std::string>(dist::go<&Work::large>(cluster, 2'500'000U)).size() == 2'500'000U);
  BOOST_TEST(world.count_logged("left") == 0U, world.logged());
  BOOST_TEST(node_count() == 1U);
}

BOOST_AUTO_TEST_CASE(oversized_arguments_are_rejected_and_the_connection_stays) {
  auto& job = world.connect("job");
  auto const what = fault_of(dist::go<&Work::read>(job.link.calls(), echo(3'500'000)));
  BOOST_TEST(what.code == errc::limit_exceeded);
  BOOST_TEST(what.known == progress::not_started);
  BOOST_TEST(what.message.find("the limit (memory) of 4000000 bytes") != std::string::npos, what.message);
  at->open_all();
  BOOST_TEST(world.run<std::string>(dist::go<&Work::read>(job.link.calls(), "next")) == "next@a");
  BOOST_TEST(at->begun.size() == 1U);
}

BOOST_AUTO_TEST_CASE(arguments_count_until_their_calls_end) {
  auto& job = world.connect("job");
  auto held = dist::go<&Work::keep>(job.link.calls(), echo(1'300'000));
  BOOST_TEST(world.drive_until([&] { return at->running == 1; }));
  auto const what = fault_of(dist::go<&Work::keep>(job.link.calls(), echo(1'300'000)));
  BOOST_TEST(what.code == errc::overloaded);
  BOOST_TEST(what.known == progress::not_started);
  at->open_all();
  world.run<void>(std::move(held));
  world.run<void>(dist::go<&Work::keep>(job.link.calls(), echo(1'300'000)));
  BOOST_TEST(at->begun.size() == 2U);
}

BOOST_AUTO_TEST_CASE(results_wait_for_memory_before_they_are_dropped) {
  auto& slow = world.connect("slow");
  slow.network.down->stall();
  answers waiting;
  for (int i = 0; i < 10; ++i)
    waiting.push_back(dist::test::start<std::string>(world.io, dist::go<&Work::large>(slow.link.calls(), 150'000U)));
  world.pass(1s);
  // 1.5 MB are held for the slow job: the result has room only once that has been read.
  auto large = dist::test::start<std::string>(world.io, dist::go<&Work::large>(cluster, 2'500'000U));
  world.pass(1s);
  BOOST_TEST(!large.done());
  slow.network.down->resume();
  world.pass(1s);
  BOOST_TEST_REQUIRE(large.done());
  BOOST_TEST(large.get().size() == 2'500'000U);
  BOOST_TEST(world.count_logged("is silent") == 0U, world.logged());
}

BOOST_AUTO_TEST_CASE(batch_over_http_stays_within_the_limit) {
  std::string text = "[";
  for (int i = 0; i < 100; ++i)
    text += std::string(i > 0 ? "," : "") + R"({"jsonrpc":"2.0","method":"Work.large","params":[100000],"id":)" +
            std::to_string(i) + "}";
  auto const calls = cluster.shared_caller();
  auto const answer =
      world.run<std::string>(dist::answer_rpc(calls, dist::parse_rpc(text + "]", dist::limits()), {}));
  BOOST_TEST(answer.size() < limit);
  BOOST_TEST(answer.size() > limit / 2);
  BOOST_TEST((answer.find("the limit (memory) of 4000000 bytes") != std::string::npos));
}

BOOST_AUTO_TEST_SUITE_END()
