#pragma once

#include <dist/rpc/clock.hpp>
#include <functional>
#include <utility>

namespace dist {

/// One timer that is moved about. I/O thread.
class wake_timer {
 public:
  wake_timer(clock& time, std::function<void()> due) : clock_(time), due_(std::move(due)) {}
  wake_timer(wake_timer const&) = delete;
  wake_timer& operator=(wake_timer const&) = delete;
  ~wake_timer() { set(time_point::max()); }

  /// The one time at which it fires next; max(): never.
  void set(time_point when) {
    if (when == when_) return;
    if (timer_ != timer_id::none) clock_.cancel(std::exchange(timer_, timer_id::none));
    when_ = when;
    if (when == time_point::max()) return;
    timer_ = clock_.schedule(when, [this] {
      timer_ = timer_id::none;
      when_ = time_point::max();
      due_();
    });
  }

 private:
  clock& clock_;
  std::function<void()> due_;
  timer_id timer_ = timer_id::none;
  time_point when_ = time_point::max();
};

}  // namespace dist
