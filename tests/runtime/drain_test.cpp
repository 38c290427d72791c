#include <algorithm>

#include "desk.hpp"

using namespace std::chrono_literals;
using dist::errc;
using dist::progress;
using dist::test::Work;

namespace {

struct fixture : dist::test::work_fixture {
  void nodes(std::size_t count, std::size_t slots = 1) {
    for (std::size_t i = 0; i < count; ++i) world.add(std::string(1, static_cast<char>('a' + i)), slots);
    world.wait_for_nodes(count);
  }
};

/// A method that makes its nested call late.
struct Asker {
  dist::task<std::string> ask(dist::context ctx, std::int64_t hops, std::string label);
  std::shared_ptr<dist::test::desk> at;
};
BOOST_DESCRIBE_STRUCT(Asker, (), (ask))

dist::task<std::string> Asker::ask(dist::context ctx, std::int64_t hops, std::string label) {
  auto own = at->pass(ctx, "ask " + label);
  co_await std::move(own);
  auto inner = hops > 1 ? dist::go<&Asker::ask>(ctx, hops - 1, label) : dist::go<&Work::read>(ctx, label);
  co_return co_await std::move(inner);
}

struct with_askers {
  ~with_askers() { at->open_all(); }
  /// A call has begun on the only node, which then drains; its nested call follows.
  dist::pending<std::string> ask_and_drain(std::int64_t hops) {
    world.add("a");
    world.wait_for_nodes(1);
    auto call = dist::go<&Asker::ask>(cluster, hops, "x");
    BOOST_TEST_REQUIRE(world.drive_until([&] { return at->has_begun("ask x@a"); }));
    world.node_at(0).node.drain();
    world.pass(1s);
    return call;
  }

  std::shared_ptr<dist::test::desk> at = std::make_shared<dist::test::desk>();
  dist::test::memory_cluster world{dist::services(Work(at), Asker{at})};
  dist::cluster cluster = world.cluster();
};

dist::task<std::int64_t> many(dist::cluster on, std::int64_t count) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count), 1);
  auto sum = dist::map_reduce<&Work::echo>(on, numbers, std::int64_t{0}, std::plus<>(), dist::fan_out().window(32));
  co_return co_await std::move(sum);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(drain, fixture)

BOOST_AUTO_TEST_CASE(drain_under_load_fails_no_call) {
  nodes(3, 2);
  auto sum = dist::test::start<std::int64_t>(world.io, many(cluster, 20'000));
  for (int i = 0; i < 200; ++i) world.io.poll_one();
  world.node_at(0).node.drain();
  world.node_at(2).node.drain();
  BOOST_TEST(world.drive_until([&] { return sum.done(); }));
  BOOST_TEST(sum.get() == 20'000);
  BOOST_TEST(world.node_at(0).run.done());
  BOOST_TEST(world.node_at(2).run.done());
  world.node_at(0).run.get();
  BOOST_TEST(node_count() == 1);
  BOOST_TEST(world.has_logged("node a left: it left: drained"));
}

BOOST_AUTO_TEST_CASE(draining_node_finishes_its_calls_and_gets_no_new_ones) {
  nodes(2);
  auto first = dist::go<&Work::write>(cluster, "first");
  auto second = dist::go<&Work::write>(cluster, "second");
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 2; }));
  auto third = dist::go<&Work::write>(cluster, "third");
  world.node_at(0).node.drain();
  world.pass(20s);
  BOOST_TEST(!world.node_at(0).run.done());
  BOOST_TEST(world.master().status_json().find("draining") != std::string::npos);
  at->open("first");
  at->open("second");
  world.run<std::string>(std::move(first));
  world.run<std::string>(std::move(second));
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(third)) == "third@b");
  BOOST_TEST(world.node_at(0).run.done());
  BOOST_TEST(node_count() == 1);
}

BOOST_FIXTURE_TEST_CASE(only_node_takes_nested_calls_while_it_drains, with_askers) {
  auto call = ask_and_drain(3);
  auto const top_level = dist::go<&Work::read>(cluster, "later");
  at->open_all();
  world.pass(1s);
  BOOST_TEST(world.node_at(0).run.done());
  BOOST_TEST(world.run<std::string>(std::move(call)) == "x@a");
  BOOST_TEST(!at->has_begun("later@a"));
  BOOST_TEST(world.has_logged("node a left: it left: drained"));
}

BOOST_FIXTURE_TEST_CASE(nested_calls_go_to_another_node_if_there_is_one, with_askers) {
  auto call = ask_and_drain(1);
  world.add("b");
  world.wait_for_nodes(1);
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(call)) == "x@b");
}

