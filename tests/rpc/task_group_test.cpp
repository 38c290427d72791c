#include <dist/rpc/task_group.hpp>

#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/sleep.hpp>

#include <asio/error.hpp>
#include <asio/this_coro.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "sim/world/run.hpp"
#include "support/cancellable.hpp"

namespace {

using namespace std::chrono_literals;
using dist::event;
using dist::task;
using dist::task_group;
using dist::test::cancellable;
using dist::test::run;
using dist::test::run_until_idle;
using dist::test::start;
using dist::test::virtual_clock;

bool aborted(std::system_error const& e) { return e.code() == asio::error::operation_aborted; }
auto says(std::string text) {
  return [text](std::runtime_error const& e) { return e.what() == text; };
}

task<void> nothing() { co_return; }

task<void> fail(std::string text) {
  throw std::runtime_error(text);
  co_return;
}

task<void> fail_after(event& flag, std::string text) {
  co_await flag.wait();
  throw std::runtime_error(text);
}

/// Waits indefinitely and logs how the wait ended.
task<void> wait_for_cancel(std::string& log) {
  event never;
  try {
    co_await never.wait();
  } catch (std::system_error const&) {
    log += 'c';
    throw;
  }
}

/// Ends only some time after it was cancelled.
task<void> end_slowly(event& allowed, std::string& log) {
  event never;
  try {
    co_await never.wait();
  } catch (std::system_error const&) {
    log += 'c';
  }
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await allowed.wait();
  log += 'e';
}

task<void> ignore_cancel(event& allowed) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await allowed.wait();
}

struct fixture {
  asio::io_context io;
  task_group group{io.get_executor()};
  std::string log;
};

BOOST_AUTO_TEST_SUITE(task_group_suite)

BOOST_FIXTURE_TEST_CASE(empty_group_joins_at_once, fixture) {
  run(io, group.join());
  group.stop();
  group.stop();
  run(io, group.join());
  BOOST_TEST(group.stopped());
}

BOOST_FIXTURE_TEST_CASE(join_waits_for_all_members, fixture) {
  event first;
  event second;
  group.spawn(nothing());
  group.spawn(ignore_cancel(first));
  group.spawn(ignore_cancel(second));
  auto joining = start(io, group.join());
  run_until_idle(io);
  BOOST_TEST(group.size() == 2U);
  first.set();
  run_until_idle(io);
  BOOST_TEST(!joining.done());
  second.set();
  run_until_idle(io);
  BOOST_REQUIRE(joining.done());
  joining.get();
}

BOOST_FIXTURE_TEST_CASE(first_error_cancels_the_others_and_is_thrown, fixture) {
  event flag;
  event other;
  group.spawn(wait_for_cancel(log));
  group.spawn(fail_after(flag, "first"));
  group.spawn(fail_after(other, "second"));
  group.spawn(wait_for_cancel(log));
  auto joining = start(io, group.join());
  run_until_idle(io);
  flag.set();
  other.set();
  run_until_idle(io);
  BOOST_TEST(log == "cc");
  BOOST_CHECK_EXCEPTION(joining.get(), std::runtime_error, says("first"));
  BOOST_TEST(group.stopped());
  run(io, group.join());  // thrown once
}

BOOST_FIXTURE_TEST_CASE(failure_before_join_is_kept, fixture) {
  group.spawn(fail("early"));
  group.spawn(wait_for_cancel(log));
  run_until_idle(io);
  BOOST_TEST(group.size() == 0U);
  BOOST_TEST(log == "c");
  BOOST_CHECK_EXCEPTION(run(io, group.join()), std::runtime_error, says("early"));
}

BOOST_FIXTURE_TEST_CASE(stop_is_not_a_failure, fixture) {
  group.spawn(wait_for_cancel(log));
  run_until_idle(io);
  group.stop();
  run(io, group.join());
  BOOST_TEST(log == "c");
}

BOOST_FIXTURE_TEST_CASE(failure_while_stopping_is_thrown, fixture) {
  event flag;
  struct spoilt {
    static task<void> end() {
      event never;
      try {
        co_await never.wait();
      } catch (std::system_error const&) {
      }
      throw std::runtime_error("clean-up failed");
    }
  };
  group.spawn(spoilt::end());
  run_until_idle(io);
  group.stop();
  BOOST_CHECK_EXCEPTION(run(io, group.join()), std::runtime_error, says("clean-up failed"));
}

BOOST_FIXTURE_TEST_CASE(abort_without_a_stop_is_a_failure, fixture) {
  struct closed {
    static task<void> end() {
      throw std::system_error(asio::error::operation_aborted);
      co_return;
    }
  };
  group.spawn(closed::end());
  BOOST_CHECK_EXCEPTION(run(io, group.join()), std::system_error, aborted);
}

BOOST_FIXTURE_TEST_CASE(member_spawned_after_stop_is_cancelled, fixture) {
  group.stop();
  group.spawn(wait_for_cancel(log));
  run(io, group.join());
  BOOST_TEST(group.size() == 0U);
}

task<void> spawn_here(task_group& group, std::string& log) {
  group.stop();
  group.spawn(wait_for_cancel(log));  // on the executor's thread: it runs at once
  group.spawn(nothing());
  co_await group.join();
  log += 'j';
}

