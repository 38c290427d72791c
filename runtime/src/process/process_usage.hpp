#pragma once

#include <cstdint>

namespace dist {

/// What this process uses of its machine, as the system says; 0 where it does not.
struct process_usage {
  std::uint64_t descriptors = 0;
  std::uint64_t most_descriptors = 0;
  std::uint64_t resident_bytes = 0;
  double processor_seconds = 0;

  static process_usage read();
};

}  // namespace dist
