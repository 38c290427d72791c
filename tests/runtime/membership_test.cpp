#include <algorithm>

#include "desk.hpp"
#include "master/dispatcher.hpp"
#include "node/back_off.hpp"

using namespace std::chrono_literals;
using dist::errc;
using dist::test::Work;

namespace {

struct fixture : dist::test::work_fixture {
  using work_fixture::work_fixture;

  /// A call that has started on node a while b is idle.
  template <auto Method>
  dist::pending<std::string> begin_on_a(std::string label) {
    world.add("a");
    world.wait_for_nodes(1);
    auto call = dist::go<Method>(cluster, label);
    BOOST_REQUIRE(drive_until_begun(label + "@a"));
    world.add("b");
    world.wait_for_nodes(2);
    return call;
  }
};

struct Strange {
  std::int64_t method() const { return 1; }
};
BOOST_DESCRIBE_STRUCT(Strange, (), (method))

dist::task<std::string> again_after(dist::cluster on, dist::pending<int> first) {
  bool failed = false;
  try {
    co_await std::move(first);
  } catch (dist::call_error const&) {
    failed = true;
  }
  BOOST_TEST(failed);
  auto second = dist::go<&Work::plain>(on, "second");
  co_return co_await std::move(second);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(membership, fixture)

BOOST_AUTO_TEST_CASE(repeatable_calls_of_a_silent_node_move) {
  auto call = begin_on_a<&Work::read>("x");
  world.node_at(0).network.up->stall();
  world.pass(1500ms);
  BOOST_TEST(!at->has_begun("x@b"));
  world.pass(2s);
  BOOST_TEST(world.count_logged("node a is silent") == 1);
  BOOST_TEST(at->has_begun("x@b"));
  at->open("x@b");
  BOOST_TEST(world.run<std::string>(std::move(call)) == "x@b");
  BOOST_TEST(status("in_use") == "1");  // a still holds it
  BOOST_TEST(status("abandoned") == "1");

  // The late reply is counted and has no effect.
  world.node_at(0).network.up->resume();
  world.pass(1s);
  BOOST_TEST(std::ranges::count(at->cancelled, "x@a") == 1);
  BOOST_TEST(status("late_replies") == "1");
  BOOST_TEST(status("in_use") == "0");
  BOOST_TEST(status("abandoned") == "0");
  BOOST_TEST(world.count_logged("node a is back") == 1);
  at->open_all();
  for (int i = 0; i < 4; ++i) BOOST_TEST(world.run<std::int64_t>(dist::call<&Work::echo>(cluster, i)) == i);
}

BOOST_AUTO_TEST_CASE(first_reply_counts_from_either_node) {
  auto call = begin_on_a<&Work::read>("x");
  world.node_at(0).network.up->stall();
  BOOST_REQUIRE(drive_until_begun("x@b"));
  world.node_at(0).network.up->resume();
  at->open("x@a");
  BOOST_TEST(world.run<std::string>(std::move(call)) == "x@a");
  world.pass(1s);
  BOOST_TEST(std::ranges::count(at->cancelled, "x@b") == 1);
  BOOST_TEST(status("in_use") == "0");
}

BOOST_AUTO_TEST_CASE(rejection_by_one_node_leaves_the_call_to_the_other) {
  auto call = begin_on_a<&Work::read>("x");
  world.node_at(0).network.up->stall();
  BOOST_REQUIRE(drive_until_begun("x@b"));
  // While the master cannot hear it, a reaches its drain limit: its answer about the call is read first.
  world.kill_node(0);
  world.node_at(0).network.up->resume();
  world.pass(1s);
  at->open("x@b");
  BOOST_TEST(world.run<std::string>(std::move(call)) == "x@b");
}

BOOST_AUTO_TEST_CASE(call_that_is_not_repeatable_stays_with_its_silent_node) {
  auto call = begin_on_a<&Work::write>("w");
  world.node_at(0).network.up->stall();
  world.pass(20s);
  BOOST_TEST(at->begun.size() == 1);
  at->open("w@a");
  world.node_at(0).network.up->resume();
  BOOST_TEST(world.run<std::string>(std::move(call)) == "w@a");
  BOOST_TEST(at->begun.size() == 1);
}

BOOST_AUTO_TEST_CASE(silent_node_gets_no_new_calls) {
  auto call = begin_on_a<&Work::read>("x");
  world.node_at(0).network.up->stall();
  world.pass(4s);
  at->open_all();
  world.run<std::string>(std::move(call));
  for (int i = 0; i < 5; ++i) BOOST_TEST(world.run<std::string>(dist::call<&Work::plain>(cluster, "p")) == "p@b");
}

BOOST_AUTO_TEST_CASE(node_that_stays_silent_is_lost) {
  auto held = begin_on_a<&Work::write>("w");
  world.node_at(0).network.up->stall();
  auto const what = fault_of(std::move(held));
  BOOST_TEST(what.code == errc::node_lost);
  BOOST_TEST(what.known == dist::progress::unknown);
  BOOST_TEST(what.node == "a");
  BOOST_TEST(world.has_logged("node a is lost"));
  BOOST_TEST(node_count() == 1);
  BOOST_TEST(status("in_use") == "0");
  // It was alive: it rejoins by itself.
  world.node_at(0).network.up->resume();
  world.wait_for_nodes(2);
}

BOOST_AUTO_TEST_CASE(stall_of_the_master_makes_no_node_suspect) {
  auto call = begin_on_a<&Work::write>("w");
  world.clock.advance(25s);
  world.pass(3s);
  BOOST_TEST(!world.has_logged("is silent"), world.logged());
  BOOST_TEST(node_count() == 2);
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(call)) == "w@a");
}

