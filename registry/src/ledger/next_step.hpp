#pragma once

#include <dist/rpc/fault.hpp>
#include <iosfwd>
#include <string_view>

#include "ledger/death_record.hpp"

namespace dist {

/// How a call's try on one node ended, where that was no answer.
enum class try_end {
  not_begun,  ///< the node refused it, or it was never written
  failed,     ///< its method ran and ended in a fault
  lost,       ///< the node went, and the method may have been running
};

/// What is known of the call when a try has ended.
struct ended_try {
  try_end how = try_end::failed;
  errc code = errc::method_failed;  ///< of the fault, and
  remedy may = remedy::never;       ///< what it says of other tries
  bool once = false;                ///< the caller forbids a second issue
  bool pinned = false;              ///< it is for this node and no other
  bool repeatable = false;          ///< as the node says of the method
  bool elsewhere = false;           ///< another node has the call as well, or it waits for one
  bool been_here = false;           ///< it was sent away from this node before
  unsigned refusals = 0;            ///< since it last paused, this one too
  bool others_have_it = false;      ///< another node may take what this one does not know, or cannot be told
  verdict blamed = verdict::again;  ///< where the node's process died
  unsigned retries = 0;             ///< issues after dist::transient so far
  unsigned most_retries = 3;        ///< that the caller allows
};

/// What an issue is taken from; see reissue_budget.
enum class issue_cost {
  nothing,  ///< what never began adds no load
  loss,     ///< a node's calls go elsewhere
  retry,    ///< a method asked for another try
};

/// What happens next with the call.
struct next_step {
  enum class kind {
    stay,         ///< nothing: it waits for what happens elsewhere
    fail,         ///< it ends with this fault
    fail_for_all, ///< likewise, and the fault says that no other try can help
    poisoned,     ///< it ends with the list of nodes that died
    issue,        ///< it goes out again at once
    issue_later,  ///< after a pause that grows with each
  };
  kind what = kind::fail;
  issue_cost cost = issue_cost::nothing;
  bool alone = false;  ///< on a node of its own

  friend bool operator==(next_step const&, next_step const&) = default;
};

/// A call that was refused this many times in a row pauses, whichever nodes refused it.
inline constexpr unsigned most_refusals = 4;

/// The failure contract for one call, as a table. Pure.
next_step decide(ended_try const& now) noexcept;

std::string_view to_text(next_step::kind what) noexcept;
std::ostream& operator<<(std::ostream& out, next_step const& step);

}  // namespace dist
