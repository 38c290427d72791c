#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/call_no.hpp>
#include <dist/rpc/result.hpp>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "placement/call_needs.hpp"

namespace dist {

/// The position of a queued call; withdraws it in constant time. Stale tickets are recognised.
struct ticket {
  std::uint32_t index = ~0U;
  std::int64_t order = 0;

  explicit operator bool() const noexcept { return index != ~0U; }
  friend bool operator==(ticket const&, ticket const&) = default;
};

/// When the queue is full: beyond either a call is refused with errc::overloaded.
struct queue_bounds {
  std::size_t count = 1'000'000;               ///< calls that wait
  std::size_t bytes = std::size_t{256} << 20;  ///< of their arguments; one larger call may wait alone
};

/// Calls waiting for a node. A caller's calls of one kind stand in a line, first in, first out; its lines are a heap by
/// age, and the callers are one by whose turn it is: each call that goes out costs its caller a turn, so that callers
/// are served one after the other however many calls each has. Nested calls go ahead of all top-level ones.
/// Calls pinned to a node are kept separately, at that node.
///
/// Entries are linked by index, so that any of them leaves in constant time; no allocation in steady state.
class call_queue {
 public:
  /// A call's place in its line; calls with labels do not hold up the others.
  enum lane : std::uint8_t { nested, nested_particular, top_level, top_level_particular, lane_count };

  /// A call that waits, in the chain of its lane; a free one in the chain of those.
  struct entry {
    call_no call;
    call_needs needs;
    std::int64_t order = 0;  ///< its place in all lines together: lower is older
    std::uint32_t line = ~0U;
    std::uint32_t previous = ~0U;
    std::uint32_t next = ~0U;
    bool used = false;
  };

  /// The common properties of the calls of one line.
  struct line_key {
    method_ref method{};
    label_filter_ref labels = no_label_filter;
    node_id pin = no_node_id;
    caller_ref caller{};
    bool repeatable = false;  ///< may use a window, which others have to wait for

    friend bool operator==(line_key const&, line_key const&) = default;
  };

  explicit call_queue(queue_bounds bounds) noexcept : bounds_(bounds) {}

  /// Errors  errc::overloaded names the bound; nothing was queued.
  result<ticket> push(call_no call, call_needs const& needs);
  /// The call is sent: its caller's turn is used.
  void take(std::uint32_t index) noexcept;
  /// False for a call that no longer waits.
  bool withdraw(ticket place) noexcept;
  bool contains(ticket place) const noexcept;

  entry const& at(std::uint32_t index) const noexcept { return entries_[index]; }
  ticket ticket_of(std::uint32_t index) const noexcept { return {index, entries_[index].order}; }

  /// How soon a call should go: nested before top-level, then by its caller's turn, then by age.
  struct urgency {
    bool top_level = true;
    std::int64_t turn = INT64_MAX;
    std::int64_t order = INT64_MAX;

    friend auto operator<=>(urgency const&, urgency const&) = default;
  };
  urgency urgency_of(entry const& e) const noexcept {
    return {!e.needs.nested, callers_[lines_[e.line].caller].turn, e.order};
  }

  // Callers and lines are numbers; both heaps are binary: none is more urgent than the one at half its position.

  std::span<std::uint32_t const> callers() const noexcept { return turns_; }
  urgency urgency_of_caller(std::uint32_t caller) const noexcept {
    return urgency_of_line(callers_[caller].lines.front());
  }
  std::span<std::uint32_t const> lines_of(std::uint32_t caller) const noexcept { return callers_[caller].lines; }
  /// The most urgent call's, whether it fits anywhere or not.
  urgency urgency_of_line(std::uint32_t line) const noexcept {
    auto const& l = lines_[line];
    return {l.top_level, callers_[l.caller].turn, l.order};
  }
  line_key const& key_of(std::uint32_t line) const noexcept { return lines_[line].key; }
  /// The first entry of a lane, ~0 where it is empty; then entry::next.
  std::uint32_t first(std::uint32_t line, lane which) const noexcept { return lines_[line].lanes[which].head; }

