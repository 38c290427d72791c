#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>

namespace dist {

/// A point on the steady clock; no clock is read here.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

/// The sum of two durations, or the longest one on that side where it lies beyond. What users, flags and peers give may
/// be as long as it likes, so nothing of theirs is added in another way.
constexpr duration longer(duration first, duration second) noexcept {
  duration::rep sum = 0;
  if (!__builtin_add_overflow(first.count(), second.count(), &sum)) return duration(sum);
  return second < duration::zero() ? duration::min() : duration::max();
}

/// The time that is `by` after `now`; time_point::max() where it lies beyond, which is never.
constexpr time_point later(time_point now, duration by) noexcept {
  return time_point(longer(now.time_since_epoch(), by));
}

/// A length of time in any unit, as a parameter: one that nanoseconds cannot hold is the longest that they can.
class time_length {
 public:
  template <class Rep, class Period>
    requires std::convertible_to<std::chrono::duration<Rep, Period>, duration>
  constexpr time_length(std::chrono::duration<Rep, Period> given) noexcept  // NOLINT(google-explicit-constructor)
      : value_(clamped(given)) {}

  constexpr operator duration() const noexcept { return value_; }  // NOLINT(google-explicit-constructor)

 private:
  template <class Rep, class Period>
  static constexpr duration clamped(std::chrono::duration<Rep, Period> given) noexcept {
    using exact = std::chrono::duration<long double, duration::period>;
    exact const wanted = given;
    if (wanted >= exact(duration::max())) return duration::max();
    if (wanted <= exact(duration::min())) return duration::min();
    return given;
  }

  duration value_;
};

/// The point in time by which a call must have been answered.
class deadline {
 public:
  constexpr deadline() noexcept = default;
  constexpr explicit deadline(time_point at) noexcept : at_(at) {}

  static constexpr deadline never() noexcept { return {}; }

  constexpr bool is_never() const noexcept { return at_ == time_point::max(); }
  constexpr time_point at() const noexcept { return at_; }
  constexpr bool passed(time_point now) const noexcept { return !is_never() && now >= at_; }

  friend constexpr auto operator<=>(deadline, deadline) noexcept = default;

 private:
  time_point at_ = time_point::max();
};

/// On the wire: microseconds that remain, rounded up; 0 is none; all ones is "longer than can be expressed".
constexpr std::uint32_t to_wire(deadline when, time_point now) noexcept {
  if (when.is_never()) return 0;
  auto const left = std::chrono::ceil<std::chrono::microseconds>(when.at() - now).count();
  if (left < 1) return 1;
  return left >= 0xFFFF'FFFF ? 0xFFFF'FFFFU : static_cast<std::uint32_t>(left);
}

/// A time that passes from when the frame is read, in the same place: at least 1, for 0 is none.
constexpr std::uint32_t patience_to_wire(std::uint64_t microseconds) noexcept {
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(microseconds, 1, 0xFFFF'FFFF));
}

constexpr deadline deadline_from_wire(std::uint32_t microseconds, time_point now) noexcept {
  if (microseconds == 0 || microseconds == 0xFFFF'FFFFU) return deadline::never();
  return deadline(later(now, std::chrono::microseconds(microseconds)));
}

}  // namespace dist
