#pragma once

#include <boost/container/small_vector.hpp>
#include <dist/rpc/detail/recycled.hpp>
#include <dist/runtime/detail/call_record.hpp>
#include <optional>

#include "ledger/next_step.hpp"
#include "placement/registry.hpp"

namespace dist {

class member;

/// A call as the master keeps it: where it waits, and on which nodes it is.
class placed_call final : public call_record, public recycled<placed_call> {
 public:
  /// One node that has the call, under the id it has there.
  struct place {
    member* on = nullptr;
    call_id id;
    bool alone = false;  ///< went there alone, so that no other call is to blame for its node's end
  };

  method_ref method_number{~0U};  ///< until it has one, that of no method
  call_needs needs;
  ticket queued;
  boost::container::small_vector<place, 1> places;
  timer_id node_wait_timer = timer_id::none;  ///< while no living node can take it, and only then
  timer_id again_timer = timer_id::none;      ///< a pause before it is issued again
  std::optional<issue_cost> issued_for;  ///< while it waits to be sent again: what its budget gave for that
  time_point sent_at{};           ///< to the node that got it last
  time_point queued_at{};         ///< to about one heartbeat
  duration waited{};              ///< in the queue before it was sent, to about one heartbeat
  std::uint32_t in_use_then = 0;  ///< of its node's slots, when it was chosen, this call too
  std::uint32_t slots_then = 0;
  std::string moved_because;      ///< what happened where it was before
  unsigned issues = 0;            ///< how often it was sent
  unsigned retries = 0;           ///< of these, because its method threw dist::transient
  unsigned pauses = 0;            ///< how often it waited before it was issued again
  unsigned refusals = 0;          ///< since it last paused
  std::string cause;              ///< why it had to be issued again, the first time
  bool may_have_run = false;  ///< on a node that no longer has it: "not started" is no longer true of it
  bool has_limited_wait = false;  ///< is among those whose wait for a node is limited
};

using placed_ptr = boost::intrusive_ptr<placed_call>;

inline call_ref ref_of(placed_call& call) noexcept { return static_cast<call_ref>(reinterpret_cast<std::uintptr_t>(&call)); }
inline placed_call& call_of(call_ref ref) noexcept {
  return *reinterpret_cast<placed_call*>(static_cast<std::uintptr_t>(ref));
}

}  // namespace dist
