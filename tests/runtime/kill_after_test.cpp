// kill_after: a plain method that ignores its cancellation, and the end of its process. Only its own call suffers.
#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>

#include "desk.hpp"
#include "process/crash_record.hpp"
#include "support/standing_compute.hpp"

using namespace std::chrono_literals;
using dist::call_options;
using dist::errc;
using dist::go;
using dist::test::start;
using dist::test::started;
using dist::test::Work;

namespace {

/// Ignores its cancellation.
struct Mule {
  std::int64_t stay() const {
    (*where)->stand_still();
    return 1;
  }
  /// Waits for a call on node b.
  dist::task<std::string> wait(dist::context ctx) const {
    auto inner = go<&Work::read>(ctx, "x", call_options().needs("node=b"));
    co_return co_await std::move(inner);
  }
  dist::task<void> stay_awaiting(dist::context ctx) const {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    auto until_let_go = at->pass(ctx, "mule");
    co_await std::move(until_let_go);
  }
  std::shared_ptr<dist::test::standing_compute*> where;
  std::shared_ptr<dist::test::desk> at;
};
BOOST_DESCRIBE_STRUCT(Mule, (), (stay, wait, stay_awaiting))

/// Node `a`, whose methods may hang; the other nodes are ordinary.
struct fixture {
  ~fixture() {
    at->open_all();
    end();
  }

  void begin(std::size_t slots = 1, bool supervised = true) {
    compute.emplace(world.io, slots);
    *mule.where = &*compute;
    dist::node_options options;
    options.master = {"master", 3000};
    options.name = "a";
    options.name_is_default = false;
    options.drain_limit = 30s;
    if (supervised) options.record = &record;
    auto const its = world.world();
    node.emplace(dist::seams{its.io, its.clock, its.network, *compute, its.entropy, its.log}, std::move(options),
                 dist::services(Work(at), mule));
    running = start(world.io, node->run());
    world.wait_for_nodes(1);
  }
  /// Releases what otherwise only the end of the process would.
  void end() {
    if (!compute) return;
    compute->let_go();
    node->stop();
    world.drive_until([&] { return running->done(); });
    node.reset();
    compute.reset();
  }
  template <class T>
  started<T> started_call(dist::pending<T> call) {
    return start(world.io, dist::task<T>(std::move(call)));
  }
  /// A running call whose deadline passes in a second.
  started<std::int64_t> stay(call_options how) {
    auto made = started_call(go<&Mule::stay>(cluster, how.within(1s)));
    BOOST_TEST_REQUIRE(world.drive_until([&] { return compute->standing_count() == 1; }));
    return made;
  }
  /// Several calls, some of them queued at the node behind the hanging one.
  std::vector<started<std::string>> queue_behind(call_options how = {}) {
    std::vector<started<std::string>> made;
    for (int i = 0; i < 3; ++i) made.push_back(started_call(go<&Work::plain>(cluster, std::to_string(i), how)));
    world.pass(0ms);
    BOOST_TEST_REQUIRE(compute->held_count() > 0U);
    return made;
  }
  /// Makes the method quick, so that the master sends calls of it ahead.
  void make_quick() {
    for (int i = 0; i < 64; ++i) world.run(dist::task<std::string>(go<&Work::plain>(cluster, "quick")));
    at->begun.clear();
  }
  template <class T>
  static std::string end_of(started<T>& call) {
    if (!call.done()) return "not yet";
    try {
      call.get();
      return "answered";
    } catch (dist::call_error const& e) {
      return std::string(dist::to_text(e.fault().code));
    }
  }

