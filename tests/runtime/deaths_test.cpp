#include "desk.hpp"

using namespace std::chrono_literals;
using dist::errc;
using dist::test::Work;

namespace {

/// Plain methods that are long or short by the test's clock.
struct Timed {
  std::shared_ptr<dist::test::virtual_clock*> clock = std::make_shared<dist::test::virtual_clock*>();
  std::int64_t slow(std::int64_t value) const {
    (*clock)->advance(5ms);
    return value;
  }
  std::int64_t quick(std::int64_t value) const {
    (*clock)->advance(2us);
    return value;
  }
};
BOOST_DESCRIBE_STRUCT(Timed, (), (slow, quick))

struct timed_fixture {
  timed_fixture() { *made.clock = &world.clock; }
  dist::test::memory_cluster::member_node& add(std::string name) {
    auto& node = world.add(std::move(name));
    node.compute.hold();
    return node;
  }
  void settle() { world.pass(1ms); }

  Timed made;
  dist::test::memory_cluster world{dist::services(Timed(made))};
  dist::cluster cluster = world.cluster();
};

struct fixture : dist::test::work_fixture {};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(deaths, fixture)

BOOST_AUTO_TEST_CASE(broken_connection_does_not_count_as_a_death) {
  world.add("a");
  world.wait_for_nodes(1);
  auto call = dist::test::start<std::string>(world.io, dist::go<&Work::read>(cluster, "r"));
  // The same process comes back each time.
  for (std::size_t times = 1; times <= 6; ++times) {
    BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == times; }));
    world.node_at(0).network.cut();
    world.pass(1ms);
    BOOST_REQUIRE(!call.done());
  }
  at->open_all();
  BOOST_REQUIRE(world.drive_until([&] { return call.done(); }));
  BOOST_TEST(call.get() == "r@a");
}

BOOST_AUTO_TEST_CASE(cleared_call_no_longer_waits_for_an_empty_node) {
  world.add("a");
  world.add("b");
  world.wait_for_nodes(2);
  auto call = dist::test::start<std::string>(world.io, dist::go<&Work::read>(cluster, "r"));
  BOOST_REQUIRE(drive_until_begun("r@a"));
  world.node_at(0).network.cut();
  BOOST_REQUIRE(drive_until_begun("r@b"));
  // One of its two slots stays taken: a call that must run alone could not go to c.
  world.add("c", 2);
  world.wait_for_nodes(3);
  auto other = dist::test::start<std::string>(
      world.io, dist::go<&Work::write>(cluster, "w", dist::call_options().needs("node=c")));
  BOOST_REQUIRE(drive_until_begun("w@c"));
  auto const keep_a = dist::test::start<std::string>(
      world.io, dist::go<&Work::write>(cluster, "x", dist::call_options().needs("node=a")));
  BOOST_REQUIRE(drive_until_begun("x@a"));
  world.node_at(1).network.cut();
  world.pass(1us);
  world.node_at(1).network.freeze();
  BOOST_TEST(world.drive_until([&] { return at->has_begun("r@c") || call.done(); }));
  world.node_at(1).network.resume();
  at->open_all();
  BOOST_REQUIRE(world.drive_until([&] { return call.done() && other.done() && keep_a.done(); }));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(window, timed_fixture)

BOOST_AUTO_TEST_CASE(calls_queued_behind_a_long_call_are_not_blamed) {
  world.add("warm");
  world.wait_for_nodes(1);
  for (int i = 0; i < 10; ++i) {
    world.run<std::int64_t>(dist::call<&Timed::slow>(cluster, i));
    world.run<std::int64_t>(dist::call<&Timed::quick>(cluster, i));
  }
  auto& a = add("a");
  world.wait_for_nodes(2);
  world.kill_node(0);
  settle();
  auto slow = dist::test::start<std::int64_t>(world.io, dist::go<&Timed::slow>(cluster, 1));
  settle();
  std::vector<dist::pending<std::int64_t>> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(dist::go<&Timed::quick>(cluster, i));
  auto quick = dist::test::start<std::vector<std::int64_t>>(world.io, dist::all(std::move(calls)));
  settle();
  BOOST_REQUIRE(a.compute.held_count() == 21U);
  // Two processes die with all calls on them. Then the long one runs alone, the others as before.
  auto& b = add("b");
  world.wait_for_nodes(2);
  world.kill_node(1);
  settle();
  BOOST_REQUIRE(b.compute.held_count() == 21U);
  auto& c = add("c");
  world.wait_for_nodes(2);
  world.kill_node(2);
  settle();
  auto& d = add("d");
  settle();
  BOOST_TEST(c.compute.held_count() + d.compute.held_count() == 21U);
  c.compute.release();
  d.compute.release();
  BOOST_TEST(world.drive_until([&] { return slow.done() && quick.done(); }));
  BOOST_TEST(slow.get() == 1);
  BOOST_TEST(quick.get().size() == 20U);
}

BOOST_AUTO_TEST_SUITE_END()
