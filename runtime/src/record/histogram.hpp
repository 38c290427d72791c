#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace dist {

/// How long things took, in microseconds: four buckets for each doubling, so a quantile is right to a fifth. Adding is an
/// index and two additions, nothing is allocated.
class histogram {
 public:
  static constexpr std::size_t size = 140;  ///< the last bucket ends at 2^36 us, 19 hours, and includes longer times

  void add(std::uint64_t microseconds) noexcept { add(microseconds, index(microseconds)); }
  /// The same where the bucket is known.
  void add(std::uint64_t microseconds, std::size_t bucket) noexcept {
    ++counts_[bucket];
    sum_ += microseconds;
  }

  /// The bucket of a duration.
  static constexpr std::size_t index(std::uint64_t microseconds) noexcept {
    if (microseconds < 4) return static_cast<std::size_t>(microseconds);
    auto const width = static_cast<std::size_t>(std::bit_width(microseconds));
    if (width > 36) return size - 1;
    return (width - 2) * 4 + static_cast<std::size_t>(microseconds >> (width - 3) & 3);
  }
  /// The first duration that is beyond a bucket.
  static constexpr std::uint64_t end_of(std::size_t bucket) noexcept {
    if (bucket < 4) return bucket + 1;
    return (4 + bucket % 4 + 1) << (bucket / 4 - 1);
  }

  std::uint64_t count() const noexcept { return below(size); }
  /// How many were in the first `buckets` buckets.
  std::uint64_t below(std::size_t buckets) const noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < buckets; ++i) sum += counts_[i];
    return sum;
  }
  std::uint64_t sum() const noexcept { return sum_; }
  /// The time that this share, 0 to 1, took at most; 0 if empty.
  std::uint64_t quantile(double share) const noexcept {
    auto const all = count();
    if (all == 0) return 0;
    auto const wanted = static_cast<double>(all) * share;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < size; ++i) {
      seen += counts_[i];
      if (seen > 0 && static_cast<double>(seen) >= wanted) return end_of(i) - 1;
    }
    return end_of(size - 1) - 1;
  }

  histogram& operator+=(histogram const& other) noexcept {
    for (std::size_t i = 0; i < size; ++i) counts_[i] += other.counts_[i];
    sum_ += other.sum_;
    return *this;
  }
  /// The difference from `earlier`, a former copy of this.
  histogram since(histogram const& earlier) const noexcept {
    auto rest = *this;
    for (std::size_t i = 0; i < size; ++i) rest.counts_[i] -= earlier.counts_[i];
    rest.sum_ -= earlier.sum_;
    return rest;
  }

 private:
  std::array<std::uint64_t, size> counts_{};
  std::uint64_t sum_ = 0;
};

}  // namespace dist