  /// The lines of the calls for this node.
  std::span<std::uint32_t const> lines_for(node_id node) const noexcept;
  /// Calls `visit(node)` for each node that calls wait for, here or not.
  template <class Visit>
  void each_waited_for(Visit&& visit) const {
    for (auto const& [node, lines] : at_node_) visit(node);
  }
  /// Calls that waited for `before`, an absent node, now wait for `now`.
  void rename_pin(node_id before, node_id now);

  /// All lines, to be filtered by waiting_in().
  std::size_t line_count() const noexcept { return lines_.size(); }
  std::size_t waiting_in(std::uint32_t line) const noexcept { return lines_[line].count; }

  std::size_t waiting(method_ref method) const noexcept;
  /// Of these, the calls without labels.
  std::size_t waiting_plain(method_ref method) const noexcept;
  std::size_t waiting_alone() const noexcept { return alone_; }
  /// Calls that could use a window.
  std::size_t waiting_for_window() const noexcept { return window_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return bytes_; }
  bool empty() const noexcept { return size_ == 0; }

 private:
  struct list {
    std::uint32_t head = ~0U;
    std::uint32_t tail = ~0U;
  };
  struct line_entry {
    line_key key;
    std::array<list, lane_count> lanes{};
    std::size_t count = 0;
    std::uint32_t caller = 0;
    std::uint32_t position = ~0U;  ///< in its caller's heap
    bool top_level = true;         ///< of the most urgent head
    std::int64_t order = 0;
    bool used = false;
  };
  struct caller_entry {
    caller_ref name{};
    std::int64_t turn = 0;
    std::vector<std::uint32_t> lines;  ///< a heap of those in which calls wait, but for those at a node
    std::size_t count = 0;             ///< calls that wait, all of them
    std::uint32_t position = ~0U;      ///< in turns_
    std::uint32_t line_count = 0;      ///< empty ones too; 0: the place is free
  };
  struct method_counts {
    std::size_t all = 0;
    std::size_t particular = 0;
  };
  struct key_hash {
    std::size_t operator()(line_key const& key) const noexcept;
  };

  // Entries
  static bool is_particular(call_needs const& needs) noexcept { return needs.alone || needs.not_in_go || needs.is_choosy(); }
  static lane lane_of(call_needs const& needs) noexcept;
  std::optional<fault> refusal(call_needs const& needs) const;
  std::uint32_t take_entry();
  void link(std::uint32_t index) noexcept;
  void unlink(std::uint32_t index) noexcept;
  void count(call_needs const& needs, std::size_t change) noexcept;
  void shrink() noexcept;

  // Lines and turns
  std::uint32_t line_for(line_key const& key);
  std::uint32_t caller_for(caller_ref name);
  void forget_empty_lines();
  void heads_changed(std::uint32_t line);
  void settle_at_node(std::uint32_t line);
  void settle_in_turns(std::uint32_t line);
  void settle_caller(std::uint32_t caller);

  queue_bounds bounds_;
  std::vector<entry> entries_;
  std::uint32_t free_ = ~0U;  ///< free entries, linked by next
  std::vector<line_entry> lines_;
  std::vector<std::uint32_t> free_lines_;
  std::unordered_map<line_key, std::uint32_t, key_hash> line_numbers_;
  std::uint32_t last_line_ = ~0U;  ///< was looked up last
  std::size_t filled_lines_ = 0;
  std::vector<caller_entry> callers_;
  std::vector<std::uint32_t> turns_;  ///< a heap of callers
  std::int64_t turn_ = 0;             ///< the latest that was served
  std::unordered_map<node_id, std::vector<std::uint32_t>> at_node_;
  std::vector<method_counts> methods_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
  std::size_t alone_ = 0;
  std::size_t window_ = 0;
  std::int64_t last_order_ = 0;
  std::int64_t front_order_ = 0;  ///< moved calls count downwards: older than all that came by the door
};

}  // namespace dist