BOOST_FIXTURE_TEST_CASE(nested_call_returns_to_its_draining_node_when_the_last_other_leaves, with_askers) {
  auto call = ask_and_drain(1);
  world.add("b");
  world.wait_for_nodes(1);
  auto const full = dist::go<&Work::write>(cluster, "w");
  BOOST_TEST_REQUIRE(world.drive_until([&] { return at->has_begun("w@b"); }));
  at->open("ask x");
  at->open("x");
  world.pass(1s);
  BOOST_TEST(!at->has_begun("x@b"));
  world.node_at(1).node.drain();
  BOOST_TEST(world.run<std::string>(std::move(call)) == "x@a");
}

BOOST_AUTO_TEST_CASE(drain_limit_ends_the_drain) {
  nodes(2);
  auto kept = dist::test::start<std::string>(world.io, dist::go<&Work::write>(cluster, "w"));
  BOOST_REQUIRE(drive_until_begun("w@a") || drive_until_begun("w@b"));
  auto moved = dist::test::start<std::string>(world.io, dist::go<&Work::read>(cluster, "r"));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 2; }));
  world.node_at(0).node.drain();
  world.node_at(1).node.drain();
  world.pass(29s);
  BOOST_TEST(!kept.done());
  world.add("c");
  world.pass(2s);
  at->open_all();
  BOOST_TEST(world.drive_until([&] { return kept.done() && moved.done(); }));
  BOOST_CHECK_EXCEPTION(kept.get(), dist::call_error, [](auto const& e) {
    return e.fault().code == errc::connection_lost && e.fault().known == progress::unknown;
  });
  BOOST_TEST(moved.get() == "r@c");
  BOOST_TEST(world.node_at(0).run.done());
  BOOST_TEST(world.node_at(1).run.done());
}

BOOST_AUTO_TEST_CASE(node_that_has_not_joined_leaves_at_once) {
  dist::node_options options;
  options.name = "late";
  auto& node = world.add(options, 1, dist::services(Work(at)));
  node.node.drain();
  BOOST_TEST(world.drive_until([&] { return node.run.done(); }));
  node.run.get();
}

BOOST_AUTO_TEST_CASE(drain_at_any_point_of_joining_loses_no_call) {
  bool joined = false;
  for (int step = 0; !joined; ++step) {
    fixture one;
    auto call = dist::test::start<std::string>(one.world.io, dist::go<&Work::write>(one.cluster, "w"));
    auto& node = one.world.add("a");
    for (int i = 0; i < step; ++i) one.world.io.poll_one();
    joined = node.node.joined();
    node.node.drain();
    one.world.add("b");
    one.at->open_all();
    BOOST_REQUIRE(one.world.drive_until([&] { return call.done() && node.run.done(); }));
    BOOST_TEST_CONTEXT("after " << step << " steps") {
      BOOST_CHECK_NO_THROW(call.get());
      BOOST_CHECK_NO_THROW(node.run.get());
      BOOST_TEST(one.at->begun.size() == 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(unresponsive_master_does_not_hold_a_draining_node) {
  dist::node_options options;
  options.name = "late";
  options.drain_limit = 2s;
  auto& node = world.add(options, 1, dist::services(Work(at)));
  for (int i = 0; i < 8; ++i) world.io.poll_one();
  node.network.freeze();
  world.pass(1ms);
  node.node.drain();
  BOOST_TEST(!node.node.joined());
  world.pass(1900ms);
  BOOST_TEST(!node.run.done());
  world.pass(200ms);
  BOOST_TEST(node.run.done());
  BOOST_TEST(world.clock.timer_count() < 10U);
  node.network.resume();
}

BOOST_AUTO_TEST_CASE(drain_does_not_poison_calls) {
  nodes(1);
  auto call = dist::test::start<std::string>(world.io, dist::go<&Work::read>(cluster, "r"));
  // Four nodes reach their drain limit with the call running; it is not poisoned.
  for (std::size_t i = 0; i < 4; ++i) {
    BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == i + 1; }));
    world.node_at(i).node.drain();
    world.add("n" + std::to_string(i));
    BOOST_REQUIRE(world.drive_until([&] { return world.node_at(i).run.done(); }));
  }
  at->open_all();
  BOOST_TEST(world.drive_until([&] { return call.done(); }));
  BOOST_TEST(call.get() == "r@n3");
}

BOOST_AUTO_TEST_CASE(stopping_master_tells_its_nodes_and_jobs) {
  nodes(3);
  auto running = dist::test::start<std::string>(world.io, dist::go<&Work::read>(cluster, "r"));
  BOOST_REQUIRE(world.drive_until([&] { return !at->begun.empty(); }));
  auto& job = world.connect("job");
  auto kept = dist::test::start<std::string>(world.io, dist::go<&Work::read>(job.link.calls(), "k"));
  auto lost = dist::test::start<std::string>(world.io, dist::go<&Work::write>(job.link.calls(), "l"));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 3; }));
  auto const before = world.clock.now();
  world.stop_master();
  BOOST_TEST((world.clock.now() - before < 2s));
  BOOST_TEST_REQUIRE(world.drive_until([&] { return running.done() && lost.done(); }));
  BOOST_CHECK_EXCEPTION(running.get(), dist::call_error, [](auto const& e) { return e.fault().code == errc::stopped; });
  BOOST_CHECK_EXCEPTION(lost.get(), dist::call_error, [](auto const& e) {
    return e.fault().code == errc::connection_lost && e.fault().known == progress::unknown;
  });
  world.pass(1ms);
  for (auto const* who : {"node a", "node b", "node c", "lost the master at master:3000"})
    BOOST_TEST(world.has_logged(std::string(who) + ": connection lost: the master closed the session: the master stopped"),
               world.logged());
  BOOST_TEST(at->cancelled.size() == 3);
  // As with a crash of the master: repeatable calls wait for the next one.
  world.restart_master();
  at->open_all();
  BOOST_TEST_REQUIRE(world.drive_until([&] { return kept.done(); }));
  BOOST_TEST(kept.get().starts_with("k@"));
}

