#include "desk.hpp"

using namespace std::chrono_literals;
using dist::test::Work;

namespace {

dist::master_options small() {
  dist::master_options options;
  options.limits.outbox_bytes = 100'000;
  return options;
}

struct fixture : dist::test::work_fixture {
  fixture() : work_fixture(small()) {
    world.add("a", 4);
    world.wait_for_nodes(1);
  }
  /// The outcomes of the calls of the job that reads nothing, once it reads again.
  using answers = std::vector<dist::test::started<std::string>>;
  answers ask(dist::test::memory_cluster::connected_job& job, std::size_t count, std::uint64_t bytes) {
    answers made;
    for (std::size_t i = 0; i < count; ++i)
      made.push_back(dist::test::start<std::string>(world.io, dist::go<&Work::large>(job.link.calls(), bytes)));
    world.pass(1s);
    return made;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(slow_caller, fixture)

BOOST_AUTO_TEST_CASE(replies_to_a_job_that_does_not_read_are_limited) {
  auto& job = world.connect("slow");
  job.network.down->stall();
  auto asked = ask(job, 100, 20'000);
  // Another job gets its replies meanwhile.
  auto& other = world.connect("other");
  BOOST_TEST(world.run<std::string>(dist::go<&Work::large>(other.link.calls(), 500'000U)).size() == 500'000U);
  // It reads again and gets an outcome for each call.
  job.network.down->resume();
  world.pass(1s);
  std::size_t whole = 0;
  for (auto& one : asked) {
    BOOST_TEST_REQUIRE(one.done());
    try {
      BOOST_TEST(one.get().size() == 20'000U);
      ++whole;
    } catch (dist::call_error const& e) {
      BOOST_TEST(e.fault().code == dist::errc::limit_exceeded);
      BOOST_TEST(e.fault().known == dist::progress::executed);
      BOOST_TEST(e.fault().message.find("4 times the limit (outbox_bytes) of 100000 bytes") != std::string::npos,
                 e.fault());
    }
  }
  // Four times the limit, plus one result, plus what was in transit.
  BOOST_TEST(whole >= 20U);
  BOOST_TEST(whole <= 25U);
  auto again = ask(job, 10, 20'000);
  for (auto& one : again) BOOST_TEST(one.get().size() == 20'000U);
}

BOOST_AUTO_TEST_CASE(job_that_does_not_read_is_not_read_from) {
  auto& job = world.connect("slow");
  job.network.down->stall();
  auto const first = ask(job, 10, 20'000);
  auto late = dist::test::start<std::string>(world.io, dist::go<&Work::read>(job.link.calls(), "late"));
  world.pass(1s);
  BOOST_TEST(!at->has_begun("late@a"));
  job.network.down->resume();
  BOOST_TEST(drive_until_begun("late@a"));
  at->open_all();
  BOOST_TEST(world.drive_until([&] { return late.done(); }));
}

BOOST_AUTO_TEST_SUITE_END()
