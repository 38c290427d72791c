#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "nodes/node_info.hpp"
#include "placement/label_filter.hpp"

namespace dist {

/// The last four nodes that a call would rather not go to again.
class avoided_nodes {
 public:
  void add(node_id node) noexcept {
    if (contains(node)) return;
    std::ranges::rotate(nodes_, nodes_.end() - 1);
    nodes_.front() = node;
  }
  bool contains(node_id node) const noexcept { return std::ranges::find(all(), node) != all().end(); }
  bool empty() const noexcept { return nodes_.front() == no_node_id; }
  /// The latest first.
  std::span<node_id const> all() const noexcept {
    return {nodes_.data(), static_cast<std::size_t>(std::ranges::find(nodes_, no_node_id) - nodes_.begin())};
  }

 private:
  std::array<node_id, 4> nodes_{};
};

/// Whose calls they are: callers get the nodes in turn. 0 is this program itself.
enum class caller_ref : std::uint32_t {};

/// The requirements of a call on its node and on the queue.
struct call_needs {
  method_ref method{};
  label_filter_ref labels = no_label_filter;
  node_id pin = no_node_id;  ///< this node and no other; see registry::ask
  caller_ref caller{};
  bool repeatable = false;  ///< as declared, unless the caller narrowed it; may use the method's window
  bool nested = false;      ///< made by a method: goes ahead of top-level calls
  bool moved = false;       ///< was accepted before and returns: goes to the front, is never rejected for a full queue
  bool alone = false;       ///< needs a node for itself: nodes died under it
  bool not_in_go = false;   ///< its arguments cannot be sent to a Go node: never one of those
  std::uint32_t bytes = 0;  ///< of the encoded arguments, for the queue's bound
  node_id held_by = no_node_id;  ///< this node has the call already: never there
  avoided_nodes avoided;         ///< only where no other has room: a preference, which decides nothing else

  bool may_use_window() const noexcept { return repeatable && !alone; }
  /// Whether it distinguishes between nodes with equal methods and labels.
  bool is_choosy() const noexcept { return held_by != no_node_id || !avoided.empty(); }
  bool shuns(node_id node) const noexcept { return node == held_by || avoided.contains(node); }
};

}  // namespace dist
