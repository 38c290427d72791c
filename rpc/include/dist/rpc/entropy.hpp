#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dist {

/// The seam of chance: jitter, nonces, incarnations, tie breaks.
class entropy {
 public:
  virtual ~entropy() = default;

  /// Fills `out` with bytes that no peer can guess (a test's source is seeded instead).
  virtual void fill(std::span<std::byte> out) = 0;
  virtual std::uint64_t next() = 0;

  /// Uniform in [0, bound); 0 for a bound of 0.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
};

}  // namespace dist
