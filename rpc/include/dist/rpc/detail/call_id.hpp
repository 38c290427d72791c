#pragma once

#include <cstdint>

namespace dist {

/// A call on one connection: its index in the sender's table, and how often that index was used before.
struct call_id {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;

  friend bool operator==(call_id, call_id) = default;
};

/// The generation of a place that is used again. Never 0, which no call has.
constexpr std::uint32_t next_generation(std::uint32_t used) noexcept { return used == 0xFFFF'FFFF ? 1 : used + 1; }

}  // namespace dist
