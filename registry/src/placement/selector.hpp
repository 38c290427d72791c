#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "placement/call_needs.hpp"
#include "placement/lease.hpp"
#include "placement/node_class.hpp"

namespace dist {

/// Chooses nodes. Knows loads, methods and labels; nothing of names, time or the queue.
class selector {
 public:
  selector() = default;
  selector(selector const&) = delete;
  selector& operator=(selector const&) = delete;
  ~selector();

  /// A method that was not known before; refs come in order from 0.
  void add_method(method_ref method);
  /// Labels that no call asked for before; refs come in order from 1.
  void add_label_filter(label_filter all);
  std::size_t label_filter_count() const noexcept { return label_filters_.size(); }
  /// How many of the method's repeatable calls a node may get beyond its slots. Default: none.
  void set_window(method_ref method, std::uint32_t calls);
  std::uint32_t window(method_ref method) const noexcept { return methods_[static_cast<std::size_t>(method)].window; }
  /// The largest of all methods' so far.
  std::uint32_t widest_window() const noexcept { return widest_window_; }

  node_load& join(node_id id, std::uint32_t slots, class_key key);
  /// The load lives on while leases hold it.
  void leave(node_load& load) noexcept;
  /// Whether the node takes calls; and if not, whether only because it is set aside.
  void set_eligible(node_load& load, bool eligible, bool aside = false);
  /// Lets one call go to a node that is set aside.
  void offer_try(node_load& load);
  /// How the latest call of the method ended there.
  void failed(node_load& load, method_ref method);
  void succeeded(node_load& load, method_ref method) noexcept;
  /// Whether at most half of those that have any of its methods are set aside, with this one counted too.
  bool may_set_aside(node_load const& load) const noexcept;
  /// Whether the method fails on most of the other nodes that have it as well: then it is not the node.
  bool others_fail(node_load const& load, method_ref method) const noexcept;
  /// The node turned out to have, or not to have, a method.
  void learn(node_load& load, method_ref method, bool has_it);

  /// The best node with room now, or null; counts nothing.
  node_load* find(call_needs const& needs) const noexcept;
  /// Counts one call on a node that find() gave.
  lease take(node_load& load, call_needs const& needs);
  /// Living nodes that have the method, or may have it, and the labels.
  std::size_t living(method_ref method, label_filter_ref labels = no_label_filter) const noexcept;
  /// Living nodes that may get the call, busy or not.
  std::size_t able(call_needs const& needs) const noexcept;
  /// Whether any node, living or not, may get it.
  bool anybody_takes(call_needs const& needs) const noexcept;
  std::uint64_t slots(method_ref method, label_filter_ref labels = no_label_filter) const noexcept;
  /// Whether any node, living or not, has the labels, whatever its methods.
  bool anybody_meets(label_filter_ref labels) const noexcept;
  node_load* find(node_id node) const noexcept {
    auto const found = loads_.find(node);
    return found == loads_.end() ? nullptr : found->second;
  }

  /// Stops feeding the least used node, so that a call that needs a node alone gets one.
  void reserve(call_needs const& needs);
  void cancel_reservation();
  bool reserved() const noexcept { return reserved_ != nullptr; }

  /// Calls wait for just this node, or no more.
  void set_waited_for(node_load& load, bool waited_for) noexcept;
  /// A node that calls wait for and that has a freed slot, or null.
  node_load* freed_node() const noexcept { return freed_nodes_.empty() ? nullptr : freed_nodes_.back(); }
  void settle(node_load& load) noexcept;
  /// A class with a freed slot, or null.
  node_class* freed() const noexcept { return freed_.empty() ? nullptr : freed_.back(); }
  void settle(node_class& group) noexcept;
  void settle_all() noexcept;
  void mark_freed(node_class& group);
  void mark_freed(node_load& load);
  void mark_freed(method_ref method);
  void mark_all_classes_freed();

  /// Slots in use, and of these the abandoned ones, of all nodes that are here.
  std::uint64_t in_use() const noexcept { return in_use_; }
  std::uint64_t abandoned() const noexcept { return abandoned_; }
  std::size_t class_count() const noexcept { return classes_.size(); }
  std::uint64_t steps() const noexcept;

 private:
  friend class lease;
  struct method_nodes {
    std::vector<node_class*> listed;    ///< their nodes certainly have it
    std::vector<node_class*> possible;  ///< Go nodes that have not refused it
    std::uint32_t window = 0;
    std::size_t failing = 0;  ///< living nodes on which its latest call failed
  };

  void counted_down(node_load& load) noexcept;
  void counted_up(node_load& load) noexcept;
  static void reposition(node_load& load) noexcept;
  void refresh(node_load& load);
  node_class& group_for(class_key key);
  void enter_group(node_load& load, class_key key);
  static void count(node_load const& load, std::int64_t sign) noexcept;
  void leave_group(node_load& load) noexcept;
  void count_failing(node_load const& load, std::int64_t sign) noexcept;
  static node_load* find_in(std::vector<node_class*> const& groups, call_needs const& needs,
                            std::uint32_t window) noexcept;
  node_load* find_pinned(call_needs const& needs) const noexcept;
  node_load* find_with(call_needs const& needs) const noexcept;

  std::map<class_key, std::unique_ptr<node_class>> classes_;
  std::vector<method_nodes> methods_;
  std::vector<label_filter> label_filters_ = std::vector<label_filter>(1);  ///< by label_filter_ref
  std::vector<node_class*> freed_;
  std::vector<node_load*> freed_nodes_;
  std::unordered_map<node_id, node_load*> loads_;  ///< of nodes that are here
  std::uint32_t widest_window_ = 0;
  node_load* reserved_ = nullptr;
  std::uint64_t picks_ = 0;
  std::uint64_t in_use_ = 0;
  std::uint64_t abandoned_ = 0;
};

}  // namespace dist
