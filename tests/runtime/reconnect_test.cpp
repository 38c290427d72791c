// A job that loses its connection to the master, and the fate of its calls.
#include "desk.hpp"

using namespace std::chrono_literals;
using dist::call_options;
using dist::errc;
using dist::go;
using dist::progress;
using dist::test::Work;

namespace careful {

/// The class of another build, whose `read` is not repeatable.
struct Work {
  dist::task<std::string> read(dist::context ctx, std::string label) { return at->pass(ctx, label); }
  std::shared_ptr<dist::test::desk> at;
};
BOOST_DESCRIBE_STRUCT(Work, (), (read))

}  // namespace careful

namespace {

struct connected : dist::test::work_fixture {
  /// Waits until all have started, then cuts the connection.
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

BOOST_AUTO_TEST_CASE(repeatable_calls_are_sent_again) {
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

BOOST_AUTO_TEST_CASE(repeatable_calls_survive_many_lost_connections) {
  add_node();
  auto call = go<&Work::read>(on, "1");
  for (std::size_t i = 1; i <= 5; ++i) lose_connection(i);
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(call)) == "1@a");
}

BOOST_AUTO_TEST_CASE(repeatable_calls_are_sent_to_a_restarted_master) {
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

BOOST_AUTO_TEST_CASE(calls_that_are_not_repeatable_end) {
  add_node();
  auto write = go<&Work::write>(on, "1");
  auto once = go<&Work::read>(on, "2", call_options().once());
  lose_connection(2);
  for (auto* lost : {&write, &once}) {
    auto const what = fault_of(std::move(*lost));
    BOOST_TEST(what.code == errc::connection_lost);
    BOOST_TEST(what.known == progress::unknown);
    BOOST_TEST(what.phase == "running");
  }
  world.pass(1min);
  BOOST_TEST(at->begun.size() == 2U);
}

BOOST_AUTO_TEST_CASE(method_list_of_the_node_decides_for_calls_by_name) {
  add_node();
  auto read = dist::call_by_name<std::string>(on, "Work.read", "1");
  auto write = dist::call_by_name<std::string>(on, "Work.write", "2");
  lose_connection(2);
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(read)) == "1@a");
  auto const what = fault_of(std::move(write));
  BOOST_TEST(what.code == errc::connection_lost);
  BOOST_TEST(what.known == progress::unknown);
  BOOST_TEST(at->begun == (std::vector<std::string>{"1@a", "2@a", "1@a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(calls_of_a_stopped_master_wait_for_the_next) {
  auto waits = go<&Work::write>(on, "1");
  world.pass(1s);
  world.restart_master();
  auto late = go<&Work::write>(on, "2");
  add_node();
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(waits)) == "1@a");
  BOOST_TEST(world.run<std::string>(std::move(late)) == "2@a");
  BOOST_TEST(at->begun.size() == 2U);
}

BOOST_AUTO_TEST_CASE(running_calls_of_a_stopped_master_count_as_lost) {
  add_node();
  auto read = go<&Work::read>(on, "1");
  auto write = go<&Work::write>(on, "2");
  BOOST_TEST_REQUIRE(world.drive_until([&] { return at->begun.size() == 2; }));
  world.restart_master();
  auto const what = fault_of(std::move(write));
  BOOST_TEST(what.code == errc::connection_lost);
  BOOST_TEST(what.known == progress::unknown);
  BOOST_TEST(what.node == "a");
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(read)) == "1@a");
  BOOST_TEST(at->begun.size() == 3U);
}

BOOST_AUTO_TEST_CASE(call_dropped_during_the_resend_is_not_sent) {
  add_node();
  world.network.blackhole("master");
  job.network.cut();
  world.pass(0ms);
  auto cannot_be_sent = go<&Work::read>(on, "1", call_options().needs(std::string(5000, 'x')));
  std::optional<dist::pending<std::string>> dropped(go<&Work::read>(on, "2"));
  auto const drops = [&](dist::pending<std::string> call) -> dist::task<void> {
    try {
      co_await std::move(call);
    } catch (dist::call_error const&) {
      dropped.reset();
    }
  };
  auto dropping = dist::test::start(world.io, drops(std::move(cannot_be_sent)));
  world.network.restore("master");
  BOOST_TEST_REQUIRE(world.drive_until([&] { return dropping.done(); }));
  world.pass(1min);
  BOOST_TEST(at->begun.size() == 0U);
}

BOOST_AUTO_TEST_CASE(call_dropped_while_its_master_stops_is_not_sent_again) {
  add_node();
  std::optional<dist::pending<std::string>> read(go<&Work::read>(on, "1"));
  auto write = go<&Work::write>(on, "2");
  BOOST_TEST_REQUIRE(world.drive_until([&] { return at->begun.size() == 2; }));
  auto const drops = [&](dist::pending<std::string> call) -> dist::task<void> {
    try {
      co_await std::move(call);
    } catch (dist::call_error const&) {
      read.reset();
    }
  };
  auto dropping = dist::test::start(world.io, drops(std::move(write)));
  world.restart_master();
  BOOST_TEST_REQUIRE(world.drive_until([&] { return dropping.done(); }));
  world.wait_for_nodes(1);
  world.pass(1min);
  BOOST_TEST(at->begun.size() == 2U);
}

