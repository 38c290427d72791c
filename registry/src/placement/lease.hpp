#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "nodes/ejection.hpp"
#include "nodes/node_info.hpp"

namespace dist {

class registry;
class selector;
class node_class;

/// How many calls of one node may be suspended before it gets no more but nested ones.
inline constexpr std::uint32_t most_suspended_calls = 1024;

/// The counter of one stay of one node. It outlives the node's entry while leases point at it, so that a lease always
/// returns it to exactly the counter it was taken from.
struct node_load {
  node_id id{};
  std::uint32_t slots = 1;
  std::uint32_t in_use = 0;       ///< leases held; the window and resumed calls may bring it above slots
  std::uint32_t abandoned = 0;    ///< of these, calls whose callers are gone
  std::uint32_t lent = 0;         ///< of these, calls that block in nested ones: their slots are open to nested calls only
  std::uint32_t holders = 0;      ///< lease objects that point here, suspended ones too
  bool eligible = true;           ///< false: suspect, draining or set aside
  bool aside = false;             ///< for its failures; nothing else is in its way
  bool to_be_tried = false;       ///< set aside, but takes one call as a trial
  bool tried = false;             ///< that call runs
  dist::ejection record;
  std::vector<method_ref> failing;  ///< methods whose latest call here failed, and quickly
  bool alone = false;             ///< one call has the whole node, or waits for it to become empty
  bool waited_for = false;        ///< calls are queued for just this node
  bool freed = false;             ///< in selector's list
  std::uint32_t position = ~0U;   ///< in its class's heap; ~0 while it takes no calls
  std::uint64_t last_picked = 0;  ///< the pick's number: ties go to the node that was picked longest ago
  node_class* group = nullptr;
  selector* home = nullptr;  ///< null once the node has left
};

/// One slot of one node in use. Its destructor releases the slot; ask registry::next() afterwards.
///
/// Lives    may outlive the node's entry, not be used from another thread; if the node left it changes nothing else.
class lease {
 public:
  lease() noexcept = default;
  lease(lease&& other) noexcept : load_(std::exchange(other.load_, nullptr)), use_(other.use_) {}
  lease& operator=(lease&& other) noexcept {
    if (this == &other) return *this;
    if (load_) end();
    load_ = std::exchange(other.load_, nullptr);
    use_ = other.use_;
    return *this;
  }
  ~lease() {
    if (load_) end();
  }

  explicit operator bool() const noexcept { return load_ != nullptr; }
  node_id node() const noexcept { return load_ ? load_->id : no_node_id; }
  /// How full the node is now, with this call.
  std::uint32_t in_use() const noexcept { return load_ ? load_->in_use : 0; }
  std::uint32_t slots() const noexcept { return load_ ? load_->slots : 0; }
  /// False once the node has left: a late reply has no caller.
  bool attached() const noexcept { return load_ && load_->home; }

  /// The call is suspended: its slot is free for others until retake(). Does nothing the second time.
  void give_back() noexcept;
  /// The call blocks its thread: beside it, on one spare thread for each slot, nested calls may run until retake(), so
  /// that those it waits for find a place. Does nothing the second time.
  void lend() noexcept;
  /// The suspended call resumes. It gets its slot even if others fill the node, so nesting cannot deadlock.
  void retake() noexcept;
  /// The caller is gone but the method still runs: the slot stays in use and is shown as abandoned.
  void abandon() noexcept;

 private:
  friend class selector;
  friend class registry;
  /// The pick has counted already.
  explicit lease(node_load& load) noexcept : load_(&load) { ++load.holders; }
  void end() noexcept;

  /// What the slot is used for. Together, so that moving a lease moves two words.
  struct use {
    bool counted = true;
    bool lent = false;
    bool abandoned = false;
    bool is_try = false;  ///< the one call with which a node that was set aside is tried
  };

  node_load* load_ = nullptr;
  use use_;
};

}  // namespace dist
