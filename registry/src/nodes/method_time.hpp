#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace dist {

/// How long a method usually runs, as nodes report with their replies; an exponentially weighted mean.
class method_time {
 public:
  /// One call that ended well; 0: not measured.
  void add(std::uint32_t microseconds) noexcept {
    if (microseconds == 0) return;
    auto const sixteenths = std::uint64_t{microseconds} * 16;
    if (count_ == 0)
      mean_ = sixteenths;
    else
      mean_ = mean_ - mean_ / 8 + sixteenths / 8;
    if (count_ < enough) ++count_;
  }
  /// The same for one so short that a measurement is either right or shows an interruption: of the last five
  /// the middle one counts.
  void add_usual(std::uint32_t microseconds) noexcept {
    if (microseconds == 0) return;
    last_[added_++ % last_.size()] = microseconds;
    if (added_ < last_.size()) return;
    auto ordered = last_;
    std::ranges::sort(ordered);
    add(ordered[ordered.size() / 2]);
  }
  /// Often enough to go by it.
  bool is_measured() const noexcept { return count_ >= enough; }
  /// Not measured: 0.
  std::uint64_t microseconds() const noexcept { return mean_ / 16; }
  /// Whether a call of this time ended sooner than successful ones do; unknown times are quick.
  bool is_quick(std::uint32_t microseconds) const noexcept {
    return microseconds == 0 || count_ == 0 || std::uint64_t{microseconds} * 16 < mean_;
  }
  /// It has been measured, and one call is more work than a window may hold.
  bool is_long() const noexcept { return is_measured() && window(1) == 0; }
  /// How many calls are 1 ms of work, at most `most`; none before some have been measured.
  std::uint32_t window(std::uint32_t most) const noexcept {
    if (!is_measured()) return 0;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(most, 16'000 / std::max<std::uint64_t>(mean_, 1)));
  }

 private:
  static constexpr std::uint32_t enough = 8;
  std::uint64_t mean_ = 0;  ///< in sixteenths of a microsecond
  std::uint32_t count_ = 0;
  std::array<std::uint32_t, 5> last_{};
  std::size_t added_ = 0;
};

}  // namespace dist
