#pragma once

#include <cstdint>
#include <functional>

namespace dist {

/// One call of one process: its place in the call book, and how often that place was used. Never valid twice.
struct call_no {
  std::uint32_t index = ~0U;
  std::uint32_t generation = 0;  ///< 0: no call

  friend bool operator==(call_no, call_no) = default;
};

}  // namespace dist

template <>
struct std::hash<dist::call_no> {
  std::size_t operator()(dist::call_no call) const noexcept {
    return std::hash<std::uint64_t>()((std::uint64_t{call.generation} << 32) | call.index);
  }
};
