#include <boost/test/unit_test.hpp>

#include "runtime/desk.hpp"

using namespace dist::test;
using namespace std::chrono_literals;

namespace {

dist::call_options needing(std::string label) { return dist::call_options().needs(std::move(label)); }

struct placement_fixture : work_fixture {
  memory_cluster::member_node& add(std::string name, std::map<std::string, std::string> labels, std::size_t slots = 1) {
    dist::node_options options;
    options.name = std::move(name);
    options.name_is_default = false;
    options.labels = std::move(labels);
    return world.add(std::move(options), slots, dist::services(Work(at)));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(placement)

BOOST_FIXTURE_TEST_CASE(call_goes_to_a_node_with_its_labels, placement_fixture) {
  at->open_all();
  add("plain", {});
  add("small", {{"gpu", "1"}});
  add("large", {{"gpu", "2"}, {"zone", "a"}});
  world.wait_for_nodes(3);
  struct row {
    dist::call_options options;
    char const* node;
  };
  row const rows[] = {{needing("gpu=1"), "small"},
                      {needing("gpu=2"), "large"},
                      {needing("zone"), "large"},
                      {needing("gpu").needs("zone=a"), "large"},
                      {needing("node=plain"), "plain"},
                      {needing("node=small").needs("gpu"), "small"}};
  for (auto const& row : rows) {
    for (int n = 0; n < 3; ++n) {
      auto call = dist::go<&Work::read>(cluster, "x", row.options);
      BOOST_TEST(world.run(dist::task<std::string>(std::move(call))) == std::string("x@") + row.node);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(missing_label_is_logged_once_while_calls_wait, placement_fixture) {
  at->open_all();
  add("plain", {});
  world.wait_for_nodes(1);
  auto first = dist::go<&Work::read>(cluster, "x", needing("gpu=1"));
  auto second = dist::go<&Work::read>(cluster, "x", needing("gpu=1"));
  world.pass(100ms);
  BOOST_TEST(world.count_logged("no node has label gpu=1: calls of Work.read wait for one") == 1U);
  BOOST_TEST(status("waiting") == "\"no node has label gpu=1\"");
  auto other = dist::go<&Work::read>(cluster, "y");
  BOOST_TEST(world.run(dist::task<std::string>(std::move(other))) == "y@plain");
  world.pass(21s);
  BOOST_TEST(world.count_logged("waiting: no node has label gpu=1") == 2U);
  add("late", {{"gpu", "1"}});
  BOOST_TEST(world.run(dist::task<std::string>(std::move(first))) == "x@late");
  BOOST_TEST(world.run(dist::task<std::string>(std::move(second))) == "x@late");
}

BOOST_FIXTURE_TEST_CASE(call_that_may_not_wait_fails_and_names_the_missing_label, placement_fixture) {
  add("plain", {});
  world.wait_for_nodes(1);
  auto const label = fault_of(dist::go<&Work::read>(cluster, "x", needing("gpu=1").wait_for_node(5s)));
  BOOST_TEST((label.code == dist::errc::no_node));
  BOOST_TEST(label.message == "no node has label gpu=1");
  auto const name = fault_of(dist::go<&Work::read>(cluster, "x", needing("node=else").wait_for_node(0s)));
  BOOST_TEST(name.message == "no node has the name else");
  auto const wrong = fault_of(dist::go<&Work::read>(cluster, "x", needing("=1")));
  BOOST_TEST((wrong.code == dist::errc::bad_arguments));
  auto const without = fault_of(dist::go<&Work::read>(cluster, "x", needing("node=plain").needs("gpu")));
  BOOST_TEST((without.code == dist::errc::no_node));
  BOOST_TEST(without.message == "node plain does not have the label gpu");
}

BOOST_FIXTURE_TEST_CASE(pinned_call_waits_for_its_node_and_ends_with_it, placement_fixture) {
  add("a", {});
  add("b", {});
  world.wait_for_nodes(2);
  auto running = dist::go<&Work::write>(cluster, "first", needing("node=a"));
  auto waiting = dist::go<&Work::write>(cluster, "second", needing("node=a"));
  BOOST_TEST(drive_until_begun("first@a"));
  world.pass(5s);
  BOOST_TEST(at->begun.size() == 1U);
  BOOST_TEST(status("waiting") == "\"the slot of node a is in use\"");
  world.kill_node(0);
  auto const unstarted = fault_of(std::move(waiting));
  BOOST_TEST((unstarted.code == dist::errc::no_node));
  BOOST_TEST(unstarted.known == dist::progress::not_started);
  BOOST_TEST(unstarted.message == "node a, to which the call was pinned, has left");
  BOOST_TEST((fault_of(std::move(running)).code == dist::errc::connection_lost));
  // A later node of that name does not affect these calls.
  at->open_all();
  auto third = dist::go<&Work::write>(cluster, "third", needing("node=a"));
  world.pass(1s);
  add("a", {});
  BOOST_TEST(world.run(dist::task<std::string>(std::move(third))) == "third@a");
}

BOOST_FIXTURE_TEST_CASE(labels_apply_to_calls_of_a_connected_job, placement_fixture) {
  at->open_all();
  add("plain", {});
  add("gpu", {{"gpu", "1"}});
  world.wait_for_nodes(2);
  auto jobs = world.connect("desk").link.calls();
  for (int n = 0; n < 3; ++n) {
    auto call = dist::go<&Work::read>(jobs, "x", needing("gpu"));
    BOOST_TEST(world.run(dist::task<std::string>(std::move(call))) == "x@gpu");
  }
}

BOOST_FIXTURE_TEST_CASE(two_jobs_get_about_half_of_the_slots_each, placement_fixture) {
  add("a", {}, 2);
  add("b", {}, 2);
  world.wait_for_nodes(2);
  auto greedy = world.connect("greedy").link.calls();
  auto late = world.connect("late").link.calls();
  std::vector<dist::pending<std::string>> calls;
  for (int n = 0; n < 1000; ++n) calls.push_back(dist::go<&Work::read>(greedy, "greedy"));
  run_until_idle(world.io);
  for (int n = 0; n < 100; ++n) calls.push_back(dist::go<&Work::read>(late, "late"));
  run_until_idle(world.io);
  at->begun.clear();
  at->open_all();
  world.drive_until([&] { return at->begun.size() >= 200; });
  auto const of_late = std::ranges::count_if(at->begun, [](auto const& one) { return one.starts_with("late"); });
  BOOST_TEST(of_late >= 95);
  BOOST_TEST(of_late <= 105);
}

BOOST_FIXTURE_TEST_CASE(lost_pinned_call_may_have_run, placement_fixture) {
  add("a", {});
  add("b", {});
  world.wait_for_nodes(2);
  auto call = dist::go<&Work::read>(cluster, "x", needing("node=a"));
  BOOST_TEST(drive_until_begun("x@a"));
  world.kill_node(0);
  auto const what = fault_of(std::move(call));
  BOOST_TEST((what.code == dist::errc::connection_lost));
  BOOST_TEST(what.known == dist::progress::unknown);
  BOOST_TEST(at->begun.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(node_on_which_all_calls_fail_is_set_aside, placement_fixture) {
  add("broken", {});
  add("good", {});
  world.wait_for_nodes(2);
  for (int n = 0; n < 5; ++n) fault_of(dist::go<&Work::fail>(cluster, "no such device", needing("node=broken")));
  BOOST_TEST(world.has_logged("node broken is set aside for "));
  BOOST_TEST(world.master().status_json().find("\"state\":\"set aside\"") != std::string::npos);
  at->open_all();
  for (int n = 0; n < 10; ++n) {
    auto call = dist::go<&Work::read>(cluster, "x");
    BOOST_TEST(world.run(dist::task<std::string>(std::move(call))) == "x@good");
  }
  world.pass(2s);
  auto tried = dist::go<&Work::read>(cluster, "y");
  BOOST_TEST(world.run(dist::task<std::string>(std::move(tried))) == "y@broken");
  BOOST_TEST(world.has_logged("node broken answered a call and takes calls again"));
}

BOOST_FIXTURE_TEST_CASE(only_quick_methods_get_a_window, placement_fixture) {
  auto& node = add("a", {});
  world.wait_for_nodes(1);
  for (int n = 0; n < 8; ++n) {
    auto call = dist::go<&Work::echo>(cluster, std::int64_t{n});
    world.run(dist::task<std::int64_t>(std::move(call)));
  }
  node.compute.hold();
  std::vector<dist::pending<std::int64_t>> calls;
  for (int n = 0; n < 300; ++n) calls.push_back(dist::go<&Work::echo>(cluster, std::int64_t{n}));
  world.pass(1ms);
  // One in its slot plus the largest window: the calls took no time.
  BOOST_TEST(status("in_use") == "257");
  node.compute.release();
  world.pass(1ms);
  node.compute.hold();
  std::vector<dist::pending<std::string>> others;
  for (int n = 0; n < 100; ++n) others.push_back(dist::go<&Work::plain>(cluster, "x"));
  world.pass(1ms);
  BOOST_TEST(status("in_use") == "1");
}

BOOST_FIXTURE_TEST_CASE(call_explains_why_it_waits_and_where_it_runs, placement_fixture) {
  add("a", {{"gpu", "1"}}, 2);
  add("b", {}, 2);
  world.wait_for_nodes(2);
  auto first = dist::go<&Work::read>(cluster, "first", needing("gpu"));
  BOOST_TEST(drive_until_begun("first@a"));
  BOOST_TEST(first.why() == "sent to node a: the least loaded of 1 that can take it, 1 of 2 slots in use");
  auto pinned = dist::go<&Work::read>(cluster, "pinned", needing("node=a"));
  BOOST_TEST(drive_until_begun("pinned@a"));
  BOOST_TEST(pinned.why() == "sent to node a, to which it is pinned, 2 of 2 slots in use");
  auto second = dist::go<&Work::read>(cluster, "second", needing("gpu"));
  world.pass(3s);
  BOOST_TEST(second.why() == "waits for 3 s: all 2 slots of 1 node with label gpu are in use, 1 calls of Work.read wait");
  auto third = dist::go<&Work::read>(cluster, "third");
  BOOST_TEST(drive_until_begun("third@b"));
  BOOST_TEST(third.why() == "sent to node b: the least loaded of 2 that can take it, 1 of 2 slots in use");
  add("c", {}, 4);
  world.wait_for_nodes(3);
  world.kill_node(1);
  BOOST_TEST(drive_until_begun("third@c"));
  BOOST_TEST(third.why() ==
             "sent to node c: the least loaded of 2 that can take it, 1 of 4 slots in use; before that it was on node b: "
             "its connection ended");
  at->open_all();
  world.run(dist::task<std::string>(std::move(first)));
  world.pass(1s);
  BOOST_TEST(pinned.why() == "it has ended, 2 of 2 slots in use");
}

BOOST_AUTO_TEST_SUITE_END()
