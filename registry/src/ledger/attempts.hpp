#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/detail/call_no.hpp>
#include <dist/rpc/detail/call_table.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "placement/call_needs.hpp"
#include "placement/lease.hpp"

namespace dist {

/// A node as the ledger keeps it, from its joining until it is gone.
struct ledger_node {
  node_id id{};
  std::string name;
  std::uint64_t incarnation = 0;  ///< of its process; 0: not known
  std::uint32_t slots = 1;
  std::uint64_t most_calls = 0;  ///< that it can hold at once
  bool is_supervised = false;    ///< somebody will tell how its process ended
  bool lists_methods = true;     ///< a Go node does not: it is tried for any
  bool drains = false;
  std::vector<method_ref> repeatable;  ///< of the methods that it lists, sorted
  std::set<method_ref> has;  ///< methods that it has answered, where it lists none: they are as good as listed
  call_id first{};           ///< its attempts in the order in which they went out
  call_id last{};
  std::size_t attempts = 0;

  bool may_repeat(method_ref method, bool callers_word) const noexcept {
    return lists_methods ? std::ranges::binary_search(repeatable, method) : callers_word;
  }
};

/// One request for a call on one node, until the node has answered or is gone, whatever becomes of the call. Its id is
/// the call's on the node's wire.
struct attempt {
  call_no call;
  ledger_node* at = nullptr;  ///< its node, which outlives it
  method_ref method{};
  caller_ref caller{};
  lease held;
  time_point sent_at{};
  std::uint64_t frame = 0;   ///< its place in what is written to the node; 0: it has not been handed to the connection
  std::uint32_t nested = 0;  ///< calls that it waits for; its slot is given back or lent meanwhile
  std::uint32_t first_child = ~0U;  ///< of these, by their calls' index
  bool alone = false;               ///< it has the node to itself, so that no other call is to blame for the node's end
  bool abandoned = false;           ///< its reply is no longer needed
  bool callers_word = false;        ///< as the call's
  call_id previous{};               ///< on its node, in the order in which they went out
  call_id next{};
};

/// The nodes that are here, by their ids. One that another replaces stays until it is gone.
class ledger_nodes {
 public:
  void open(ledger_node node) {
    hold_ += node.most_calls;
    tried_for_any_ += !node.lists_methods;
    auto const id = node.id;
    nodes_.emplace(id, std::make_unique<ledger_node>(std::move(node)));
  }
  /// Null: it is not here.
  std::unique_ptr<ledger_node> close(node_id id) noexcept {
    auto const found = nodes_.find(id);
    if (found == nodes_.end()) return nullptr;
    auto node = std::move(found->second);
    nodes_.erase(found);
    hold_ -= node->most_calls;
    tried_for_any_ -= !node->lists_methods;
    draining_ -= node->drains;
    return node;
  }
  void drain(node_id id) noexcept {
    if (auto* node = find(id); node && !std::exchange(node->drains, true)) ++draining_;
  }
  ledger_node* find(node_id id) const noexcept {
    auto const found = nodes_.find(id);
    return found == nodes_.end() ? nullptr : found->second.get();
  }
  /// Calls `visit` with each, by their ids.
  template <class Visit>
  void each(Visit&& visit) const {
    for (auto const& [id, node] : nodes_) visit(*node);
  }
  bool empty() const noexcept { return nodes_.empty(); }
  bool any_drains() const noexcept { return draining_ > 0; }
  /// Whether one is here that lists no methods and is tried for any.
  bool any_is_tried() const noexcept { return tried_for_any_ > 0; }
  /// Calls, at most, slots and windows together.
  std::uint64_t hold() const noexcept { return hold_; }

 private:
  std::map<node_id, std::unique_ptr<ledger_node>> nodes_;
  std::size_t draining_ = 0;
  std::size_t tried_for_any_ = 0;
  std::uint64_t hold_ = 0;
};

/// The attempts of all nodes, each in the list of its node.
class attempt_table {
 public:
  /// At the end of the node's; to be filled in.
  std::pair<call_id, attempt&> open(ledger_node& node) {
    auto const [id, one] = table_.open();
    one.at = &node;
    one.previous = node.last;
    if (auto* before = table_.find(node.last))
      before->next = id;
    else
      node.first = id;
    node.last = id;
    ++node.attempts;
    return {id, one};
  }
  /// Its lease ends.
  void close(ledger_node& node, call_id id, attempt const& one) {
    if (auto* before = table_.find(one.previous))
      before->next = one.next;
    else
      node.first = one.next;
    if (auto* after = table_.find(one.next))
      after->previous = one.previous;
    else
      node.last = one.previous;
    --node.attempts;
    table_.erase(id);
  }
  /// Good until the next open().
  attempt* find(call_id id) noexcept { return table_.find(id); }
  attempt const* find(call_id id) const noexcept { return table_.find(id); }
  /// Calls `visit(id, attempt)` for each of the node's, the oldest first. It may close the one that it is given.
  template <class Visit>
  void each(ledger_node const& node, Visit&& visit) const {
    for (auto id = node.first; auto const* one = table_.find(id);) {
      auto const next = one->next;
      visit(id, *one);
      id = next;
    }
  }
  std::size_t size() const noexcept { return table_.size(); }

 private:
  call_table<attempt> table_;
};

}  // namespace dist
