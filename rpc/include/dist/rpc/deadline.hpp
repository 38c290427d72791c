#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace dist {

/// A point on the steady clock; no clock is read here.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

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

/// On the wire: microseconds that remain, rounded up; 0 is none; all ones is "longer than can be said".
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
  return deadline(now + std::chrono::microseconds(microseconds));
}

}  // namespace dist
