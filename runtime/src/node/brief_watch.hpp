#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <limits>
#include <vector>

namespace dist {

/// How long brief methods take on the I/O thread, where all else waits for them. Measured now and then: reading the
/// clock costs about as much as a short method.
class brief_watch {
 public:
  static constexpr auto limit = std::chrono::microseconds(100);
  static constexpr unsigned one_of = 16;  ///< is measured

  /// Whether the next one is to be measured.
  bool measures_next() noexcept { return calls_++ % one_of == 0; }

  /// The method, by its index in the node's list, ran for this long. True once for each that exceeds the limit:
  /// three times in a row, for another program may have had the processor once.
  bool is_offender(std::size_t method, duration ran) {
    if (method >= over_.size()) over_.resize(method + 1);
    auto& over = over_[method];
    if (over == named) return false;
    over = ran > limit ? static_cast<std::uint8_t>(over + 1) : std::uint8_t{0};
    return over == named;
  }

  /// As sent in a reply: rounded up, since 0 means "not measured".
  static std::uint32_t microseconds(duration ran) noexcept {
    auto const us = std::chrono::ceil<std::chrono::microseconds>(ran).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 1, std::numeric_limits<std::uint32_t>::max()));
  }

 private:
  static constexpr std::uint8_t named = 3;
  std::uint64_t calls_ = 0;
  std::vector<std::uint8_t> over_;  ///< in a row, by method
};

}  // namespace dist
