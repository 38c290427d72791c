#pragma once

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <dist/rpc/task.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>

#include "sim/world/virtual_clock.hpp"

namespace dist::test {

/// When a test's coroutine is taken for stuck.
struct watchdog {
  std::size_t handlers = 20'000'000;
  std::chrono::steady_clock::duration time = std::chrono::seconds(60);
  std::size_t timers = 1'000'000;
};

/// What may be left when the coroutine has ended: for tests whose objects outlive it.
enum class leftovers { forbidden, allowed };

/// The result of a coroutine that a test runs.
template <class T>
class outcome {
 public:
  void operator()(std::exception_ptr error) { end(error); }
  template <class Value>
  void operator()(std::exception_ptr error, Value value) {
    if (!error) value_.emplace(std::move(value));
    end(error);
  }
  bool done() const noexcept { return done_; }
  T get() {
    if (error_) std::rethrow_exception(error_);
    if constexpr (!std::is_void_v<T>) return std::move(*value_);
  }

 private:
  void end(std::exception_ptr error) {
    error_ = error;
    done_ = true;
  }
  std::optional<std::conditional_t<std::is_void_v<T>, char, T>> value_;
  std::exception_ptr error_;
  bool done_ = false;
};

/// The state of a coroutine that `start` began.
template <class T>
class started {
 public:
  bool done() const noexcept { return state_->done(); }
  /// Its value or exception; only once it is done.
  T get() {
    if (!done()) throw std::logic_error("the coroutine has not ended");
    return state_->get();
  }

 private:
  std::shared_ptr<outcome<T>> state_ = std::make_shared<outcome<T>>();

  template <class U>
  friend started<U> start(asio::any_io_executor, task<U>);
};

/// Starts a coroutine beside the test's own steps; it runs with the io_context.
template <class T>
started<T> start(asio::any_io_executor executor, task<T> work) {
  started<T> made;
  if constexpr (std::is_void_v<T>)
    asio::co_spawn(executor, std::move(work), [state = made.state_](std::exception_ptr error) { (*state)(error); });
  else
    asio::co_spawn(executor, std::move(work),
                   [state = made.state_](std::exception_ptr error, T value) { (*state)(error, std::move(value)); });
  return made;
}
template <class T>
started<T> start(asio::io_context& io, task<T> work) {
  return start<T>(asio::any_io_executor(io.get_executor()), std::move(work));
}

/// Throws when `io` still has work: an operation in flight, a coroutine that waits, a timer of the system.
inline void expect_no_work(asio::io_context& io) {
  io.restart();
  io.poll();
  if (!io.stopped()) throw std::logic_error("work is left over in the io_context");
}

/// Runs `work` to its end and returns its value or throws its exception. T needs a default constructor.
template <class T>
T run(asio::io_context& io, task<T> work, leftovers after = leftovers::forbidden, watchdog limit = {}) {
  auto job = start(io, std::move(work));
  auto const until = std::chrono::steady_clock::now() + limit.time;
  io.restart();
  for (std::size_t handlers = 0; !job.done();) {
    auto const ran = io.run_one_until(until);
    if (ran == 0 && io.stopped() && !job.done()) throw std::logic_error("nothing is left that could end the coroutine");
    if (ran == 0 || ++handlers > limit.handlers) throw std::logic_error("watchdog: the coroutine does not end");
  }
  if (after == leftovers::forbidden) expect_no_work(io);
  return job.get();
}

/// The same in virtual time, which moves whenever nothing else is ready; no timer may be left either.
template <class T>
T run(asio::io_context& io, virtual_clock& clock, task<T> work, leftovers after = leftovers::forbidden,
      watchdog limit = {}) {
  auto job = start(io, std::move(work));
  auto const until = std::chrono::steady_clock::now() + limit.time;
  for (std::size_t handlers = 0, timers = 0; !job.done();) {
    io.restart();
    if (io.poll_one() != 0) {
      if (++handlers > limit.handlers || (handlers % 1024 == 0 && std::chrono::steady_clock::now() > until))
        throw std::logic_error("watchdog: the coroutine does not end");
    } else if (!clock.advance_to_next()) {
      throw std::logic_error("nothing is left that could end the coroutine");
    } else if (++timers > limit.timers) {
      throw std::logic_error("watchdog: too many timers");
    }
  }
  if (after == leftovers::forbidden) {
    expect_no_work(io);
    if (clock.timer_count() != 0) throw std::logic_error("timers are left over");
  }
  return job.get();
}

}  // namespace dist::test
