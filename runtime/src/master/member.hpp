#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "master/abandoned_calls.hpp"
#include "master/placed_call.hpp"
#include "placement/registry.hpp"
#include "record/tally.hpp"

namespace dist {

/// A node as its master sees it: something that takes calls. Ours speak dist/1, Go's JSON-RPC 1.0.
class member {
 public:
  virtual ~member() = default;

  /// The call goes out; `held` stays with it until the node has answered, whatever becomes of the call.
  virtual void send(placed_ptr const& call, lease held) = 0;
  /// Nobody waits for this call here any more; its lease is abandoned until the node answers.
  virtual void abandon(call_id here) = 0;
  /// Time for a beat.
  virtual void beat() = 0;
  /// The node gets no more calls and may go when it has answered.
  virtual void drain() = 0;
  /// Ends the connection; what is in flight ends as the connection does.
  virtual void close(std::string const& reason) noexcept = 0;
  /// A call that the node has not answered.
  struct under_way {
    placed_ptr call;
    call_id id;              ///< of this try of it
    bool written = true;     ///< may have left this process
    bool suspended = false;  ///< waits for calls of its own, so it has begun and leaves its slot to others
  };
  /// In the order in which they went out; those that nobody waits for any more too.
  virtual std::vector<under_way> in_flight() = 0;
  virtual std::size_t in_flight_count() const noexcept = 0;
  /// What the calls that run there have made and wait for.
  virtual std::vector<call_ptr> nested_calls() { return {}; }
  /// Bytes so far, over its connection.
  virtual std::uint64_t received_bytes() const noexcept = 0;
  virtual std::uint64_t sent_bytes() const noexcept = 0;
  /// Whether the call may be issued again, as this node says of its method; a Go node says nothing, so there it is what
  /// the caller's own type says.
  virtual bool repeatable(placed_call const& call) const = 0;

  node_id id{};      ///< given by the registry
  std::string name;  ///< likewise
  std::uint64_t incarnation = 0;    ///< of its process; 0 for one that does not tell
  std::uint32_t slots = 1;
  bool drains = false;
  bool is_supervised = false;       ///< the process that comes in its place will say how it ended
  std::uint64_t most_calls = 0;     ///< that it can hold at once
  bool lists_methods = true;        ///< a Go node does not: it is tried for any
  node_tally tries;                 ///< so far
  time_point heard_at{};            ///< its last sign of life
  time_point drawn_at{};            ///< when the last call ended that the timeline has of it
  std::uint64_t beats_heard = 0;
  abandoned_calls abandoned;        ///< by the call's id here
};

}  // namespace dist
