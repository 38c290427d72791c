#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dist {

inline std::string slots_text(std::uint32_t slots) { return std::to_string(slots) + (slots == 1 ? " slot" : " slots"); }

/// `100,000`.
inline std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

inline std::string nodes_text(std::size_t nodes) { return std::to_string(nodes) + (nodes == 1 ? " node" : " nodes"); }

}  // namespace dist
