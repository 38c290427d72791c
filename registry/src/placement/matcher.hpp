#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/call_no.hpp>
#include <optional>

#include "placement/call_needs.hpp"
#include "placement/lease.hpp"
#include "placement/queue.hpp"
#include "placement/selector.hpp"

namespace dist {

/// A queued call to be sent now.
struct assignment {
  call_no call;
  node_id node{};
  lease held;
};

/// The queue meets the nodes: which waiting call gets a freed slot.
class matcher {
 public:
  matcher(call_queue& queue, selector& nodes) noexcept : queue_(queue), selector_(nodes) {}

  /// The most urgent queued call that a node with room may take now.
  std::optional<assignment> next();
  /// The call leaves the queue. False if it does not wait any more.
  bool withdraw(ticket place) noexcept;
  /// Calls with these needs are looked at again by next().
  void mark_freed(call_needs const& needs);
  /// Whether a living node could take the call, busy or not.
  bool available(call_needs const& needs) const noexcept;

 private:
  struct candidate {
    std::uint32_t index = ~0U;
    node_load* load = nullptr;
    call_queue::urgency when;
  };

  candidate most_urgent(candidate found) const noexcept;
  assignment assign(candidate const& found);
  bool may_take_one(node_class const& group) const noexcept;
  void consider_line(std::uint32_t line, candidate& best) const noexcept;
  void consider_node(node_load const& load, candidate& best) const noexcept;
  void consider_callers(node_class const& group, std::size_t position, candidate& best) const noexcept;
  void consider_lines(node_class const& group, std::uint32_t caller, std::size_t position,
                      candidate& best) const noexcept;
  candidate first_that_fits(std::uint32_t line, call_queue::lane lane) const noexcept;
  void end_stale_reservation();
  void reserve_for_alone();

  call_queue& queue_;
  selector& selector_;
  ticket reserved_for_;  ///< the queued call that waits for a node of its own
};

}  // namespace dist
