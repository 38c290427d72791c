#pragma once

#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <functional>

namespace dist {

enum class timer_id : std::uint64_t { none = 0 };

/// The seam of time: the only place that reads a clock or arms a timer. One object per process, used on its I/O
/// thread alone, except `now()`, which any thread may ask.
class clock {
 public:
  virtual ~clock() = default;

  virtual time_point now() const noexcept = 0;

  /// Runs `action` on the I/O thread once `when` has come, never before this returns. It must not throw.
  virtual timer_id schedule(time_point when, std::function<void()> action) = 0;
  /// Cancels a timer; no effect if it has fired or was cancelled.
  virtual void cancel(timer_id timer) noexcept = 0;
  /// How many timers are armed: tests prove with it that nothing is left over.
  virtual std::size_t timer_count() const noexcept = 0;
};

}  // namespace dist
