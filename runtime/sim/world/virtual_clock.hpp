#pragma once

#include <asio/io_context.hpp>
#include <atomic>
#include <cstddef>
#include <dist/rpc/clock.hpp>
#include <dist/rpc/detail/timer_heap.hpp>

namespace dist::test {

/// Time that stands still until a test moves it. Actions run inside `advance`, in order, each at its own time. It knows
/// no io_context, so that it can be made before one and go after it.
class virtual_clock final : public clock {
 public:
  /// A day after the epoch, so that subtracting from it is harmless.
  virtual_clock() = default;

  time_point now() const noexcept override { return time_point(duration(now_.load(std::memory_order_relaxed))); }
  timer_id schedule(time_point when, std::function<void()> action) override {
    return timers_.add(when, std::move(action));
  }
  void cancel(timer_id timer) noexcept override { timers_.cancel(timer); }
  std::size_t timer_count() const noexcept override { return timers_.size(); }
  std::optional<time_point> next_due() const noexcept { return timers_.next_due(); }

  /// Advances by `time` and runs every timer that expires on the way; work posted by them runs only with the next io
  /// turn.
  void advance(duration time) { advance_to(now() + time); }
  void advance_to(time_point when) {
    for (auto next = timers_.next_due(); next && *next <= when; next = timers_.next_due()) run_at(*next);
    move_to(when);
  }
  /// Advances to the first timer and runs what is due then; false if there is none.
  bool advance_to_next() {
    auto const next = timers_.next_due();
    if (!next) return false;
    move_to(*next);
    // An action that schedules another for the same time gets its turn with the next call.
    for (auto left = timers_.size(); left > 0; --left) {
      auto const action = timers_.take_due(now());
      if (!action) break;
      action();
    }
    return true;
  }

 private:
  void run_at(time_point when) {
    move_to(when);
    if (auto const action = timers_.take_due(now())) action();
  }
  void move_to(time_point when) noexcept {
    if (when > now()) now_.store(when.time_since_epoch().count(), std::memory_order_relaxed);
  }

  timer_heap timers_;
  std::atomic<duration::rep> now_ = duration(std::chrono::hours(24)).count();
};

/// Runs handlers until none is ready; how many ran.
inline std::size_t run_until_idle(asio::io_context& io) {
  std::size_t total = 0;
  for (;;) {
    io.restart();
    auto const ran = io.poll();
    if (ran == 0) return total;
    total += ran;
  }
}

/// Runs until idle, moves to the next timer, and so on; true once `done()` holds, false when nothing is left that could
/// make it hold. `most_timers` bounds a program whose timers never end.
template <class Done>
bool drive(asio::io_context& io, virtual_clock& clock, Done done, std::size_t most_timers = 100'000) {
  for (;;) {
    run_until_idle(io);
    if (done()) return true;
    if (most_timers-- == 0 || !clock.advance_to_next()) return false;
  }
}

}  // namespace dist::test
