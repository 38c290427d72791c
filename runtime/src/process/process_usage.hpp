#pragma once

#include <cstdint>

namespace dist {

/// The resources that this process uses, as the system reports them; 0 if unknown.
struct process_usage {
  std::uint64_t descriptors = 0;
  std::uint64_t most_descriptors = 0;
  std::uint64_t resident_bytes = 0;
  double processor_seconds = 0;

  static process_usage read();
};

}  // namespace dist
