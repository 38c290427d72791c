// What a fault says about the progress of the method.
#include "desk.hpp"

using namespace std::chrono_literals;
using dist::errc;
using dist::progress;
using dist::test::Work;

BOOST_FIXTURE_TEST_SUITE(what_is_known, dist::test::work_fixture)

BOOST_AUTO_TEST_CASE(transient_call_that_expires_between_attempts_was_executed) {
  world.add("a");
  world.wait_for_nodes(1);
  auto call = dist::go<&Work::flaky>(cluster, 100, dist::call_options().within(1ms));
  auto const what = fault_of(std::move(call));
  // The next attempt would come too late: the reason matters more than the deadline.
  BOOST_TEST(what.code == errc::transient);
  BOOST_TEST(at->begun.size() > 0U);
  BOOST_TEST(what.known == progress::executed);
}

BOOST_AUTO_TEST_CASE(lost_call_that_waits_again_has_unknown_progress) {
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

BOOST_AUTO_TEST_CASE(call_that_never_had_a_node_has_not_started) {
  auto call = dist::go<&Work::read>(cluster, "r", dist::call_options().within(1s));
  auto const what = fault_of(std::move(call));
  BOOST_TEST(what.code == errc::deadline_exceeded);
  BOOST_TEST(what.known == progress::not_started);
}

BOOST_AUTO_TEST_CASE(silent_node_keeps_the_call_when_no_other_joins) {
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

BOOST_AUTO_TEST_CASE(call_is_given_up_with_its_silent_node) {
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

BOOST_AUTO_TEST_CASE(unwritten_call_moves_silently) {
  world.add("a", 2);
  world.wait_for_nodes(1);
  world.node_at(0).network.freeze();
  // Fills the connection, so that the second call stays behind it.
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

BOOST_AUTO_TEST_CASE(of_calls_sent_together_only_partly_written_ones_are_unknown) {
  world.add("a", 4);
  world.wait_for_nodes(1);
  world.node_at(0).network.freeze();
  // All in one turn, so that the connection gets them together.
  auto first = dist::go<&Work::write>(cluster, std::string(1'000'000, 'x'));
  std::vector<dist::pending<std::string>> behind;
  for (auto const* label : {"1", "2", "3"}) behind.push_back(dist::go<&Work::write>(cluster, label));
  world.pass(1ms);
  world.add("b", 4);
  world.kill_node(0);
  at->open_all();
  auto const got = world.run(dist::all(std::move(behind)));
  BOOST_TEST(got == (std::vector<std::string>{"1@b", "2@b", "3@b"}), boost::test_tools::per_element());
  BOOST_TEST(fault_of(std::move(first)).known == progress::unknown);
}

BOOST_AUTO_TEST_CASE(unwritten_call_that_moved_never_reaches_the_silent_node) {
  world.add("a", 2);
  world.wait_for_nodes(1);
  world.node_at(0).network.freeze();
  auto first = dist::go<&Work::write>(cluster, std::string(1'000'000, 'x'));
  auto second = dist::go<&Work::write>(cluster, "w");
  BOOST_TEST(fault_of(std::move(first)).known == progress::unknown);
  world.add("b");
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(second)) == "w@b");
  world.node_at(0).network.resume();
  world.pass(10s);
  BOOST_TEST(!at->has_begun("w@a"));
}

BOOST_AUTO_TEST_CASE(of_calls_of_a_job_sent_together_only_partly_written_ones_are_unknown) {
  world.add("a", 4);
  world.wait_for_nodes(1);
  auto& job = world.connect("job");
  job.network.freeze();
  auto first = dist::go<&Work::write>(job.link.calls(), std::string(1'000'000, 'x'));
  auto second = dist::go<&Work::write>(job.link.calls(), "w");
  world.pass(1ms);
  at->open_all();
  job.network.cut();
  job.network.resume();
  BOOST_TEST(fault_of(std::move(first)).known == progress::unknown);
  BOOST_TEST(world.run<std::string>(std::move(second)) == "w@a");
}

BOOST_AUTO_TEST_CASE(unwritten_call_of_a_job_is_sent_on_the_next_connection) {
  world.add("a", 4);
  world.wait_for_nodes(1);
  auto& job = world.connect("job");
  job.network.freeze();
  auto first = dist::go<&Work::write>(job.link.calls(), std::string(1'000'000, 'x'));
  world.pass(1ms);
  std::vector<dist::pending<std::string>> calls;
  for (auto const* label : {"1", "2", "3"}) calls.push_back(dist::go<&Work::write>(job.link.calls(), label));
  auto given_up = dist::go<&Work::write>(job.link.calls(), "4", dist::call_options().within(1s));
  world.pass(1ms);
  at->open_all();
  job.network.cut();
  job.network.resume();
  auto const what = fault_of(std::move(first));
  BOOST_TEST(what.code == errc::connection_lost);
  BOOST_TEST(what.known == progress::unknown);
  auto const got = world.run(dist::all(std::move(calls)));
  BOOST_TEST(got == (std::vector<std::string>{"1@a", "2@a", "3@a"}), boost::test_tools::per_element());
  BOOST_TEST(at->begun.front() == "1@a");
  BOOST_TEST(world.run<std::string>(std::move(given_up)) == "4@a");
}

BOOST_AUTO_TEST_CASE(unwritten_call_of_a_job_that_expires_has_not_started) {
  world.add("a");
  world.wait_for_nodes(1);
  auto& job = world.connect("job");
  job.network.freeze();
  auto first = dist::go<&Work::write>(job.link.calls(), std::string(1'000'000, 'x'));
  world.pass(1ms);
  auto second = dist::go<&Work::write>(job.link.calls(), "w", dist::call_options().within(5s));
  world.pass(1ms);
  job.network.cut();
  BOOST_TEST(fault_of(std::move(first)).known == progress::unknown);
  auto const what = fault_of(std::move(second));
  BOOST_TEST(what.code == errc::deadline_exceeded);
  BOOST_TEST(what.known == progress::not_started);
  BOOST_TEST(what.phase == "connecting");
  job.network.resume();
}

BOOST_AUTO_TEST_SUITE_END()
