#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/detail/call_id.hpp>
#include <dist/rpc/detail/call_no.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/next_step.hpp"
#include "placement/queue.hpp"

namespace dist {

/// What a call has been through, for people.
struct call_story {
  std::uint32_t attempts = 0;  ///< that were sent
  std::uint32_t in_use = 0;    ///< of its node's slots, when it was chosen, this call too
  std::uint32_t slots = 0;
  bool pinned = false;
  duration waited{};           ///< in the queue before it was sent, to about one heartbeat
  std::shared_ptr<std::string const> moved_because;  ///< what happened where it was before; null: nothing
};

/// What only some calls have.
struct call_extras {
  std::string cause;                ///< why it had to be issued again, the first time
  std::vector<std::string> labels;  ///< as the caller wrote them
};

/// One live call as the ledger keeps it.
struct ledger_call {
  call_no number;
  call_needs needs;
  ticket queued;
  std::array<call_id, 2> on{};  ///< attempts that are not abandoned
  std::uint8_t on_count = 0;
  bool callers_word = false;       ///< the caller's type says that the method may run twice
  bool once = false;               ///< the caller forbids a second attempt
  bool again = false;              ///< it may have run, and how that ended is not known
  bool may_have_run = false;       ///< on a node that no longer has it
  bool is_limited = false;         ///< among those whose wait for a node has a limit
  bool ended = false;              ///< its end is on its way to the caller
  std::optional<issue_cost> issued_for;       ///< while it waits to be sent again: what its budget gave for that
  issue_cost pause_for = issue_cost::nothing;  ///< what its next attempt costs, behind its pause
  unsigned most_retries = 0;
  unsigned retries = 0;   ///< attempts because its method threw dist::transient
  unsigned pauses = 0;    ///< before attempts
  unsigned refusals = 0;  ///< since it last paused
  std::uint32_t kill_after_us = 0;
  time_point queued_at{};
  time_point deadline = time_point::max();
  duration node_wait = duration::max();  ///< how long to wait for a node that could take it
  call_id parent{};                      ///< the attempt that made it; generation 0: none
  std::uint32_t previous = ~0U;          ///< among the calls of that attempt
  std::uint32_t next = ~0U;
  call_story story;
  std::unique_ptr<call_extras> extras;   ///< null for most

  std::string cause() const { return extras ? extras->cause : std::string(); }
  call_extras& more() {
    if (!extras) extras = std::make_unique<call_extras>();
    return *extras;
  }

  bool is_nowhere() const noexcept { return on_count == 0; }
  std::span<call_id const> attempts() const noexcept { return {on.data(), on_count}; }
  void add(call_id attempt) noexcept { on[on_count++] = attempt; }
  /// False where the attempt was abandoned.
  bool remove(call_id attempt) noexcept {
    for (std::uint8_t i = 0; i < on_count; ++i) {
      if (on[i] != attempt) continue;
      on[i] = on[--on_count];
      return true;
    }
    return false;
  }
};

}  // namespace dist
