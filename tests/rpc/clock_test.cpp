#include <dist/rpc/detail/system_clock.hpp>

#include <dist/rpc/detail/system_entropy.hpp>
#include <dist/rpc/sleep.hpp>

#include <algorithm>
#include <array>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/world/run.hpp"
#include "sim/world/seeded_entropy.hpp"
#include "support/cancellable.hpp"

namespace {

using namespace std::chrono_literals;
using dist::test::cancellable;
using dist::test::run;
using dist::test::run_until_idle;
using dist::test::start;
using dist::test::virtual_clock;

bool aborted(std::system_error const& e) { return e.code() == asio::error::operation_aborted; }

BOOST_AUTO_TEST_SUITE(system_clock_suite)

BOOST_AUTO_TEST_CASE(timers_run_in_order_and_the_context_ends_after_the_last) {
  asio::io_context io;
  dist::system_clock clock(io);
  auto const now = clock.now();
  std::string order;
  clock.schedule(now + 3ms, [&] { order += 'c'; });
  clock.schedule(now - 1ms, [&] { order += 'a'; });
  clock.schedule(now + 1ms, [&] { order += 'b'; });
  BOOST_TEST(order == "");
  BOOST_TEST(clock.timer_count() == 3U);
  io.run();
  BOOST_TEST(order == "abc");
  BOOST_TEST((clock.now() >= now + 3ms));
  BOOST_TEST(clock.timer_count() == 0U);
}

BOOST_AUTO_TEST_CASE(cancelled_timers_do_not_keep_the_context_running) {
  asio::io_context io;
  dist::system_clock clock(io);
  auto const a = clock.schedule(clock.now() + 1h, [] { BOOST_ERROR("cancelled"); });
  auto const b = clock.schedule(clock.now() + 2h, [] { BOOST_ERROR("cancelled"); });
  auto const never = clock.schedule(dist::time_point::max(), [] { BOOST_ERROR("never"); });
  clock.cancel(a);
  clock.cancel(b);
  clock.cancel(never);
  clock.cancel(never);
  BOOST_TEST(io.run() <= 2U);  // at most the end of the operating system's wait
}

BOOST_AUTO_TEST_CASE(earlier_timer_fires_before_one_armed_first) {
  asio::io_context io;
  dist::system_clock clock(io);
  auto const late = clock.schedule(clock.now() + 1h, [] { BOOST_ERROR("late"); });
  bool ran = false;
  clock.schedule(clock.now() + 1ms, [&] {
    ran = true;
    clock.cancel(late);
  });
  io.run();
  BOOST_TEST(ran);
}

BOOST_AUTO_TEST_CASE(cancelling_the_first_timer_does_not_delay_the_second) {
  asio::io_context io;
  dist::system_clock clock(io);
  auto const first = clock.schedule(clock.now() + 1ms, [] { BOOST_ERROR("cancelled"); });
  auto const when = clock.now() + 5ms;
  std::optional<dist::time_point> ran;
  clock.schedule(when, [&] { ran = clock.now(); });
  clock.cancel(first);
  io.run();
  BOOST_REQUIRE(ran);
  BOOST_TEST((*ran >= when));
}

BOOST_AUTO_TEST_CASE(action_that_reschedules_itself_for_now_does_not_starve_others) {
  asio::io_context io;
  dist::system_clock clock(io);
  bool posted = false;
  int turns = 0;
  std::function<void()> again = [&] {
    ++turns;
    if (!posted) clock.schedule(clock.now(), again);
  };
  clock.schedule(clock.now(), [&] {
    asio::post(io, [&] { posted = true; });
    again();
  });
  io.run();
  BOOST_TEST(posted);
  BOOST_TEST(turns >= 1);
}

BOOST_AUTO_TEST_CASE(destroyed_clock_runs_no_timers) {
  for (int handlers = 0; handlers < 3; ++handlers) {
    asio::io_context io;
    auto owned = std::make_shared<int>(0);
    std::optional<dist::system_clock> clock(std::in_place, io);
    for (int i = 0; i < 3; ++i) asio::post(io, [] {});
    clock->schedule(clock->now(), [owned] { ++*owned; });
    clock->schedule(clock->now() + 1h, [owned] { ++*owned; });
    // The operating system's wait may have ended already, its handler queued.
    for (int i = 0; i < handlers; ++i) io.poll_one();
    clock.reset();
    auto const ran = *owned;
    BOOST_TEST(owned.use_count() == 1);
    io.run();
    BOOST_TEST(*owned == ran);
  }
}

BOOST_AUTO_TEST_CASE(deadlines_that_are_met_cost_no_system_call) {
  asio::io_context io;
  dist::system_clock clock(io);
  auto const beat = clock.schedule(clock.now() + 1h, [] {});
  for (int i = 0; i < 1'000'000; ++i) clock.cancel(clock.schedule(clock.now() + 2h, [] {}));
  BOOST_TEST(clock.timer_count() == 1U);
  BOOST_TEST(io.poll() == 0U);
  clock.cancel(beat);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(virtual_clock_suite)

BOOST_AUTO_TEST_CASE(action_runs_at_its_own_virtual_time) {
  virtual_clock clock;
  auto const begin = clock.now();
  std::vector<dist::duration> seen;
  auto const note = [&] { seen.push_back(clock.now() - begin); };
  clock.schedule(begin + 2s, note);
  clock.schedule(begin + 1s, [&] {
    note();
    clock.schedule(begin + 1500ms, note);
  });
  clock.schedule(begin + 4s, note);
  clock.advance(3s);
  BOOST_TEST((seen == std::vector<dist::duration>{1s, 1500ms, 2s}));
  BOOST_TEST((clock.now() - begin == 3s));
  BOOST_TEST(clock.advance_to_next());
  BOOST_TEST((clock.now() - begin == 4s));
  BOOST_TEST(!clock.advance_to_next());
}

BOOST_AUTO_TEST_CASE(drive_stops_at_the_condition_or_after_the_limit) {
  asio::io_context io;
  virtual_clock clock;
  int count = 0;
  std::function<void()> beat = [&] {
    ++count;
    asio::post(io, [&] { clock.schedule(clock.now() + 1s, beat); });
  };
  beat();
  BOOST_TEST(drive(io, clock, [&] { return count == 10; }));
  BOOST_TEST(!drive(io, clock, [] { return false; }, 5));
  BOOST_TEST(count == 15);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(sleep_suite)

BOOST_AUTO_TEST_CASE(sleep_ends_at_its_time) {
  virtual_clock clock;
  asio::io_context io;
  auto const begin = clock.now();
  run(io, clock, dist::sleep_for(clock, 5s));
  BOOST_TEST((clock.now() - begin == 5s));
  run(io, clock, dist::sleep_until(clock, begin));  // long past
  BOOST_TEST((clock.now() - begin == 5s));
}

BOOST_AUTO_TEST_CASE(cancelled_sleep_leaves_no_timer) {
  virtual_clock clock;
  asio::io_context io;
  cancellable nap(io, dist::sleep_for(clock, 5s));
  run_until_idle(io);
  BOOST_TEST(clock.timer_count() == 1U);
  nap.cancel();
  run_until_idle(io);
  BOOST_CHECK_EXCEPTION(nap.get(), std::system_error, aborted);
  BOOST_TEST(clock.timer_count() == 0U);
}

BOOST_AUTO_TEST_CASE(sleep_is_aborted_when_its_clock_is_destroyed) {
  asio::io_context io;
  std::optional<virtual_clock> clock(std::in_place);
  auto sleep = start(io, dist::sleep_for(*clock, 5s));
  run_until_idle(io);
  clock.reset();
  run_until_idle(io);
  BOOST_CHECK_EXCEPTION(sleep.get(), std::system_error, aborted);
}

BOOST_AUTO_TEST_CASE(abandoned_sleep_removes_its_timer) {
  virtual_clock clock;
  {
    asio::io_context io;
    auto sleep = start(io, dist::sleep_for(clock, 5s));
    run_until_idle(io);
    BOOST_TEST(clock.timer_count() == 1U);
  }
  BOOST_TEST(clock.timer_count() == 0U);
}

BOOST_AUTO_TEST_CASE(clock_and_context_are_destroyed_during_a_sleep) {
  asio::io_context io;
  dist::system_clock clock(io);
  auto sleep = start(io, dist::sleep_for(clock, 1h));
  run_until_idle(io);
  BOOST_TEST(!sleep.done());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(entropy_suite)

BOOST_AUTO_TEST_CASE(system_entropy_does_not_repeat) {
  dist::system_entropy chance;
  std::vector<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) seen.push_back(chance.next());
  std::sort(seen.begin(), seen.end());
  BOOST_TEST((std::adjacent_find(seen.begin(), seen.end()) == seen.end()));
  std::array<std::byte, 37> bytes{};
  chance.fill(bytes);
  BOOST_TEST((bytes != std::array<std::byte, 37>{}));
  chance.fill({});
}

BOOST_AUTO_TEST_CASE(same_seed_gives_the_same_numbers) {
  dist::test::seeded_entropy a(42);
  dist::test::seeded_entropy b(42);
  dist::test::seeded_entropy c(43);
  auto const first = a.next();
  BOOST_TEST(first == b.next());
  BOOST_TEST(first != c.next());
  BOOST_TEST(a.below(0) == 0U);
  for (int i = 0; i < 1000; ++i) BOOST_TEST_REQUIRE(a.below(7) < 7U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
