// Warnings of a fan-out at its start: likely problems, once, and none if all is well.
#include "desk.hpp"

using namespace std::chrono_literals;
using dist::test::Work;

namespace {

struct fixture : dist::test::work_fixture {
  fixture() {
    at->open_all();
    world.add("a", 8);
    world.add("b", 8);
    world.wait_for_nodes(2);
  }
  static std::vector<std::string> labels(std::size_t count) { return std::vector<std::string>(count, "x"); }
  dist::cluster connected() { return world.connect("job").link.calls(); }
};

constexpr auto not_const = "Work.keep is not const: a call lost with its node fails the job, this map";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(said_early, fixture)

BOOST_AUTO_TEST_CASE(method_that_is_not_repeatable_is_named_once) {
  world.run(dist::map<&Work::keep>(cluster, labels(20)));
  world.run(dist::map<&Work::keep>(cluster, labels(20)));
  BOOST_TEST(world.count_logged(not_const) == 1);
  world.run(dist::map<&Work::keep>(connected(), labels(20)));
  BOOST_TEST(world.count_logged(not_const) == 2);
}

BOOST_AUTO_TEST_CASE(no_warning_if_losses_are_outcomes_or_requested) {
  world.run(dist::try_map<&Work::keep>(cluster, labels(20)));
  world.run(dist::collect<&Work::keep>(cluster, labels(20)));
  world.run(dist::map<&Work::keep>(cluster, labels(20), dist::fan_out().each(dist::call_options().once())));
  world.run(dist::map<&Work::keep>(cluster.with(dist::call_options().once()), labels(20)));
  world.run(dist::broadcast<&Work::keep>(cluster, "x"));
  world.run(dist::map<&Work::read>(cluster, labels(20)));
  world.run(dist::map<&Work::read>(connected(), labels(20)));
  BOOST_TEST(!world.has_logged("is not const"));
  BOOST_TEST(!world.has_logged("are idle; smaller"));
}

BOOST_AUTO_TEST_CASE(too_few_inputs_for_the_slots_are_reported) {
  world.run(dist::map<&Work::echo>(cluster, std::vector<int>(9, 1)));
  BOOST_TEST(!world.has_logged("map of Work.echo"));
  world.run(dist::map<&Work::add>(cluster, dist::chunks(0, 9, 3)));
  BOOST_TEST(world.count_logged("map of Work.add: 3 chunks for 16 slots: 13 are idle; smaller chunks") == 1);
  world.run(dist::map<&Work::add>(cluster, dist::chunks(0, 9, 3)));
  BOOST_TEST(world.count_logged("3 chunks for 16 slots") == 1);
  world.run(dist::map<&Work::add>(connected(), dist::chunks(0, 9, 3)));
  BOOST_TEST(world.count_logged("3 chunks for 16 slots") == 2);
  // One node has only 8 slots.
  auto const there = dist::call_options().needs("node=a");
  world.run(dist::map<&Work::read>(cluster.with(there), labels(5)));
  BOOST_TEST(!world.has_logged("map of Work.read"));
}

BOOST_AUTO_TEST_CASE(slots_that_join_after_the_start_count) {
  dist::test::work_fixture later;
  later.at->open_all();
  auto work = dist::test::start<std::vector<std::int64_t>>(
      later.world.io, dist::map<&Work::add>(later.cluster, dist::chunks(0, 9, 3)));
  later.world.pass(1s);
  BOOST_TEST(!later.world.has_logged("slots"));
  later.world.add("a", 8);
  BOOST_REQUIRE(later.world.drive_until([&] { return work.done(); }));
  BOOST_TEST(later.world.count_logged("3 chunks for 8 slots: 5 are idle") == 1);
}

BOOST_AUTO_TEST_CASE(fan_out_inside_a_method_gives_no_warning) {
  world.run<void>(dist::go<&Work::keep_each>(cluster, labels(3)));
  BOOST_TEST(!world.has_logged("is not const"));
  BOOST_TEST(!world.has_logged("are idle; smaller"));
}

BOOST_AUTO_TEST_CASE(missing_labels_are_reported_at_the_job) {
  auto const gpu = dist::fan_out().each(dist::call_options().needs("gpu=1").within(10ms));
  BOOST_TEST(fault_of(dist::map<&Work::read>(cluster, labels(20), gpu)).code == dist::errc::deadline_exceeded);
  constexpr auto words = "no node has label gpu=1: calls of Work.read wait for one";
  BOOST_TEST(world.count_logged(words) == 1);
  // Now reported by the job and, once more, by its master.
  BOOST_TEST(fault_of(dist::map<&Work::read>(connected(), labels(20), gpu)).code == dist::errc::deadline_exceeded);
  BOOST_TEST(world.count_logged(words) >= 2);
}

BOOST_AUTO_TEST_SUITE_END()
