#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <dist/registry/call_needs.hpp>
#include <dist/rpc/result.hpp>
#include <optional>
#include <span>
#include <vector>

namespace dist {

/// Where a queued call stands; withdraws it in constant time. Stale tickets are recognised.
struct ticket {
  std::uint32_t index = ~0U;
  std::int64_t order = 0;

  explicit operator bool() const noexcept { return index != ~0U; }
  friend bool operator==(ticket const&, ticket const&) = default;
};

struct queue_bounds {
  std::size_t count = 1'000'000;               ///< calls that wait
  std::size_t bytes = std::size_t{256} << 20;  ///< of their arguments; one larger call may wait alone
};

/// Calls that wait for a node: first in, first out per method and lane, nested calls ahead of top-level ones.
/// Entries are linked by index, so that any of them leaves in constant time; no allocation in steady state.
class call_queue {
 public:
  /// A call's place among those of its method; calls with particular wishes do not hold up the others.
  enum lane : std::uint8_t { nested, nested_particular, top_level, top_level_particular, lane_count };

  struct entry {
    call_ref call{};
    call_needs needs;
    std::int64_t order = 0;  ///< its place in all lanes together: lower is older
    std::uint32_t previous = ~0U;
    std::uint32_t next = ~0U;
    bool used = false;
  };

  explicit call_queue(queue_bounds bounds) noexcept : bounds_(bounds) {}

  /// Errors  errc::overloaded names the bound; nothing was queued.
  result<ticket> push(call_ref call, call_needs const& needs);
  /// False for a call that no longer waits.
  bool withdraw(ticket place) noexcept;

  bool contains(ticket place) const noexcept;

  /// The first entry of a lane, ~0 where it is empty; then entry::next.
  std::uint32_t first(method_ref method, lane which) const noexcept;
  entry const& at(std::uint32_t index) const noexcept { return entries_[index]; }
  ticket ticket_of(std::uint32_t index) const noexcept { return {index, entries_[index].order}; }

  /// How soon a method's first call should go: nested before top-level, then by age.
  struct urgency {
    bool top_level = false;
    std::int64_t order = 0;

    friend auto operator<=>(urgency const&, urgency const&) = default;
  };
  static urgency urgency_of(entry const& e) noexcept { return {!e.needs.nested, e.order}; }

  /// Methods that calls wait for, as a binary heap: none is more urgent than the one at half its position.
  std::span<method_ref const> waiting_methods() const noexcept { return waiting_; }
  /// The most urgent call's, whether it fits anywhere or not.
  urgency urgency_of(method_ref method) const noexcept { return methods_[static_cast<std::size_t>(method)].first; }
  std::size_t waiting(method_ref method) const noexcept;
  std::size_t waiting_alone() const noexcept { return alone_; }
  /// Calls that a node's window would be enough for.
  std::size_t waiting_for_window() const noexcept { return window_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return bytes_; }
  bool empty() const noexcept { return size_ == 0; }

 private:
  struct list {
    std::uint32_t head = ~0U;
    std::uint32_t tail = ~0U;
  };
  struct method_queue {
    std::array<list, lane_count> lanes{};
    std::size_t count = 0;
    urgency first;                 ///< of the heads
    std::uint32_t position = ~0U;  ///< in waiting_
  };

  static lane lane_of(call_needs const& needs) noexcept;
  std::optional<fault> refusal(call_needs const& needs) const;
  std::uint32_t take_entry();
  void link(std::uint32_t index) noexcept;
  void unlink(std::uint32_t index) noexcept;
  void count(call_needs const& needs, std::size_t change) noexcept;
  void heads_changed(method_ref method);
  void move_up(std::size_t position) noexcept;
  void move_down(std::size_t position) noexcept;
  void place(std::size_t position, method_ref method) noexcept;
  void shrink() noexcept;

  queue_bounds bounds_;
  std::vector<entry> entries_;
  std::uint32_t free_ = ~0U;  ///< free entries, linked by next
  std::vector<method_queue> methods_;
  std::vector<method_ref> waiting_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
  std::size_t alone_ = 0;
  std::size_t window_ = 0;
  std::int64_t last_order_ = 0;
  std::int64_t front_order_ = 0;  ///< moved calls count downwards: older than all that came by the door
};

}  // namespace dist
