// broadcast: one call on each connected node.
#include <dist/rpc/task_group.hpp>

#include "desk.hpp"

using namespace std::chrono_literals;
using dist::errc;
using dist::test::Work;

namespace {

template <class R>
using outcomes = std::vector<dist::node_result<R>>;

struct fixture : dist::test::work_fixture {
  fixture() {
    for (auto const* name : {"c", "a", "b"}) add(name);
    world.wait_for_nodes(3);
  }
  void add(std::string name) {
    dist::node_options options;
    options.labels = {{"is", name}, {"odd", name == "b" ? "no" : "yes"}};
    options.name = std::move(name);
    options.name_is_default = false;
    world.add(std::move(options), 1, dist::services(Work(at)));
  }
  template <class R>
  static std::string nodes_of(outcomes<R> const& all) {
    std::string text;
    for (auto const& one : all) text += (text.empty() ? "" : " ") + one.node + (one.value ? "" : "!");
    return text;
  }
  void expect_nothing_left() {
    world.pass(1ms);
    BOOST_TEST(cluster.caller().live_count() == 0);
    BOOST_TEST(at->running == 0);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(broadcast, fixture)

BOOST_AUTO_TEST_CASE(broadcast_calls_every_node_once) {
  at->open_all();
  auto const got = world.run(dist::broadcast<&Work::read>(cluster, "x"));
  BOOST_TEST(nodes_of(got) == "a b c");
  for (auto const& one : got) BOOST_TEST(*one.value == "x@" + one.node);
  BOOST_TEST(nodes_of(world.run(dist::broadcast<&Work::keep>(cluster, "y"))) == "a b c");
  BOOST_TEST(at->begun.size() == 6);
  expect_nothing_left();
}

BOOST_AUTO_TEST_CASE(connected_job_can_broadcast) {
  auto& job = world.connect("job");
  at->open_all();
  BOOST_TEST(nodes_of(world.run(dist::broadcast<&Work::keep>(job.link.calls(), "x"))) == "a b c");
  BOOST_TEST(at->begun.size() == 3);
}

BOOST_AUTO_TEST_CASE(broadcast_of_a_method_includes_its_own_node) {
  at->open_all();
  auto const names = world.run<std::vector<std::string>>(dist::go<&Work::keep_everywhere>(cluster, "x"));
  BOOST_TEST(names == (std::vector<std::string>{"a", "b", "c"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(labels_select_the_nodes_of_a_broadcast) {
  at->open_all();
  auto& job = world.connect("job");
  auto const odd = dist::call_options().needs("odd=yes");
  for (auto const& on : {cluster, job.link.calls()}) {
    BOOST_TEST(nodes_of(world.run(dist::broadcast<&Work::read>(on, "x", odd))) == "a c");
    BOOST_TEST(nodes_of(world.run(dist::broadcast<&Work::read>(on.with(odd), "x"))) == "a c");
    BOOST_TEST(nodes_of(world.run(dist::broadcast<&Work::read>(on.with(odd), "x", dist::call_options().needs("node=a")))) ==
               "a");
    auto const what = fault_of(dist::broadcast<&Work::read>(on, "x", dist::call_options().needs("gpu=1")));
    BOOST_TEST(what.code == errc::no_node);
    BOOST_TEST(what.message.find("no node has label gpu=1; a broadcast reaches") == 0, what.message);
    BOOST_TEST(what.method == "Work.read");
    BOOST_TEST(fault_of(dist::broadcast<&Work::read>(on, "x", dist::call_options().needs("=1"))).code ==
               errc::bad_arguments);
  }
}

BOOST_AUTO_TEST_CASE(node_that_dies_gives_a_fault_for_itself_only) {
  auto work = dist::test::start<outcomes<std::string>>(world.io, dist::broadcast<&Work::read>(cluster, "x"));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 3; }));
  world.kill_node(0);
  world.pass(1ms);
  BOOST_TEST(!work.done());
  at->open_all();
  BOOST_REQUIRE(world.drive_until([&] { return work.done(); }));
  auto const got = work.get();
  BOOST_TEST(nodes_of(got) == "a b c!");
  BOOST_TEST(got[2].value.error().code == errc::connection_lost);
  BOOST_TEST(got[2].value.error().known == dist::progress::unknown);
  BOOST_TEST(got[2].value.error().node == "c");
  // Const or not, the call was for that node only.
  BOOST_TEST(at->begun.size() == 3);
}

BOOST_AUTO_TEST_CASE(broadcast_waits_for_a_busy_node_until_it_leaves) {
  auto busy_a = dist::go<&Work::read>(cluster, "busy", dist::call_options().needs("node=a"));
  auto busy_b = dist::go<&Work::read>(cluster, "busy", dist::call_options().needs("node=b"));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 2; }));
  at->open("x");
  auto work = dist::test::start<outcomes<void>>(world.io, dist::broadcast<&Work::keep>(cluster, "x"));
  world.pass(10s);
  BOOST_TEST(at->begun.size() == 3);
  world.kill_node(1);
  world.pass(1ms);
  BOOST_TEST(!work.done());
  at->open_all();
  BOOST_REQUIRE(world.drive_until([&] { return work.done(); }));
  auto const got = work.get();
  BOOST_TEST(nodes_of(got) == "a! b c");
  BOOST_TEST(got[0].value.error().code == errc::no_node);
  BOOST_TEST(got[0].value.error().known == dist::progress::not_started);
}

BOOST_AUTO_TEST_CASE(deadline_covers_the_whole_broadcast) {
  at->open("x@a");
  auto const soon = dist::call_options().within(10ms);
  auto const got = world.run(dist::broadcast<&Work::read>(cluster, "x", soon));
  BOOST_TEST(nodes_of(got) == "a b! c!");
  BOOST_TEST(got[1].value.error().code == errc::deadline_exceeded);
  expect_nothing_left();
}

BOOST_AUTO_TEST_CASE(broadcast_without_nodes_fails) {
  dist::test::work_fixture empty;
  auto const what = empty.fault_of(dist::broadcast<&Work::read>(empty.cluster, "x"));
  BOOST_TEST(what.code == errc::no_node);
  BOOST_TEST(what.message.find("no node has joined; ") == 0, what.message);
}

BOOST_AUTO_TEST_CASE(bad_arguments_fail_the_broadcast_once) {
  BOOST_TEST(fault_of(dist::broadcast<&Work::read>(cluster, "\xFF")).code == errc::bad_arguments);
}

BOOST_AUTO_TEST_CASE(cancelling_a_broadcast_cancels_its_calls) {
  auto const run = [](dist::cluster on) -> dist::task<void> {
    auto work = dist::broadcast<&Work::read>(on, "x");
    co_await std::move(work);
  };
  auto& job = world.connect("job");
  for (auto const& on : {cluster, job.link.calls()}) {
    dist::task_group group(world.io.get_executor());
    group.spawn(run(on));
    BOOST_REQUIRE(world.drive_until([&] { return at->running == 3; }));
    group.stop();
    expect_nothing_left();
    BOOST_TEST(on.caller().live_count() == 0);
    BOOST_TEST(group.size() == 0);
  }
}

BOOST_AUTO_TEST_CASE(abandoned_broadcast_is_withdrawn) {
  auto& job = world.connect("job");
  auto const run = [](dist::cluster on) -> dist::task<void> {
    auto work = dist::broadcast<&Work::read>(on, "x");
    co_await std::move(work);
  };
  world.stop_master();
  world.pass(1ms);
  dist::task_group group(world.io.get_executor());
  group.spawn(run(job.link.calls()));
  world.pass(1ms);
  BOOST_TEST(job.link.calls().caller().live_count() == 1);
  group.stop();
  world.pass(1ms);
  BOOST_TEST(group.size() == 0);
  BOOST_TEST(job.link.calls().caller().live_count() == 0);
  auto const soon = dist::call_options().within(10ms);
  BOOST_TEST(fault_of(dist::broadcast<&Work::read>(job.link.calls(), "x", soon)).code == errc::deadline_exceeded);
  BOOST_TEST(fault_of(dist::broadcast<&Work::read>(cluster, "x")).code == errc::stopped);
  world.stop();
}

BOOST_AUTO_TEST_SUITE_END()
