#pragma once

#include <cstdint>
#include <string>

namespace dist {

inline std::string slots_text(std::uint32_t slots) { return std::to_string(slots) + (slots == 1 ? " slot" : " slots"); }

inline std::string nodes_text(std::size_t nodes) { return std::to_string(nodes) + (nodes == 1 ? " node" : " nodes"); }

}  // namespace dist
