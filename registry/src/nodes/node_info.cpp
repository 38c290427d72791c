#include "nodes/node_info.hpp"

#include <ostream>

namespace dist {

std::string_view to_text(node_kind kind) noexcept { return kind == node_kind::go ? "go" : "dist"; }

std::string_view to_text(node_state state) noexcept {
  switch (state) {
    case node_state::living:
      return "living";
    case node_state::suspect:
      return "suspect";
    case node_state::set_aside:
      return "set aside";
    case node_state::draining:
      return "draining";
    case node_state::lost:
      return "lost";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, node_kind kind) { return out << to_text(kind); }
std::ostream& operator<<(std::ostream& out, node_state state) { return out << to_text(state); }

std::ostream& operator<<(std::ostream& out, node_id id) {
  auto const value = static_cast<std::uint64_t>(id);
  return out << "node " << (value >> 32) << '/' << (value & 0xFFFF'FFFF);
}

std::ostream& operator<<(std::ostream& out, method_ref method) {
  return out << "method " << static_cast<std::uint32_t>(method);
}

std::ostream& operator<<(std::ostream& out, call_no call) {
  return out << "call " << call.index << '/' << call.generation;
}

}  // namespace dist
