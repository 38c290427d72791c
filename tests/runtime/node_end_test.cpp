// A node that drains or stops while it has no master ends at once, even if it had one before.
#include "desk.hpp"

using namespace std::chrono_literals;
using dist::test::run_until_idle;
using dist::test::Work;

namespace {

struct without_master : dist::test::work_fixture {
  /// It lost its master some time ago and pauses between two attempts.
  dist::test::memory_cluster::member_node& left_alone() {
    auto& node = world.add("a");
    world.wait_for_nodes(1);
    world.stop_master();
    world.pass(4s);
    return node;
  }
  void expect_no_more_time(dist::test::memory_cluster::member_node const& node) {
    run_until_idle(world.io);
    BOOST_TEST(node.run.done());
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(node_end, without_master)

BOOST_AUTO_TEST_CASE(drain_without_a_master_ends_at_once) {
  auto& node = left_alone();
  node.node.drain();
  expect_no_more_time(node);
}

BOOST_AUTO_TEST_CASE(stop_without_a_master_ends_at_once) {
  auto& node = left_alone();
  node.node.stop();
  expect_no_more_time(node);
}

BOOST_AUTO_TEST_CASE(stop_while_connecting_ends_at_once) {
  auto& node = left_alone();
  world.network.blackhole("master");
  world.pass(6s);
  node.node.stop();
  expect_no_more_time(node);
}

BOOST_AUTO_TEST_SUITE_END()
