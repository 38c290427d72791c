#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <dist/rpc/clock.hpp>
#include <dist/rpc/detail/lifetime.hpp>
#include <dist/rpc/detail/timer_heap.hpp>
#include <optional>

namespace dist {

/// The real time on one io_context: any number of timers behind one of the system's, which is moved only when a timer
/// is scheduled before all others. An io_context has other work than this clock only while a timer is armed.
///
/// Lives    must go before its io_context; timers that are still armed are forgotten, their actions destroyed.
class system_clock final : public clock {
 public:
  explicit system_clock(asio::io_context& io);
  system_clock(system_clock const&) = delete;
  system_clock& operator=(system_clock const&) = delete;

  time_point now() const noexcept override { return std::chrono::steady_clock::now(); }
  timer_id schedule(time_point when, std::function<void()> action) override;
  void cancel(timer_id timer) noexcept override;
  std::size_t timer_count() const noexcept override { return timers_.size(); }

 private:
  void arm(time_point when);
  void fired();

  asio::steady_timer timer_;
  timer_heap timers_;
  /// What the system's timer waits for; max when it is not armed. Never later than the first of `timers_`.
  time_point armed_for_ = time_point::max();
  std::optional<lifetime<system_clock>> self_;  ///< of the latest wait: one that ends after this or after a newer wait does nothing
};

}  // namespace dist