BOOST_AUTO_TEST_CASE(node_tolerates_a_silent_master_as_long_as_the_master_would) {
  world.add("a");
  world.wait_for_nodes(1);
  world.node_at(0).network.down->stall();
  world.pass(29s);
  BOOST_TEST(!world.has_logged("the master is silent"));
  world.pass(3s);
  BOOST_TEST(world.has_logged("the master is silent"), world.logged());
  world.node_at(0).network.down->resume();
  BOOST_TEST(world.drive_until([&] { return world.count_logged("node a joined") == 2; }));
}

BOOST_AUTO_TEST_CASE(stalled_node_does_not_consider_its_master_silent) {
  auto call = begin_on_a<&Work::write>("w");
  // The whole process freezes; its timers run late, before it has read anything.
  world.node_at(0).network.freeze();
  world.clock.advance(25s);
  dist::test::run_until_idle(world.io);
  world.node_at(0).network.resume();
  world.pass(2s);
  BOOST_TEST(!world.has_logged("the master is silent"));
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(call)) == "w@a");
}

BOOST_AUTO_TEST_CASE(nodes_rejoin_a_restarted_master) {
  for (auto const* name : {"a", "b", "c"}) world.add(name);
  world.wait_for_nodes(3);
  auto held = dist::go<&Work::write>(cluster, "w");
  BOOST_REQUIRE(world.drive_until([&] { return !at->begun.empty(); }));
  auto ended = dist::test::start<std::string>(world.io, std::move(held));
  world.restart_master();
  BOOST_CHECK_EXCEPTION(ended.get(), dist::call_error, [](auto const& e) {
    return e.fault().code == errc::stopped && e.fault().known == dist::progress::unknown;
  });
  BOOST_TEST(at->cancelled.size() == 1);
  cluster = world.cluster();
  world.wait_for_nodes(3);
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Work::echo>(cluster, 7)) == 7);
}

// The host does not even reject the connection; the system itself would wait for minutes.
BOOST_AUTO_TEST_CASE(node_gives_up_an_unanswered_connection) {
  world.network.blackhole("master");
  world.add("a");
  world.pass(5s);
  world.network.restore("master");
  world.pass(4s);
  BOOST_TEST(node_count() == 0U);
  world.wait_for_nodes(1);
  BOOST_TEST(world.count_logged("no connection to master:3000 within 10 s") == 1);
}

BOOST_AUTO_TEST_CASE(rejoin_pauses_are_randomized) {
  dist::test::seeded_entropy chance(1);
  std::vector<dist::duration> pauses;
  for (int i = 0; i < 1000; ++i) pauses.push_back(dist::pause_before_retry(6, chance));
  std::ranges::sort(pauses);
  BOOST_TEST((pauses.front() < 500ms && pauses.back() > 4500ms && pauses.back() <= 5s));
  BOOST_TEST((pauses[500] > 2s && pauses[500] < 3s));
  for (int i = 0; i < 100; ++i) BOOST_TEST((dist::pause_before_retry(0, chance) <= 100ms));
}

BOOST_AUTO_TEST_CASE(restarted_node_replaces_the_silent_one_of_its_name) {
  auto held = begin_on_a<&Work::write>("w");
  world.node_at(0).network.freeze();
  world.pass(4s);
  world.add("a");
  auto const what = fault_of(std::move(held));
  BOOST_TEST(what.known == dist::progress::unknown);
  BOOST_TEST(what.node == "a");
  BOOST_TEST(world.count_logged("node a joined") == 2);
  world.pass(1s);
  BOOST_TEST(node_count() == 2);
  // The old node comes back and is told why it cannot join.
  world.node_at(0).network.resume();
  BOOST_TEST(world.drive_until([&] { return world.node_at(0).run.done(); }));
  BOOST_CHECK_EXCEPTION(world.node_at(0).run.get(), dist::call_error, [](auto const& e) {
    return e.fault().code == errc::denied && e.fault().message.find("already has the name a") != std::string::npos;
  });
  BOOST_TEST(node_count() == 2);
  for (int i = 0; i < 4; ++i) BOOST_TEST(world.run<std::int64_t>(dist::call<&Work::echo>(cluster, i)) == i);
}

