#pragma once

#include <chrono>
#include <dist/rpc/clock.hpp>

namespace dist {

/// Decides whether an I/O thread without work polls again or sleeps: a sleeping processor takes long to wake, one that
/// looks keeps others from it. Pure.
class spin {
 public:
  /// `bound`: how long it looks before it sleeps; zero: it never does.
  explicit spin(duration bound) noexcept : bound_(bound) {}

  /// There was work until now.
  void worked(time_point now) noexcept {
    worked_ = now;
    crowded_ = false;
  }
  /// Whether to yield the processor now.
  bool yields_now(time_point now) const noexcept { return now - yielded_ >= yields_every; }
  /// They had it, and it is back.
  void yielded(time_point before, time_point after) noexcept {
    crowded_ = after - before >= others_ran;
    yielded_ = after;
  }
  bool looks_again(time_point now) const noexcept { return !crowded_ && now - worked_ < bound_; }

 private:
  /// Yielding makes each poll longer, and other threads can wait this long.
  static constexpr duration yields_every = std::chrono::microseconds(5);
  /// A yield without a waiting thread takes less than a microsecond.
  static constexpr duration others_ran = std::chrono::microseconds(10);

  duration bound_;
  time_point worked_{};
  time_point yielded_{};
  bool crowded_ = false;  ///< other threads need this processor: they ran when we yielded
};

}  // namespace dist