BOOST_AUTO_TEST_CASE(master_stops_despite_a_half_open_node) {
  nodes(1);
  world.node_at(0).network.freeze();
  auto const before = world.clock.now();
  world.stop_master();
  BOOST_TEST((world.clock.now() - before < 3s));
}

BOOST_AUTO_TEST_CASE(ten_thousand_calls_and_drains_leave_nothing_behind) {
  nodes(4, 4);
  world.pass(10ms);
  auto const timers = world.clock.timer_count();
  dist::test::seeded_entropy chance(7);
  std::vector<dist::test::started<dist::result<std::string>>> open;
  std::vector<dist::pending<std::string>> dropped;
  std::vector<dist::test::started<dist::result<std::int64_t>>> numbers;
  std::size_t next_node = 4;
  for (int i = 0; i < 10'000; ++i) {
    auto const label = std::to_string(i);
    auto const start = [&](auto call) { open.push_back(dist::test::start<dist::result<std::string>>(world.io, std::move(call))); };
    switch (chance.below(11)) {
      case 0: start(dist::try_call<&Work::plain>(cluster, label)); break;
      case 1: start(dist::try_call<&Work::fail>(cluster, label)); break;
      case 2: start(dist::try_call<&Work::read>(cluster, label, dist::call_options().within(5ms))); break;
      case 3: {
        auto call = dist::go<&Work::read>(cluster, label);
        call.cancel();
        dropped.push_back(std::move(call));
        break;
      }
      case 4: {
        auto call = dist::try_call<&Work::write>(cluster, label);
        world.io.poll_one();
        call.cancel();
        start(std::move(call));
        break;
      }
      case 5: dropped.push_back(dist::go<&Work::read>(cluster, label)); break;
      case 6: start(dist::try_call<&Work::fail>(cluster, "\xFF")); break;
      case 7: start(dist::try_call<&Work::not_text>(cluster)); break;
      case 8: numbers.push_back(dist::test::start<dist::result<std::int64_t>>(
                  world.io, dist::try_call<&Work::depth>(cluster, 2))); break;
      case 9: {
        bool const dies = chance.below(50) == 0;
        if (dies) {
          world.kill_node(next_node - 4);
          world.add("n" + std::to_string(next_node++), 4);
        }
        start(dist::try_call<&Work::outer>(cluster, label, dist::call_options().within(20ms)));
        break;
      }
      case 10: {
        auto gone = dist::call_by_name<std::int64_t>(cluster, "Work.missing", i);
        dist::test::run_until_idle(world.io);
        break;
      }
    }
    if (chance.below(4) == 0) world.pass(std::chrono::microseconds(chance.below(3000)));
    if (dropped.size() > 40) dropped.erase(dropped.begin(), dropped.begin() + 30);
  }
  dropped.clear();
  at->open_all();
  BOOST_TEST(world.drive_until([&] {
    return std::ranges::all_of(open, [](auto& one) { return one.done(); }) &&
           std::ranges::all_of(numbers, [](auto& one) { return one.done(); });
  }));
  world.pass(5s);
  BOOST_TEST(cluster.caller().live_count() == 0);
  BOOST_TEST(node_count() == 4);
  for (auto const* counter : {"in_use", "abandoned", "queued", "queued_bytes"}) BOOST_TEST(status(counter) == "0", counter);
  BOOST_TEST(world.clock.timer_count() == timers);
  BOOST_TEST(at->running == 0);
  BOOST_TEST_MESSAGE(world.master().status_json());
  world.stop();
  BOOST_TEST(world.clock.timer_count() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
