// Durations too long to add to the current time: they never expire, and nothing ends early or spins because of them.
#include "desk.hpp"

using namespace std::chrono_literals;
using dist::call_options;
using dist::test::Work;

BOOST_FIXTURE_TEST_SUITE(far_times, dist::test::work_fixture)

BOOST_AUTO_TEST_CASE(call_accepts_the_longest_deadline) {
  world.add("a");
  world.wait_for_nodes(1);
  auto& job = world.connect("job");
  for (auto const longest : {dist::duration::max(), dist::duration::max() - 1ns, dist::duration::max() - 2us,
                             dist::duration(std::chrono::hours(24 * 365 * 290))}) {
    for (auto const& on : {cluster, job.link.calls()}) {
      BOOST_TEST(world.run<std::int64_t>(dist::call<&Work::echo>(on, 7, call_options().within(longest))) == 7);
      BOOST_TEST(world.run<std::int64_t>(dist::call<&Work::echo>(on, 8, call_options().wait_for_node(longest))) == 8);
      BOOST_TEST(world.run<std::int64_t>(dist::call<&Work::echo>(on, 9, call_options().kill_after(longest))) == 9);
    }
  }
}

BOOST_AUTO_TEST_CASE(call_accepts_the_longest_wait_for_a_node) {
  auto& job = world.connect("job");
  std::vector<dist::pending<std::int64_t>> calls;
  for (auto const longest : {dist::duration::max(), dist::duration::max() - 2us}) {
    for (auto const& on : {cluster, job.link.calls()}) {
      calls.push_back(dist::go<&Work::echo>(on, 7, call_options().wait_for_node(longest)));
      calls.push_back(dist::go<&Work::echo>(on, 7, call_options().within(longest)));
    }
  }
  world.pass(1h);
  world.add("a");
  for (auto const one : world.run(dist::all(std::move(calls)))) BOOST_TEST(one == 7);
}

BOOST_AUTO_TEST_CASE(durations_beyond_the_range_of_nanoseconds_are_accepted) {
  world.add("a");
  world.wait_for_nodes(1);
  auto const longest = call_options().within(std::chrono::hours::max()).wait_for_node(std::chrono::years(1000));
  BOOST_TEST((longest.time_left() == dist::duration::max()));
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Work::echo>(cluster, 7, longest)) == 7);
  BOOST_TEST((call_options().within(std::chrono::hours::min()).time_left() == dist::duration::min()));
}

BOOST_AUTO_TEST_CASE(observer_with_an_infinite_interval_sees_only_the_end) {
  world.add("a");
  world.wait_for_nodes(1);
  int looks = 0;
  auto const look = [&](dist::fan_out_progress const&) {
    if (++looks > 1000) throw std::runtime_error("it looks all the time");
  };
  for (auto const every : {dist::duration::max(), dist::duration::max() - 1ns}) {
    std::vector<std::int64_t> const inputs(50, 1);
    auto work = dist::map<&Work::echo>(cluster, inputs, dist::fan_out().observe(look, every));
    world.run(std::move(work));
  }
  BOOST_TEST(looks == 2);
}

BOOST_AUTO_TEST_CASE(drain_accepts_the_longest_limit) {
  for (auto const longest : {dist::duration::max(), dist::duration::max() - 1ns}) {
    dist::node_options options;
    options.name = "a";
    options.name_is_default = false;
    options.drain_limit = longest;
    auto& made = world.add(std::move(options), 1, dist::services(Work(at)));
    world.wait_for_nodes(1);
    auto call = dist::go<&Work::read>(cluster, "x");
    BOOST_REQUIRE(drive_until_begun("x@a"));
    made.node.drain();
    world.pass(10s);
    at->open_all();
    BOOST_TEST(world.run<std::string>(std::move(call)) == "x@a");
    BOOST_TEST(world.drive_until([&] { return made.run.done(); }));
    at->close_all();
    at->begun.clear();
  }
}

BOOST_AUTO_TEST_SUITE_END()
