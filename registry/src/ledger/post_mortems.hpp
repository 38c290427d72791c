#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/detail/call_no.hpp>
#include <dist/rpc/fault.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/attempts.hpp"
#include "ledger/death_record.hpp"

namespace dist {

/// Which calls are blamed for the deaths of their nodes' processes. A call that fails because of such a death waits here for a
/// while, so that its fault can say how the process ended.
class post_mortems {
 public:
  /// An unsupervised process is dead once it has been gone for `lost_after`.
  explicit post_mortems(duration lost_after) noexcept : lost_after_(lost_after) {}

  // Blame
  /// The node's process died while it executed the call, which had the node to itself or not.
  verdict died(call_no call, bool was_alone, ledger_node const& node, time_point now);
  struct relieved {
    call_no call;
    bool runs_alone = false;  ///< still
    bool goes_on = false;     ///< it was to fail as poisoned, and no longer waits here
  };
  /// The process lives, only its connection was lost. Returns the calls that are judged differently now.
  std::vector<relieved> lives(std::uint64_t incarnation);

  // Post-mortems
  /// The call fails with `what`, or as poisoned, once it is known how the process ended. Returns when it fails at the latest.
  time_point open(call_no call, bool poisoned, fault what, std::uint64_t incarnation, time_point now);
  struct finding {
    call_no call;
    bool is_complete = false;  ///< the call can end
    time_point until{};        ///< otherwise: as open() returns it
  };
  /// How a process ended, and what it was running then. Returns the calls that waited for that, the oldest first.
  std::vector<finding> explain(std::uint64_t incarnation, std::string const& end, std::string const& running,
                               time_point now);
  /// What the call fails with. It no longer waits here.
  fault close(call_no call, std::string const& method);
  /// Whether it waits here; if so, the node whose process died.
  std::string const* node_of(call_no call) const noexcept;

  /// The call has its end; nothing of it is kept.
  void forget(call_no call) noexcept;
  bool empty() const noexcept { return deaths_.size() == 0 && open_.empty(); }

 private:
  struct post_mortem {
    std::uint64_t order = 0;
    fault what;
    std::uint64_t incarnation = 0;  ///< of the process that died
    bool poisoned = false;          ///< the fault lists all nodes that died
    std::string end;                ///< how that process ended, once it is known
    std::string running;            ///< what it was running then
  };

  duration lost_after_;
  death_record deaths_;
  std::unordered_map<call_no, post_mortem> open_;
  std::uint64_t last_order_ = 0;
};

}  // namespace dist
