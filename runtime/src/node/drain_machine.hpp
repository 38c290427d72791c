#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace dist {

/// How a node's session ends in good order: the node announces that it takes no new calls, the master confirms that none is on
/// its way, and the node says goodbye once the running ones have been answered. Pure; PROTOCOL.md describes the frames.
class drain_machine {
 public:
  /// This node is to leave. True: announce it.
  bool begin() noexcept {
    if (phase_ != phase::open) return false;
    phase_ = phase::announced;
    return true;
  }
  /// The master's drain frame has come. True: it asks this node to leave; otherwise it confirms what was announced.
  bool heard_from_master() noexcept {
    if (phase_ == phase::announced) phase_ = phase::confirmed;
    return phase_ == phase::open;
  }
  /// Top-level ones. Nested calls are always taken: those that run could not end without them.
  bool takes_calls() const noexcept { return phase_ == phase::open; }
  /// `awaited`: running calls whose answers the master is to get.
  bool may_leave(std::size_t awaited) const noexcept { return phase_ == phase::confirmed && awaited == 0; }
  /// True the first time: say goodbye.
  bool leave() noexcept { return std::exchange(phase_, phase::left) != phase::left; }
  bool has_left() const noexcept { return phase_ == phase::left; }

 private:
  enum class phase : std::uint8_t { open, announced, confirmed, left };
  phase phase_ = phase::open;
};

}  // namespace dist
