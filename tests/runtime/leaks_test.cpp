#include <algorithm>
#include <atomic>
#include <boost/json/parse.hpp>
#include <cstdlib>
#include <dist/rpc/task_group.hpp>
#include <new>
#include <thread>

#include "desk.hpp"

// However calls end, nothing of them remains: no lease, table entry, timer or coroutine frame.

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DIST_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DIST_TEST_SANITIZED 1
#endif
#endif

namespace {

/// Memory blocks in use; not counted under a sanitizer, which does so itself.
std::atomic<std::ptrdiff_t> blocks = 0;

}  // namespace

#ifndef DIST_TEST_SANITIZED
void* operator new(std::size_t size) {
  blocks.fetch_add(1, std::memory_order_relaxed);
  if (void* block = std::malloc(size ? size : 1)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept {
  if (block) blocks.fetch_sub(1, std::memory_order_relaxed);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
#endif

using namespace std::chrono_literals;
using dist::call_options;
using dist::errc;
using dist::test::Work;

namespace {

/// Counters that must return to their initial values.
struct counters {
  std::int64_t in_use = 0;
  std::int64_t abandoned = 0;
  std::int64_t queued = 0;
  std::int64_t in_flight = 0;
  std::size_t named = 0;  ///< logged as abandoned
  std::size_t live = 0;
  std::size_t live_of_job = 0;
  std::size_t methods = 0;
  std::size_t timers = 0;

  friend bool operator==(counters const&, counters const&) = default;
  friend std::ostream& operator<<(std::ostream& out, counters const& c) {
    return out << "in use " << c.in_use << ", abandoned " << c.abandoned << ", queued " << c.queued << ", in flight "
               << c.in_flight << ", named " << c.named << ", live " << c.live << ", of the job " << c.live_of_job << ", methods " << c.methods
               << ", timers " << c.timers;
  }
};

dist::task<void> await_on(dist::pending<std::string> call) { co_await std::move(call); }

struct fixture : dist::test::work_fixture {
  fixture() {
    for (auto const* name : {"a", "b"}) world.add(name, 2);
    world.wait_for_nodes(2);
    job = &world.connect("job");
    options.master = {"absent", 3000};
    options.limits.calls_per_connection = 1;
    lonely.emplace(world.world(), options);
    settle();
  }
  ~fixture() {
    lonely->stop();
    dist::test::run_until_idle(world.io);
  }

  /// Waits until everything that was started has had time to end.
  void settle() {
    world.wait_for_nodes(2);
    world.pass(2500ms);
    at->begun.clear();
    at->cancelled.clear();
  }
  counters count() {
    counters now;
    auto const status = boost::json::parse(world.master().status_json());
    now.in_use = status.at("in_use").as_int64();
    now.abandoned = status.at("abandoned").as_int64();
    now.queued = status.at("queued").as_int64();
    for (auto const& node : status.at("nodes").as_array()) {
      now.in_flight += node.at("in_flight").as_int64();
      now.named += node.at("abandoned_calls").as_array().size();
    }
    now.live = cluster.caller().live_count();
    now.live_of_job = job->link.calls().caller().live_count() + lonely->calls().caller().live_count();
    now.methods = at->running;
    now.timers = world.clock.timer_count();
    return now;
  }
  void expect(errc code, dist::fault const& what) {
    ++ended;
    BOOST_TEST((what.code == code), what);
  }
  void begun(std::string const& label) {
    ++ended;
    BOOST_REQUIRE(world.drive_until([&] {
      return std::ranges::any_of(at->begun, [&](auto const& one) { return one.starts_with(label + "@"); });
    }));
  }
  std::string fresh() { return "r" + std::to_string(++labels); }

  /// Outcomes that the caller sees as a reply.
  void answers(dist::cluster const& on) {
    BOOST_TEST(world.run<std::int64_t>(dist::go<&Work::echo>(on, 7)) == 7);
    BOOST_TEST(world.run<std::int64_t>(dist::go<&Work::depth>(on, 5)) == 5);
    ended += 7;
    expect(errc::method_failed, fault_of(dist::go<&Work::fail>(on, "no")));
    expect(errc::bad_arguments, fault_of(dist::go<&Work::fail>(on, "\xFF")));
    expect(errc::bad_result, fault_of(dist::go<&Work::not_text>(on)));
    expect(errc::bad_arguments, fault_of(dist::call_by_name<int>(on, "Work.echo", "text")));
    expect(errc::unknown_method, fault_of(dist::call_by_name<int>(on, "Work.none", 1)));
    expect(errc::transient, fault_of(dist::go<&Work::flaky>(on, 1000, call_options().retry(2))));
    expect(errc::bad_result, fault_of(dist::call_by_name<int>(on, "Work.plain", "text")));
    expect(errc::no_node, fault_of(dist::go<&Work::echo>(on, 7, call_options().needs("gpu").wait_for_node(10ms))));
  }
  void deadlines_and_cancels(dist::cluster const& on) {
    expect(errc::deadline_exceeded, fault_of(dist::go<&Work::read>(on, "r", call_options().needs("gpu").within(1ms))));
    expect(errc::deadline_exceeded, fault_of(dist::go<&Work::read>(on, "r", call_options().within(1ms))));
    expect(errc::deadline_exceeded, fault_of(dist::go<&Work::outer>(on, "r", call_options().within(1ms))));
    // Cancelled before it is sent, before it arrives, while it runs, two hops away, and after its reply.
    auto const gpu = call_options().needs("gpu");
    for (auto const& each : {gpu, call_options()}) {
      auto call = dist::go<&Work::read>(on, fresh(), each);
      if (each.sent()) dist::test::run_until_idle(world.io);
      call.cancel();
      expect(errc::cancelled, fault_of(std::move(call)));
    }
    { auto const call = dist::go<&Work::read>(on, fresh()); }
    {
      auto const label = fresh();
      auto const call = dist::go<&Work::read>(on, label);
      begun(label);
    }
    {
      auto const label = fresh();
      auto const call = dist::go<&Work::outer>(on, label);
      begun(label);
    }
    {
      auto const call = dist::go<&Work::echo>(on, 1);
      world.pass(1ms);
    }
    ended += 3;
  }
  void uses_of_pendings(dist::cluster const& on) {
    std::vector<dist::pending<std::string>> calls;
    for (int i = 0; i < 4; ++i) calls.push_back(dist::go<&Work::read>(on, fresh()));
    calls[0] = dist::go<&Work::read>(on, fresh());
    world.pass(1ms);
    calls[1] = dist::go<&Work::read>(on, fresh());
    calls.erase(calls.begin());
    std::thread([&] { calls.pop_back(); }).join();
    ended += 6;
    // The awaiting coroutine is cancelled; one that never started is destroyed.
    dist::task_group group(world.io.get_executor());
    group.spawn(await_on(dist::go<&Work::read>(on, fresh())));
    world.pass(1ms);
    group.stop();
    { auto const never_begun = await_on(dist::go<&Work::read>(on, fresh())); }
    world.pass(1ms);
    BOOST_TEST(group.size() == 0U);
    ended += 2;
  }
  /// The connections of a node and of the job break and are re-established.
  void broken_connections() {
    auto const label = fresh();
    auto write = dist::go<&Work::write>(cluster, label);
    begun(label);
    auto moved = dist::go<&Work::read>(cluster, fresh());
    auto nested = dist::go<&Work::outer>(cluster, fresh());
    auto of_job = dist::go<&Work::read>(job->link.calls(), fresh());
    world.pass(1ms);
    auto const first_ended = dist::test::start<std::string>(world.io, std::move(write));
    auto const dead = at->has_begun(label + "@a") ? 0U : 1U;
    world.node_at(dead).network.cut();
    BOOST_REQUIRE(world.drive_until([&] { return first_ended.done(); }));
    ended += 4;
    at->open_all();
    world.run<std::string>(std::move(moved));
    world.run<std::string>(std::move(nested));
    at->close_all();
    auto lost = dist::go<&Work::write>(job->link.calls(), fresh());
    world.pass(1ms);
    job->network.cut();
    expect(errc::connection_lost, fault_of(std::move(lost)));
    // It waits for the new connection.
    BOOST_TEST(world.run<std::int64_t>(dist::go<&Work::echo>(job->link.calls(), 5)) == 5);
    ++ended;
  }
  void without_a_master() {
    auto const on = lonely->calls();
    auto waits = dist::go<&Work::echo>(on, 1);
    expect(errc::overloaded, fault_of(dist::go<&Work::echo>(on, 1)));
    waits.cancel();
    expect(errc::cancelled, fault_of(std::move(waits)));
    expect(errc::deadline_exceeded, fault_of(dist::go<&Work::echo>(on, 1, call_options().within(1ms))));
  }
  /// Every way to end a call, once.
  void round() {
    for (auto const& on : {cluster, job->link.calls()}) {
      answers(on);
      deadlines_and_cancels(on);
      uses_of_pendings(on);
    }
    // Rarely: a new connection would hide leaks of the old one.
    if (rounds++ % 10 == 0) broken_connections();
    without_a_master();
    settle();
  }

  dist::test::memory_cluster::connected_job* job = nullptr;
  dist::link_options options;
  std::optional<dist::master_link> lonely;  ///< it is never opened
  std::vector<std::string> node_names{"a", "b"};
  std::size_t labels = 0;
  std::size_t rounds = 0;
  std::size_t ended = 0;  ///< calls so far
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(leaks, fixture)

BOOST_AUTO_TEST_CASE(ten_thousand_calls_with_every_outcome_leave_nothing_behind) {
  auto const before = count();
  BOOST_TEST(before.in_use + before.in_flight == 0);
  // Take the maximum of many rounds: memory kept for reuse comes and goes.
  std::ptrdiff_t peaks[] = {0, 0};
  while (ended < 2000) round();
  for (auto const until : {5'250U, 10'000U})
    while (ended < until) {
      round();
      BOOST_REQUIRE(count() == before);
      auto& peak = peaks[until == 10'000U];
      peak = std::max(peak, blocks.load());
    }
  BOOST_TEST_MESSAGE(ended << " calls, blocks of memory: " << peaks[0] << ", then " << peaks[1]);
  // A leak in any way of ending would add a block per round.
  BOOST_TEST(peaks[1] - peaks[0] < static_cast<std::ptrdiff_t>(rounds / 4));
}

BOOST_AUTO_TEST_CASE(nodes_that_drain_or_die_leave_nothing_behind) {
  auto const before = count();
  for (std::size_t gone = 0; gone < 20; gone += 2) {
    auto const first = fresh();
    auto drained = dist::go<&Work::read>(cluster, first);
    auto lost = dist::try_call<&Work::write>(cluster, fresh());
    auto nested = dist::go<&Work::outer>(cluster, fresh());
    begun(first);
    world.node_at(gone).node.drain();
    world.kill_node(gone + 1);
    world.add("n" + std::to_string(gone), 2);
    world.add("m" + std::to_string(gone), 2);
    at->open_all();
    world.run<std::string>(std::move(drained));
    world.run<std::string>(std::move(nested));
    world.run<dist::result<std::string>>(std::move(lost));
    ended += 2;
    settle();
    at->close_all();
    BOOST_REQUIRE(count() == before);
  }
}

BOOST_AUTO_TEST_CASE(poisoned_calls_leave_nothing_behind) {
  auto const before = count();
  auto poison = dist::test::start<std::string>(world.io, dist::go<&Work::read>(cluster, "poison"));
  std::size_t next = 2;
  std::size_t deaths = 0;
  BOOST_REQUIRE(world.drive_until([&] {
    if (at->begun.size() > deaths) {
      auto const on = at->begun[deaths++].substr(7);
      for (std::size_t i = 0; i < next; ++i)
        if (node_names[i] == on) world.kill_node(i);
      node_names.push_back("p" + std::to_string(next));
      world.add(node_names[next++], 2);
    }
    return poison.done();
  }));
  BOOST_CHECK_EXCEPTION(poison.get(), dist::call_error, [](auto const& e) { return e.fault().code == errc::poisoned; });
  settle();
  BOOST_TEST(count() == before);
}

BOOST_AUTO_TEST_CASE(stopped_cluster_keeps_nothing) {
  std::vector<dist::pending<std::string>> kept;
  for (auto const& on : {cluster, job->link.calls()}) {
    for (int i = 0; i < 20; ++i) kept.push_back(dist::go<&Work::outer>(on, fresh()));
    kept.push_back(dist::go<&Work::read>(on, fresh(), call_options().needs("gpu").within(1h)));
  }
  world.pass(1ms);
  lonely->stop();
  world.stop();
  BOOST_TEST(cluster.caller().live_count() == 0U);
  BOOST_TEST(job->link.calls().caller().live_count() == 0U);
  BOOST_TEST(at->running == 0U);
  BOOST_TEST(world.clock.timer_count() == 0U);
  // Half of the calls that outlive their context are awaited, half dropped.
  for (std::size_t i = 0; i < kept.size(); i += 2) expect(errc::stopped, fault_of(std::move(kept[i])));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(context_destroyed_with_pending_calls_frees_them) {
  auto const before = blocks.load();
  {
    std::vector<dist::pending<std::string>> kept;
    {
      fixture f;
      for (int i = 0; i < 8; ++i) kept.push_back(dist::go<&Work::outer>(f.cluster, "kept"));
      for (int i = 0; i < 8; ++i)
        dist::test::start<std::string>(f.world.io, dist::go<&Work::outer>(f.job->link.calls(), "awaited"));
      f.world.pass(1ms);
    }
  }
  BOOST_TEST(blocks.load() - before < 50);
}
