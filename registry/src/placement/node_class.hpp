#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "placement/call_needs.hpp"
#include "placement/lease.hpp"

namespace dist {

/// The properties that nodes of one class share.
struct class_key {
  node_kind kind = node_kind::dist;
  std::vector<method_ref> methods;  ///< sorted: certainly has them
  std::vector<method_ref> unknown;  ///< sorted: a Go node reported that it has none of these
  node_labels labels;

  bool lists(method_ref method) const noexcept;
  bool may_have(method_ref method) const noexcept;
  friend auto operator<=>(class_key const&, class_key const&) = default;
};

/// Nodes with equal methods and labels; the least used living one is on top of the heap.
class node_class {
 public:
  explicit node_class(class_key key) : key_(std::move(key)) {}

  class_key const& key() const noexcept { return key_; }
  /// Nodes that are neither suspect nor draining, and their slots.
  std::size_t living() const noexcept { return living_; }
  /// Of all its nodes, those that are set aside and nothing else.
  std::size_t aside() const noexcept { return aside_; }
  std::uint64_t slots() const noexcept { return living_slots_; }
  /// Living nodes that one call does not have for itself.
  std::span<node_load* const> nodes() const noexcept { return heap_; }
  node_load* top() const noexcept { return heap_.empty() ? nullptr : heap_.front(); }
  /// Whether its nodes have, or may have, the method and have the labels.
  bool serves(method_ref method, label_filter_ref labels) const noexcept {
    return meets(labels) && key_.may_have(method);
  }
  bool meets(label_filter_ref labels) const noexcept { return meets_[static_cast<std::size_t>(labels)]; }
  /// Whether the call may go to nodes of this kind with these labels.
  bool suits(call_needs const& needs) const noexcept {
    return meets(needs.labels) && !(needs.not_in_go && key_.kind == node_kind::go);
  }
  /// Whether its nodes may get the call.
  bool takes(call_needs const& needs) const noexcept { return suits(needs) && key_.may_have(needs.method); }
  /// The least used node with room that the call does not shun.
  node_load* best(call_needs const& needs, std::uint32_t window) const noexcept;

  void insert(node_load& load);
  void erase(node_load& load) noexcept;
  /// The load has changed: restores the heap.
  void moved_up(node_load& load) noexcept;
  void moved_down(node_load& load) noexcept;
  /// Steps of all heap operations so far: the cost that grows with the number of nodes.
  std::uint64_t steps() const noexcept { return steps_; }

 private:
  friend class selector;
  node_load* best_below(std::size_t index, call_needs const& needs, std::uint32_t window) const noexcept;
  void place(std::size_t index, node_load* load) noexcept;

  class_key key_;
  std::vector<bool> meets_;  ///< by label_filter_ref
  std::vector<node_load*> heap_;
  std::size_t members_ = 0;  ///< with those that take no calls
  std::size_t living_ = 0;
  std::size_t aside_ = 0;
  std::uint64_t living_slots_ = 0;
  bool freed_ = false;  ///< in selector's list
  std::uint64_t steps_ = 0;
};

/// Less used relative to its slots; beyond the slots, relative to the window; ties to the one picked longest ago.
bool less_used(node_load const& a, node_load const& b) noexcept;
/// Whether the node could start one more call with these needs, of a method with this window.
bool has_room(node_load const& load, call_needs const& needs, std::uint32_t window) noexcept;

}  // namespace dist