  std::shared_ptr<dist::test::desk> at = std::make_shared<dist::test::desk>();
  Mule mule{std::make_shared<dist::test::standing_compute*>(nullptr), at};
  dist::crash_record record;
  dist::test::memory_cluster world{dist::services(Work(at), mule)};
  dist::cluster cluster = world.cluster();
  std::optional<dist::test::standing_compute> compute;
  std::optional<dist::node> node;
  std::optional<started<void>> running;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(kill_after, fixture)

BOOST_AUTO_TEST_CASE(kill_after_ends_only_the_call_that_overran) {
  begin();
  make_quick();
  auto stays = stay(call_options().kill_after(200ms));
  auto behind = queue_behind();
  world.pass(1s);
  BOOST_TEST(end_of(stays) == "deadline_exceeded");
  world.pass(199ms);
  BOOST_TEST(!running->done());
  BOOST_TEST(end_of(behind[0]) == "not yet");
  world.pass(10ms);
  BOOST_TEST(running->done());
  BOOST_TEST(node->kills());
  BOOST_TEST(record.running() == "Mule.stay([])");
  BOOST_TEST(world.has_logged("this process is ending because of kill_after: Mule.stay is still running"));
  BOOST_TEST(world.has_logged("it left: its process ends because of kill_after"));
  // None of them started there.
  compute->let_go();
  world.pass(0ms);
  for (auto& one : behind) BOOST_TEST(end_of(one) == "not yet");
  world.add("b");
  world.pass(1s);
  for (auto& one : behind) BOOST_TEST(end_of(one) == "answered");
  std::ranges::sort(at->begun);
  BOOST_TEST(at->begun == (std::vector<std::string>{"0@b", "1@b", "2@b"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(kill_after_applies_to_cancelled_calls_and_as_a_default) {
  begin();
  auto const patient = cluster.with(call_options().kill_after(200ms));
  std::optional<dist::pending<std::int64_t>> call(go<&Mule::stay>(patient));
  BOOST_TEST_REQUIRE(world.drive_until([&] { return compute->standing_count() == 1; }));
  call.reset();
  world.pass(201ms);
  BOOST_TEST(running->done());
  BOOST_TEST(node->kills());
}

BOOST_AUTO_TEST_CASE(method_that_returns_in_time_ends_no_process) {
  begin();
  auto stays = stay(call_options().kill_after(200ms));
  world.pass(1100ms);
  compute->let_go();
  world.pass(10s);
  BOOST_TEST(!running->done());
  BOOST_TEST(!node->kills());
  BOOST_TEST(world.run(dist::task<std::int64_t>(go<&Work::echo>(cluster, 5))) == 5);
}

BOOST_AUTO_TEST_CASE(method_that_returns_during_the_shutdown_changes_nothing) {
  begin();
  auto stays = stay(call_options().kill_after(200ms));
  world.pass(1s);
  world.clock.advance(200ms);
  compute->let_go();
  world.pass(10ms);
  BOOST_TEST(running->done());
  BOOST_TEST(node->kills());
}

BOOST_AUTO_TEST_CASE(without_kill_after_no_process_ends) {
  begin();
  auto stays = stay({});
  world.pass(1min);
  BOOST_TEST(!running->done());
  BOOST_TEST(world.has_logged("kill_after ends its process"));
}

BOOST_AUTO_TEST_CASE(call_that_never_started_ends_no_process) {
  begin();
  make_quick();
  auto stays = stay({});
  auto behind = queue_behind(call_options().within(2s).kill_after(100ms));
  world.pass(1min);
  for (auto& one : behind) BOOST_TEST(end_of(one) == "deadline_exceeded");
  BOOST_TEST(!running->done());
}

BOOST_AUTO_TEST_CASE(calls_running_beside_it_end_first) {
  begin();
  world.add("b");
  world.wait_for_nodes(2);
  auto waits = started_call(go<&Mule::wait>(cluster, call_options().needs("node=a").once()));
  BOOST_TEST_REQUIRE(world.drive_until([&] { return at->has_begun("x@b"); }));
  auto stays = stay(call_options().needs("node=a").kill_after(200ms));
  world.pass(5s);
  BOOST_TEST(end_of(stays) == "deadline_exceeded");
  BOOST_TEST(world.has_logged("this process is ending"));
  BOOST_TEST(!running->done());
  at->open("x");
  world.pass(10ms);
  BOOST_TEST(end_of(waits) == "answered");
  BOOST_TEST(running->done());
  BOOST_TEST(node->kills());
}

BOOST_AUTO_TEST_CASE(calls_running_beside_it_get_the_drain_limit) {
  begin();
  world.add("b");
  world.wait_for_nodes(2);
  auto waits = started_call(go<&Mule::wait>(cluster, call_options().needs("node=a").once()));
  BOOST_TEST_REQUIRE(world.drive_until([&] { return at->has_begun("x@b"); }));
  auto stays = stay(call_options().needs("node=a").kill_after(200ms));
  world.pass(31s);
  BOOST_TEST(!running->done());
  world.pass(300ms);
  BOOST_TEST(running->done());
  BOOST_TEST(end_of(waits) == "connection_lost");
}

BOOST_AUTO_TEST_CASE(node_that_cannot_be_killed_logs_why_once) {
  struct one {
    std::size_t slots;
    bool supervised;
    std::string why;
  };
  for (auto const& [slots, supervised, why] :
       {one{1, false, "start its nodes with --procs N"}, one{2, true, "start one-slot nodes with --procs N"}}) {
    begin(slots, supervised);
    for (int i = 0; i < 2; ++i) {
      auto stays = stay(call_options().kill_after(200ms));
      world.pass(10s);
      BOOST_TEST(end_of(stays) == "deadline_exceeded");
      BOOST_TEST(!running->done());
      compute->let_go();
      world.pass(1s);
    }
    BOOST_TEST(world.count_logged("kill_after of Mule.stay has no effect") == 1U + (slots - 1));
    BOOST_TEST(world.has_logged(why));
    end();
    world.pass(1s);
  }
}

BOOST_AUTO_TEST_CASE(coroutines_are_only_cancelled) {
  begin();
  auto stays = started_call(go<&Mule::stay_awaiting>(cluster, call_options().within(1s).kill_after(200ms)));
  world.pass(1min);
  BOOST_TEST(end_of(stays) == "deadline_exceeded");
  BOOST_TEST(!running->done());
  BOOST_TEST(world.has_logged("kill_after of Mule.stay_awaiting has no effect: the method is a coroutine"));
}

BOOST_AUTO_TEST_CASE(lost_connection_disarms_kill_after) {
  begin();
  auto stays = stay(call_options().kill_after(200ms));
  world.pass(1100ms);
  world.restart_master();
  world.pass(10s);
  BOOST_TEST(!running->done());
  BOOST_TEST(!node->kills());
}

BOOST_AUTO_TEST_SUITE_END()