BOOST_FIXTURE_TEST_CASE(member_spawned_by_a_member_after_stop_is_cancelled, fixture) {
  run(io, spawn_here(group, log));
  BOOST_TEST(log == "cj");
}

task<void> stop_group(task_group& group) {
  group.stop();
  co_return;
}

BOOST_FIXTURE_TEST_CASE(member_may_stop_its_group, fixture) {
  group.spawn(wait_for_cancel(log));
  group.spawn(stop_group(group));
  group.spawn(wait_for_cancel(log));
  run(io, group.join());
  BOOST_TEST(group.size() == 0U);
}

task<void> spawn_more(task_group& group, int depth, int& count) {
  ++count;
  if (depth > 0) {
    group.spawn(spawn_more(group, depth - 1, count));
    group.spawn(spawn_more(group, depth - 1, count));
  }
  co_return;
}

BOOST_FIXTURE_TEST_CASE(members_may_spawn_members_during_join, fixture) {
  int count = 0;
  group.spawn(spawn_more(group, 8, count));
  run(io, group.join());
  BOOST_TEST(count == 511);
}

task<void> own_group(event& allowed, std::string& log) {
  task_group inner(co_await asio::this_coro::executor);
  inner.spawn(end_slowly(allowed, log));
  inner.spawn(wait_for_cancel(log));
  co_await inner.join();
  log += '!';
}

BOOST_AUTO_TEST_CASE(cancelled_join_stops_the_group_waits_and_throws) {
  asio::io_context io;
  event allowed;
  std::string log;
  cancellable outer(io, own_group(allowed, log));
  run_until_idle(io);
  outer.cancel();
  run_until_idle(io);
  outer.cancel();
  run_until_idle(io);
  BOOST_TEST(log == "cc");
  BOOST_TEST(!outer.done());
  allowed.set();
  run_until_idle(io);
  BOOST_TEST(log == "cce");
  BOOST_CHECK_EXCEPTION(outer.get(), std::system_error, aborted);
}

task<void> wait_own_group(dist::clock& clock, std::string& log) {
  task_group inner(co_await asio::this_coro::executor);
  inner.spawn(wait_for_cancel(log));
  std::exception_ptr error;
  try {
    co_await dist::sleep_for(clock, 1h);
  } catch (...) {
    error = std::current_exception();
  }
  co_await asio::this_coro::throw_if_cancelled(false);
  inner.stop();
  co_await inner.join();
  log += 'j';
  if (error) std::rethrow_exception(error);
}

BOOST_AUTO_TEST_CASE(coroutine_cancelled_earlier_can_still_join) {
  virtual_clock clock;
  asio::io_context io;
  std::string log;
  cancellable outer(io, wait_own_group(clock, log));
  run_until_idle(io);
  outer.cancel();
  run_until_idle(io);
  BOOST_TEST(log == "cj");
  BOOST_CHECK_EXCEPTION(outer.get(), std::system_error, aborted);
  BOOST_TEST(clock.timer_count() == 0U);
}

task<void> nest(int depth, std::string& log) {
  task_group inner(co_await asio::this_coro::executor);
  if (depth > 0) {
    inner.spawn(nest(depth - 1, log));
    inner.spawn(nest(depth - 1, log));
  } else {
    inner.spawn(wait_for_cancel(log));
  }
  co_await inner.join();
}

task<void> nest_and_fail(event& flag, std::string& log) {
  task_group inner(co_await asio::this_coro::executor);
  inner.spawn(nest(3, log));
  inner.spawn(fail_after(flag, "deep"));
  co_await inner.join();
}

BOOST_FIXTURE_TEST_CASE(failure_in_a_nested_group_ends_all_groups, fixture) {
  event flag;
  group.spawn(nest(3, log));
  group.spawn(nest_and_fail(flag, log));
  auto joining = start(io, group.join());
  run_until_idle(io);
  BOOST_TEST(log == "");
  flag.set();
  run_until_idle(io);
  BOOST_TEST(log == std::string(16, 'c'));
  BOOST_CHECK_EXCEPTION(joining.get(), std::runtime_error, says("deep"));
}

BOOST_AUTO_TEST_CASE(context_destroyed_after_any_handler_leaves_no_timer) {
  std::size_t most_timers = 0;
  for (int handlers = 0; handlers < 60; ++handlers) {
    event allowed;
    std::string log;
    virtual_clock clock;
    {
      asio::io_context io;
      cancellable outer(io, nest(2, log));
      cancellable slow(io, own_group(allowed, log));
      cancellable sleeping(io, wait_own_group(clock, log));
      for (int i = 0; i < handlers; ++i) {
        if (i == 25) outer.cancel();
        if (i == 30) slow.cancel();
        if (i == 35) sleeping.cancel();
        io.poll_one();
        io.restart();
      }
      most_timers = std::max(most_timers, clock.timer_count());
    }
    BOOST_TEST(clock.timer_count() == 0U, "after " << handlers << " handlers");
  }
  BOOST_TEST(most_timers == 1U);
}

BOOST_AUTO_TEST_CASE(emptied_group_may_outlive_its_context) {
  auto io = std::make_unique<asio::io_context>();
  std::string log;
  task_group group(io->get_executor());
  group.spawn(wait_for_cancel(log));
  run_until_idle(*io);
  io.reset();
  BOOST_TEST(group.size() == 0U);
  BOOST_TEST(log == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