BOOST_AUTO_TEST_CASE(wait_for_node_does_not_restart_at_the_master) {
  world.network.blackhole("master");
  job.network.cut();
  world.pass(0ms);
  auto const begin = world.clock.now();
  auto call = go<&Work::read>(on, "1", call_options().wait_for_node(60s));
  world.pass(12s);
  world.network.restore("master");
  auto const what = fault_of(std::move(call));
  BOOST_TEST(what.code == errc::no_node);
  BOOST_TEST(((begin + 60s - world.clock.now()) < 1ms));  // the wire has microseconds
  BOOST_TEST(what.phase == "queueing");
}

BOOST_AUTO_TEST_CASE(wait_for_node_does_not_restart_with_each_connection) {
  auto const begin = world.clock.now();
  world.network.blackhole("master");
  job.network.cut();
  world.pass(0ms);
  auto call = go<&Work::read>(on, "1", call_options().wait_for_node(60s));
  world.pass(25s);
  world.network.restore("master");
  world.pass(6s);
  world.network.blackhole("master");
  job.network.cut();
  auto const what = fault_of(std::move(call));
  BOOST_TEST(what.code == errc::no_node);
  BOOST_TEST(((world.clock.now() - begin) <= 67s));
}

BOOST_AUTO_TEST_CASE(request_that_is_being_written_for_longer_than_lost_after_keeps_its_connection) {
  // The job's beats wait behind the request, so the master cannot answer them.
  world.network.pipe_bytes = 1000;
  auto& slow = world.connect("slow");
  add_node();
  at->open_all();
  world.pass(1s);
  slow.network.up->time = &world.clock;
  slow.network.up->delay = [](std::size_t) { return 500ms; };
  auto call = go<&Work::read>(slow.link.calls(), std::string(200'000, 'x'));
  BOOST_TEST(world.run<std::string>(std::move(call)).size() > 200'000U);
  BOOST_TEST(!world.has_logged("lost the master"), world.logged());
}

BOOST_AUTO_TEST_CASE(repeated_losses_are_limited_by_a_budget) {
  add_node();
  constexpr std::size_t count = 40;
  std::vector<dist::pending<std::string>> calls;
  for (std::size_t i = 0; i < count; ++i) calls.push_back(go<&Work::read>(on, std::to_string(i)));
  // The node runs eight, and its window holds others: count the calls that reached the master.
  auto const at_master = [&] { return world.master().status_json().find("\"calls\":" + std::to_string(count)) != std::string::npos; };
  BOOST_TEST_REQUIRE(world.drive_until([&] { return at_master(); }));
  job.network.cut();
  world.pass(150ms);
  BOOST_TEST(at_master());
  job.network.cut();
  world.pass(150ms);
  BOOST_TEST(!at_master());
  world.pass(20s);
  BOOST_TEST(at_master());
  at->open_all();
  auto all = dist::all(std::move(calls));
  BOOST_TEST(world.run(std::move(all)).size() == count);
}

BOOST_AUTO_TEST_CASE(deadline_that_expires_while_disconnected_gives_the_reason) {
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

BOOST_AUTO_TEST_CASE(failed_second_attempt_does_not_hide_the_first) {
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

BOOST_AUTO_TEST_CASE(node_whose_method_is_not_repeatable_rejects_the_second_attempt) {
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
  // The slot it would have used is free.
  at->open_all();
  BOOST_TEST(world.run(dist::task<std::string>(go<&Work::read>(on, "2"))) == "2@a");
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct narrow : dist::test::work_fixture {
  static dist::limits small() {
    dist::limits bounds;
    bounds.calls_per_connection = 3;
    return bounds;
  }
  dist::test::memory_cluster::connected_job& job = world.connect("job", small());
  dist::cluster on = job.link.calls();
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(reconnect_beyond_the_limits, narrow)

BOOST_AUTO_TEST_CASE(lost_calls_wait_even_beyond_the_limit) {
  world.add("a", 8);
  world.wait_for_nodes(1);
  std::vector<dist::pending<std::string>> calls;
  for (int i = 0; i < 6; ++i) calls.push_back(go<&Work::read>(on, std::to_string(i)));
  BOOST_TEST_REQUIRE(world.drive_until([&] { return at->begun.size() == 6; }));
  world.network.blackhole("master");
  job.network.cut();
  world.pass(0ms);
  auto const more = fault_of(go<&Work::read>(on, "more"));
  BOOST_TEST(more.code == errc::overloaded);
  world.network.restore("master");
  at->open_all();
  auto all = dist::all(std::move(calls));
  BOOST_TEST(world.run(std::move(all)).size() == 6U);
}

BOOST_AUTO_TEST_SUITE_END()
