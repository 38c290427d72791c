#pragma once

#include <dist/rpc/error.hpp>
#include <dist/rpc/fault.hpp>
#include <ostream>

namespace dist {

inline std::ostream& operator<<(std::ostream& out, progress what) {
  constexpr char const* names[] = {"not_started", "unknown", "executed"};
  return out << names[static_cast<std::size_t>(what)];
}

}  // namespace dist
