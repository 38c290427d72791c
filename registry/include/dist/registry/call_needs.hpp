#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <dist/registry/node_info.hpp>
#include <dist/registry/wish.hpp>
#include <span>

namespace dist {

/// A few nodes that a call should not go to again. Holds the last four.
class avoided_nodes {
 public:
  void add(node_id node) noexcept {
    if (contains(node)) return;
    nodes_[added_++ % nodes_.size()] = node;
  }
  bool contains(node_id node) const noexcept { return std::ranges::find(all(), node) != all().end(); }
  bool empty() const noexcept { return added_ == 0; }
  std::span<node_id const> all() const noexcept {
    return {nodes_.data(), std::min<std::size_t>(added_, nodes_.size())};
  }

 private:
  std::array<node_id, 4> nodes_{};
  std::uint32_t added_ = 0;
};

/// Whose calls they are: callers get the nodes in turn. 0 is this program itself.
enum class caller_ref : std::uint32_t {};

/// What a call asks of its node and of the queue.
struct call_needs {
  method_ref method{};
  wish_ref labels = no_wish;
  node_id pin = no_node_id;  ///< this node and no other; see registry::ask
  caller_ref caller{};
  bool repeatable = false;  ///< as the serving class says, unless the caller narrowed it; may use the method's window
  bool nested = false;      ///< made by a method: goes ahead of top-level calls
  bool moved = false;       ///< was accepted before and comes back: goes to the front, is never refused for a full queue
  bool alone = false;       ///< needs a node for itself (blame)
  std::uint32_t bytes = 0;  ///< of the encoded arguments, for the queue's bound
  avoided_nodes avoided;    ///< not these, as long as another living node has the method

  bool may_use_window() const noexcept { return repeatable && !alone; }
};

}  // namespace dist