BOOST_AUTO_TEST_CASE(dead_node_may_restart_under_its_name) {
  world.add("a");
  world.wait_for_nodes(1);
  for (std::size_t life = 0; life < 5; ++life) {
    auto call = dist::go<&Work::read>(cluster, "x");
    world.kill_node(life);
    world.add("a");
    at->open_all();
    BOOST_TEST(world.run<std::string>(std::move(call)) == "x@a");
    BOOST_TEST(node_count() == 1);
  }
}

BOOST_AUTO_TEST_CASE(second_node_with_the_same_chosen_name_is_rejected) {
  world.add("a");
  world.wait_for_nodes(1);
  world.add("a");
  BOOST_TEST(world.drive_until([&] { return world.node_at(1).run.done(); }));
  BOOST_CHECK_EXCEPTION(world.node_at(1).run.get(), dist::call_error, [](auto const& e) {
    return e.fault().code == errc::denied && std::string(e.what()).find("already has the name a") != std::string::npos;
  });
  BOOST_TEST(world.has_logged("node a was rejected: a living node at"));
  BOOST_TEST(node_count() == 1);
}

BOOST_AUTO_TEST_CASE(methods_of_a_rejected_node_are_not_kept) {
  world.add("a");
  world.wait_for_nodes(1);
  dist::node_options options;
  options.name = "a";
  options.name_is_default = false;
  auto& node = world.add(options, 1, dist::services<Strange>());
  BOOST_REQUIRE(world.drive_until([&] { return node.run.done(); }));
  auto& nodes = dist::dispatcher_of(cluster).nodes();
  BOOST_TEST(nodes.find_method("Work.echo").has_value());
  BOOST_TEST(!nodes.find_method("Strange.method").has_value());
  options.name = "b";
  world.add(options, 1, dist::services<Strange>());
  world.wait_for_nodes(2);
  BOOST_TEST(nodes.find_method("Strange.method").has_value());
}

BOOST_AUTO_TEST_CASE(default_names_are_numbered) {
  for (int i = 0; i < 3; ++i) {
    dist::node_options options;
    options.name = "host";
    world.add(options, 1, dist::services(Work(at)));
  }
  world.wait_for_nodes(3);
  for (auto const* name : {"node host joined", "node host#2 joined", "node host#3 joined"})
    BOOST_TEST(world.has_logged(name));
}

BOOST_AUTO_TEST_CASE(node_whose_connection_broke_rejoins_as_itself) {
  auto held = begin_on_a<&Work::write>("w");
  world.node_at(0).network.half_open();
  world.node_at(0).network.cut();
  auto const what = fault_of(std::move(held));
  BOOST_TEST(what.code == errc::connection_lost);
  BOOST_TEST(world.drive_until([&] { return world.count_logged("node a left") == 1; }));
}

BOOST_AUTO_TEST_CASE(connection_given_up_while_its_name_was_in_use_does_not_join) {
  world.add("a");
  world.wait_for_nodes(1);
  world.node_at(0).network.freeze();
  world.pass(1s);
  auto& restarted = world.add("a");
  world.pass(300ms);
  // Its process notices, its master does not: it has two of its connections now, both waiting for the name.
  restarted.network.up->lose_path();
  BOOST_TEST(world.drive_until([&] { return restarted.node.joined(); }));
  world.pass(5s);
  BOOST_TEST(world.count_logged("node a joined") == 2);
  BOOST_TEST(!world.has_logged("node a has reconnected"));
  BOOST_TEST(world.has_logged("node a was rejected: its process has connected again"));
  BOOST_TEST(restarted.node.joined());
}

BOOST_AUTO_TEST_CASE(call_made_during_a_join_is_sent_after_the_welcome) {
  // The first call fails because the joining node lacks the method; its coroutine continues at once.
  auto first = dist::call_by_name<int>(cluster, "Work.unheard_of");
  auto both = dist::test::start<std::string>(world.io, again_after(cluster, std::move(first)));
  world.add("a");
  BOOST_TEST(world.drive_until([&] { return both.done(); }));
  BOOST_TEST(both.get() == "second@a");
  BOOST_TEST(world.count_logged("node a joined") == 1);
}

BOOST_AUTO_TEST_CASE(waiting_call_logs_why) {
  auto call = dist::go<&Work::echo>(cluster, 1);
  world.pass(25s);
  BOOST_TEST(world.count_logged("waiting: no node has joined") == 2);
  world.add("a");
  BOOST_TEST(world.run<std::int64_t>(std::move(call)) == 1);
}

BOOST_AUTO_TEST_CASE(node_may_dial_its_master_by_any_name) {
  // The master listens on every address and does not know that it is called `master`.
  dist::master_options options;
  options.listen = {"0.0.0.0", 3000};
  dist::test::memory_cluster everywhere(dist::services<Work>(), std::move(options));
  everywhere.add_node("a");
  everywhere.wait_for_nodes(1);
  BOOST_TEST(everywhere.has_logged("node a joined"));
}

BOOST_AUTO_TEST_SUITE_END()
