#include <deque>
#include <dist/rpc/detail/text.hpp>

#include "desk.hpp"
#include "process/crash_record.hpp"

using namespace std::chrono_literals;
using dist::errc;
using dist::progress;
using dist::test::Work;

namespace {

/// Nodes whose processes are restarted when they die, by a supervisor that sees how they ended.
struct supervised : dist::test::work_fixture {
  /// Starts the process of a node.
  void begin(std::string name, dist::predecessor before = {}) {
    dist::node_options options;
    options.name = name;
    options.name_is_default = false;
    options.predecessor = std::move(before);
    options.record = &records.emplace_back();
    world.add(options, 1, dist::services(Work(at)));
    index[name] = records.size() - 1;
  }
  void begin_and_join(std::string const& name) {
    begin(name);
    BOOST_REQUIRE(world.drive_until([&] { return records[index.at(name)].incarnation() != 0; }));
  }
  /// Kills it and returns its crash record.
  dist::predecessor end(std::string const& name) {
    auto const which = index.at(name);
    dist::predecessor left{records[which].incarnation(), "signal 9 (killed)", records[which].running()};
    world.kill_node(which);
    world.pass(0ms);
    return left;
  }
  template <auto Method>
  dist::test::started<std::string> call(std::string label, dist::call_options how = {}) {
    auto made = dist::test::start(world.io, dist::task<std::string>(dist::go<Method>(cluster, label, how)));
    BOOST_REQUIRE(world.drive_until(
        [&] { return std::ranges::any_of(at->begun, [&](auto const& one) { return one.starts_with(label + "@"); }); }));
    return made;
  }
  static dist::fault fault_of(dist::test::started<std::string>& ended) {
    BOOST_TEST_REQUIRE(ended.done());
    try {
      ended.get();
    } catch (dist::call_error const& e) {
      BOOST_TEST_MESSAGE(e.what());
      return e.fault();
    }
    throw std::logic_error("the call succeeded");
  }

  std::deque<dist::crash_record> records;
  std::map<std::string, std::size_t> index;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(predecessor, supervised)

BOOST_AUTO_TEST_CASE(restarted_process_reports_how_the_call_ended) {
  begin_and_join("a");
  auto lost = call<&Work::write>("w");
  auto const left = end("a");
  world.pass(1s);
  BOOST_TEST(!lost.done());
  begin("a", left);
  world.pass(100ms);
  auto const what = fault_of(lost);
  BOOST_TEST(what.code == errc::connection_lost);
  BOOST_TEST(what.known == progress::unknown);
  BOOST_TEST(what.node == "a");
  BOOST_TEST(what.message == "its process ended: signal 9 (killed) while running Work.write([\"w\"])");
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_between_characters) {
  begin_and_join("a");
  auto lost = call<&Work::write>("w");
  auto left = end("a");
  left.running = "x";
  for (int n = 0; n < 300; ++n) left.running += "\u00e4";
  begin("a", left);
  world.pass(100ms);
  auto const what = fault_of(lost);
  BOOST_TEST(what.message.size() < 600U);
  BOOST_TEST(dist::find_invalid_utf8(what.message) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(call_fails_after_two_seconds_without_a_successor) {
  begin_and_join("a");
  auto lost = call<&Work::write>("w");
  end("a");
  auto const before = world.clock.now();
  BOOST_TEST(world.drive_until([&] { return lost.done(); }));
  BOOST_TEST((world.clock.now() - before <= 2s));
  BOOST_TEST(fault_of(lost).message == "its connection ended");
}

BOOST_AUTO_TEST_CASE(unsupervised_node_fails_its_calls_at_once) {
  world.add("a");
  world.wait_for_nodes(1);
  auto lost = call<&Work::write>("w");
  world.kill_node(0);
  world.pass(0ms);
  BOOST_TEST(fault_of(lost).message == "its connection ended");
}

BOOST_AUTO_TEST_CASE(repeatable_call_moves_at_once) {
  begin_and_join("a");
  auto moved = call<&Work::read>("r");
  begin_and_join("b");
  end("a");
  BOOST_TEST(at->has_begun("r@b"));
  at->open_all();
  world.pass(0ms);
  BOOST_TEST(moved.get() == "r@b");
}

BOOST_AUTO_TEST_CASE(poisoned_call_lists_how_each_process_ended) {
  begin_and_join("a");
  auto poison = call<&Work::read>("r");
  for (int death = 1; death <= 3; ++death) {
    BOOST_TEST(!poison.done());
    auto const left = end("a");
    at->begun.clear();
    begin("a", left);
    if (death < 3)
      BOOST_REQUIRE(drive_until_begun("r@a"));
    else
      world.pass(1s);
  }
  auto const what = fault_of(poison);
  BOOST_TEST(what.code == errc::poisoned);
  BOOST_TEST(what.message ==
             "the processes of these nodes died while running it: a: signal 9 (killed), a: signal 9 (killed), a: "
             "signal 9 (killed); the last was running Work.read([\"r\"])");
}

BOOST_AUTO_TEST_CASE(poisoned_call_waits_for_the_last_explanation) {
  begin_and_join("a");
  auto poison = call<&Work::read>("r");
  begin_and_join("b");
  auto const first = end("a");
  BOOST_REQUIRE(drive_until_begun("r@b"));
  begin_and_join("c");
  auto const second = end("b");
  BOOST_REQUIRE(drive_until_begun("r@c"));
  auto const third = end("c");
  begin("c", third);
  world.pass(10ms);
  begin("a", first);
  world.pass(10ms);
  BOOST_TEST(!poison.done());
  begin("b", second);
  world.pass(10ms);
  BOOST_TEST(fault_of(poison).message ==
             "the processes of these nodes died while running it: a: signal 9 (killed), b: signal 9 (killed), c: "
             "signal 9 (killed); the last was running Work.read([\"r\"])");
}

BOOST_AUTO_TEST_CASE(name_of_a_half_open_node_is_free_for_its_successor) {
  begin_and_join("a");
  auto lost = call<&Work::write>("w");
  world.node_at(index.at("a")).network.half_open();
  auto const left = end("a");
  BOOST_TEST(!lost.done());
  begin("a", left);
  world.pass(100ms);
  BOOST_TEST(records.back().incarnation() != 0U);
  BOOST_TEST(fault_of(lost).message.find("signal 9 (killed)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(call_waiting_for_the_reason_ends_like_any_other) {
  begin_and_join("a");
  auto late = call<&Work::write>("w", dist::call_options().within(500ms));
  auto const left = end("a");
  BOOST_TEST(world.drive_until([&] { return late.done(); }));
  auto const what = fault_of(late);
  BOOST_TEST(what.code == errc::deadline_exceeded);
  BOOST_TEST(what.known == progress::unknown);
  {
    auto dropped = dist::go<&Work::write>(cluster, "x");
    begin("a", left);
    BOOST_REQUIRE(drive_until_begun("x@a"));
    end("a");
    BOOST_TEST(dropped.why().find("as soon as the cause of its node") != std::string::npos);
  }
  world.pass(0ms);
  BOOST_TEST(cluster.caller().live_count() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
