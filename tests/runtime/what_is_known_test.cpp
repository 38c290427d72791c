// What a fault says of the method: whether it began.
#include "desk.hpp"

using namespace std::chrono_literals;
using dist::errc;
using dist::progress;
using dist::test::Work;

BOOST_FIXTURE_TEST_SUITE(what_is_known, dist::test::work_fixture)

BOOST_AUTO_TEST_CASE(a_method_that_ran_and_is_tried_again) {
  world.add("a");
  world.wait_for_nodes(1);
  auto call = dist::go<&Work::flaky>(cluster, 100, dist::call_options().within(1ms));
  auto const what = fault_of(std::move(call));
  // Another try would be too late: the reason is worth more than the time.
  BOOST_TEST(what.code == errc::transient);
  BOOST_TEST(at->begun.size() > 0U);
  BOOST_TEST(what.known == progress::executed);
}

BOOST_AUTO_TEST_CASE(a_call_that_was_lost_and_waits_again) {
  world.add("a");
  world.wait_for_nodes(1);
  auto call = dist::go<&Work::read>(cluster, "r", dist::call_options().within(1s));
  BOOST_REQUIRE(drive_until_begun("r@a"));
  world.kill_node(0);
  auto const what = fault_of(std::move(call));
  BOOST_TEST(what.code == errc::deadline_exceeded);
  BOOST_TEST(what.known == progress::unknown);
  BOOST_TEST(what.cause.starts_with("node a: connection lost"));
}

BOOST_AUTO_TEST_CASE(a_call_that_waits_for_its_first_node) {
  auto call = dist::go<&Work::read>(cluster, "r", dist::call_options().within(1s));
  auto const what = fault_of(std::move(call));
  BOOST_TEST(what.code == errc::deadline_exceeded);
  BOOST_TEST(what.known == progress::not_started);
}

BOOST_AUTO_TEST_CASE(a_silent_node_still_has_the_call_when_no_other_comes) {
  world.add("a");
  world.wait_for_nodes(1);
  auto call = dist::go<&Work::read>(cluster, "r", dist::call_options().wait_for_node(2s));
  BOOST_REQUIRE(drive_until_begun("r@a"));
  world.node_at(0).network.freeze();
  world.pass(8s);
  BOOST_TEST(status("state") == "\"suspect\"");
  world.node_at(0).network.resume();
  at->open("r@a");
  BOOST_TEST(world.run<std::string>(std::move(call)) == "r@a");
}

BOOST_AUTO_TEST_CASE(a_call_is_given_up_once_the_silent_node_is) {
  world.add("a");
  world.wait_for_nodes(1);
  auto call = dist::go<&Work::read>(cluster, "r", dist::call_options().wait_for_node(2s));
  BOOST_REQUIRE(drive_until_begun("r@a"));
  world.node_at(0).network.freeze();
  auto const what = fault_of(std::move(call));
  BOOST_TEST(what.code == errc::no_node);
  BOOST_TEST(what.known == progress::unknown);
  BOOST_TEST(node_count() == 0U);
}

BOOST_AUTO_TEST_CASE(a_call_that_was_never_written_moves_silently) {
  world.add("a", 2);
  world.wait_for_nodes(1);
  world.node_at(0).network.freeze();
  // Fills the way, so that the second call stays behind it.
  auto first = dist::go<&Work::write>(cluster, std::string(1'000'000, 'x'));
  world.pass(1ms);
  auto second = dist::go<&Work::write>(cluster, "w");
  world.pass(1ms);
  world.add("b");
  world.kill_node(0);
  at->open("w@b");
  BOOST_TEST(world.run<std::string>(std::move(second)) == "w@b");
  auto const what = fault_of(std::move(first));
  BOOST_TEST(what.code == errc::node_lost);
  BOOST_TEST(what.known == progress::unknown);
}

BOOST_AUTO_TEST_SUITE_END()
