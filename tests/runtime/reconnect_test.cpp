// A job that loses its connection to the master: what becomes of the calls that it had made.
#include "desk.hpp"

using namespace std::chrono_literals;
using dist::call_options;
using dist::errc;
using dist::go;
using dist::progress;
using dist::test::Work;

namespace careful {

/// Of another build, in which what reads may not read twice.
struct Work {
  dist::task<std::string> read(dist::context ctx, std::string label) { return at->pass(ctx, label); }
  std::shared_ptr<dist::test::desk> at;
};
BOOST_DESCRIBE_STRUCT(Work, (), (read))

}  // namespace careful

namespace {

struct connected : dist::test::work_fixture {
  /// All these have begun; then the connection ends.
  void lose_connection(std::size_t begun) {
    BOOST_TEST_REQUIRE(world.drive_until([&] { return at->begun.size() == begun; }));
    job.network.cut();
    world.pass(0ms);
  }
  void add_node() {
    world.add("a", 8);
    world.wait_for_nodes(1);
  }

  dist::test::memory_cluster::connected_job& job = world.connect("job");
  dist::cluster on = job.link.calls();
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(reconnect, connected)

BOOST_AUTO_TEST_CASE(repeatable_calls_go_again) {
  add_node();
  auto first = go<&Work::read>(on, "1");
  auto second = go<&Work::read>(on, "2");
  lose_connection(2);
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(second)) == "2@a");
  BOOST_TEST(world.run<std::string>(std::move(first)) == "1@a");
  BOOST_TEST(at->begun == (std::vector<std::string>{"1@a", "2@a", "1@a", "2@a"}), boost::test_tools::per_element());
  BOOST_TEST(at->cancelled.size() == 2U);
}

BOOST_AUTO_TEST_CASE(however_often_it_is_lost) {
  add_node();
  auto call = go<&Work::read>(on, "1");
  for (std::size_t i = 1; i <= 5; ++i) lose_connection(i);
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(call)) == "1@a");
}

BOOST_AUTO_TEST_CASE(to_a_master_that_was_started_again) {
  add_node();
  auto call = go<&Work::read>(on, "1");
  world.network.blackhole("master");
  lose_connection(1);
  world.restart_master();
  world.network.restore("master");
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(call)) == "1@a");
  BOOST_TEST(at->begun.size() == 2U);
}

BOOST_AUTO_TEST_CASE(others_end) {
  add_node();
  auto write = go<&Work::write>(on, "1");
  auto once = go<&Work::read>(on, "2", call_options().once());
  auto untyped = dist::call_by_name<std::string>(on, "Work.read", "3");
  lose_connection(3);
  for (auto* lost : {&write, &once, &untyped}) {
    auto const what = fault_of(std::move(*lost));
    BOOST_TEST(what.code == errc::connection_lost);
    BOOST_TEST(what.known == progress::unknown);
    BOOST_TEST(what.phase == "running");
  }
  world.pass(1min);
  BOOST_TEST(at->begun.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_deadline_that_passes_meanwhile_says_why) {
  add_node();
  auto call = go<&Work::read>(on, "1", call_options().within(5s));
  BOOST_TEST_REQUIRE(drive_until_begun("1@a"));
  world.network.blackhole("master");
  job.network.cut();
  auto const what = fault_of(std::move(call));
  BOOST_TEST(what.code == errc::deadline_exceeded);
  BOOST_TEST(what.known == progress::unknown);
  BOOST_TEST(what.phase == "connecting");
  BOOST_TEST(what.cause.starts_with("the connection to the master ended: "));
}

BOOST_AUTO_TEST_CASE(what_comes_of_the_second_try_does_not_hide_the_first) {
  add_node();
  auto call = go<&Work::read>(on, "1", call_options().wait_for_node(5s));
  BOOST_TEST_REQUIRE(drive_until_begun("1@a"));
  world.kill_node(0);
  job.network.cut();
  auto const what = fault_of(std::move(call));
  BOOST_TEST(what.code == errc::no_node);
  BOOST_TEST(what.known == progress::unknown);
  BOOST_TEST(what.cause.starts_with("the connection to the master ended: "));
}

BOOST_AUTO_TEST_CASE(a_node_that_must_not_run_it_twice_has_the_last_word) {
  dist::node_options options;
  options.name = "a";
  world.add(std::move(options), 8, dist::services(careful::Work{at}));
  world.wait_for_nodes(1);
  auto call = go<&Work::read>(on, "1");
  lose_connection(1);
  auto const what = fault_of(std::move(call));
  BOOST_TEST(what.code == errc::connection_lost);
  BOOST_TEST(what.known == progress::unknown);
  BOOST_TEST(what.node == "a");
  BOOST_TEST(at->begun.size() == 1U);
  // The slot that it would have had is free.
  at->open_all();
  BOOST_TEST(world.run(dist::task<std::string>(go<&Work::read>(on, "2"))) == "2@a");
}

BOOST_AUTO_TEST_SUITE_END()
