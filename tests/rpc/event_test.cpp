#include <dist/rpc/detail/event.hpp>

#include <asio/error.hpp>
#include <asio/strand.hpp>
#include <asio/this_coro.hpp>
#include <asio/thread_pool.hpp>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <latch>
#include <memory>

#include "sim/world/run.hpp"
#include "support/cancellable.hpp"

namespace {

using dist::event;
using dist::task;
using dist::test::cancellable;
using dist::test::run_until_idle;
using dist::test::start;

bool aborted(std::system_error const& e) { return e.code() == asio::error::operation_aborted; }

task<void> wait_times(event& flag, int& count, int times) {
  for (int i = 0; i < times; ++i) {
    co_await flag.wait();
    ++count;
  }
}

BOOST_AUTO_TEST_SUITE(event_suite)

BOOST_AUTO_TEST_CASE(set_before_the_wait_is_remembered_once) {
  asio::io_context io;
  event flag;
  int count = 0;
  flag.set();
  flag.set();
  BOOST_TEST(flag.is_set());
  auto waiting = start(io, wait_times(flag, count, 2));
  run_until_idle(io);
  BOOST_TEST(count == 1);
  BOOST_TEST(!flag.is_set());
  flag.set();
  BOOST_TEST(count == 1);  // never inside set
  BOOST_TEST(!flag.is_set());
  run_until_idle(io);
  BOOST_TEST(waiting.done());
}

BOOST_AUTO_TEST_CASE(reset_clears_the_flag) {
  asio::io_context io;
  event flag;
  int count = 0;
  flag.set();
  flag.reset();
  auto waiting = start(io, wait_times(flag, count, 1));
  run_until_idle(io);
  BOOST_TEST(count == 0);
}

BOOST_AUTO_TEST_CASE(set_between_two_waits_is_kept) {
  asio::io_context io;
  event flag;
  int count = 0;
  auto waiting = start(io, wait_times(flag, count, 2));
  run_until_idle(io);
  flag.set();  // resumes
  flag.set();  // the coroutine has not resumed yet: remembered for its next wait
  run_until_idle(io);
  BOOST_TEST(count == 2);
}

BOOST_AUTO_TEST_CASE(cancelled_wait_is_aborted) {
  asio::io_context io;
  event flag;
  int count = 0;
  cancellable waiting(io, wait_times(flag, count, 1));
  run_until_idle(io);
  waiting.cancel();
  waiting.cancel();
  run_until_idle(io);
  BOOST_CHECK_EXCEPTION(waiting.get(), std::system_error, aborted);
  // No waiter is left: the next set is remembered.
  flag.set();
  BOOST_TEST(flag.is_set());
}

BOOST_AUTO_TEST_CASE(cancel_after_set_has_no_effect) {
  asio::io_context io;
  event flag;
  int count = 0;
  cancellable waiting(io, wait_times(flag, count, 2));
  run_until_idle(io);
  flag.set();
  waiting.cancel();
  run_until_idle(io);
  BOOST_TEST(count == 1);  // the first wait gets its event; the second throws
  BOOST_CHECK_EXCEPTION(waiting.get(), std::system_error, aborted);
}

BOOST_AUTO_TEST_CASE(set_after_cancel_is_remembered) {
  asio::io_context io;
  event flag;
  int count = 0;
  cancellable waiting(io, wait_times(flag, count, 1));
  run_until_idle(io);
  waiting.cancel();
  flag.set();
  run_until_idle(io);
  BOOST_CHECK_EXCEPTION(waiting.get(), std::system_error, aborted);
  BOOST_TEST(flag.is_set());
}

BOOST_AUTO_TEST_CASE(destroyed_event_aborts_its_waiter) {
  asio::io_context io;
  auto flag = std::make_unique<event>();
  int count = 0;
  cancellable waiting(io, wait_times(*flag, count, 1));
  run_until_idle(io);
  flag.reset();
  waiting.cancel();  // must not reach the event
  run_until_idle(io);
  BOOST_CHECK_EXCEPTION(waiting.get(), std::system_error, aborted);
}

task<void> wait_in_own_frame(std::shared_ptr<int> proof) {
  event flag;
  co_await flag.wait();
  ++*proof;
}

BOOST_AUTO_TEST_CASE(destroyed_context_destroys_its_waiters) {
  auto proof = std::make_shared<int>(0);
  {
    asio::io_context io;
    for (int i = 0; i < 5; ++i) start(io, wait_in_own_frame(proof));
    run_until_idle(io);
    BOOST_TEST(proof.use_count() == 6);
  }
  BOOST_TEST(proof.use_count() == 1);
  BOOST_TEST(*proof == 0);
}

task<void> wait_shared(std::shared_ptr<event> flag) { co_await flag->wait(); }

BOOST_AUTO_TEST_CASE(event_may_outlive_its_context) {
  event outside;
  int count = 0;
  auto shared = std::make_shared<event>();
  {
    asio::io_context io;
    start(io, wait_times(outside, count, 1));
    start(io, wait_shared(shared));
    run_until_idle(io);
  }
  BOOST_TEST(shared.use_count() == 1);
  outside.set();
  BOOST_TEST(outside.is_set());
}

task<void> keep_while(std::shared_ptr<int>, task<void> work) { co_await std::move(work); }

BOOST_AUTO_TEST_CASE(context_destroyed_after_any_handler_destroys_its_waiter) {
  for (int handlers = 0; handlers < 12; ++handlers) {
    auto const proof = std::make_shared<int>(0);
    event flag;
    int count = 0;
    {
      asio::io_context io;
      cancellable waiting(io, keep_while(proof, wait_times(flag, count, 3)));
      BOOST_TEST(proof.use_count() == 2);
      for (int i = 0; i < handlers; ++i) {
        if (i % 3 == 1) flag.set();
        if (i == 9) waiting.cancel();
        io.poll_one();
        io.restart();
      }
    }
    BOOST_TEST(proof.use_count() == 1, "after " << handlers << " handlers");
  }
}

BOOST_AUTO_TEST_CASE(waiters_on_many_threads_share_a_context) {
  asio::thread_pool pool(4);
  std::atomic<int> waits = 0;
  std::latch ended(8);
  struct loop {
    static task<void> run(std::atomic<int>& waits, std::latch& ended) {
      for (int i = 0; i < 1000; ++i) {
        event flag;
        flag.set();
        co_await flag.wait();
        ++waits;
        cancellable other(co_await asio::this_coro::executor, wait_shared(std::make_shared<event>()));
        asio::post(co_await asio::this_coro::executor, [] {});
      }
      ended.count_down();
    }
  };
  for (int i = 0; i < 8; ++i) start(asio::any_io_executor(asio::make_strand(pool)), loop::run(waits, ended));
  ended.wait();
  BOOST_TEST(waits == 8000);
  pool.stop();
  pool.join();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
