#pragma once

#include <cstdint>
#include <dist/rpc/detail/call_id.hpp>
#include <dist/rpc/fault.hpp>
#include <optional>
#include <string>

#include "master/abandoned_calls.hpp"
#include "master/placed_call.hpp"
#include "nodes/node_info.hpp"
#include "record/tally.hpp"

namespace dist {

/// The connection to one node as its master uses it: turns calls into bytes. Keeps no calls and decides nothing. Nodes of ours
/// speak dist/1, Go's JSON-RPC 1.0.
class node_link {
 public:
  virtual ~node_link() = default;

  /// Writes the request, which the ledger decided on at `now`. Returns its position in the stream to the node, above 0.
  /// 0: the node cannot be asked, `why_not` says why, and nothing was written.
  virtual std::uint64_t send(call_id attempt, placed_call& call, time_point now, std::optional<fault>& why_not) = 0;
  /// The attempt is abandoned. `kill_after_us` 0: the method is left running.
  virtual void cancel(call_id attempt, std::uint32_t kill_after_us) = 0;
  /// Sends a beat; `in_flight`: the attempts here.
  virtual void beat(std::size_t in_flight) = 0;
  /// The node gets no more calls and may go when it has answered.
  virtual void drain() = 0;
  /// Ends the connection; what is in flight ends as the connection does.
  virtual void close(std::string const& reason) noexcept = 0;
  /// Requests up to this place may have left this process.
  virtual std::uint64_t written() const noexcept = 0;
  /// Bytes so far, over its connection.
  virtual std::uint64_t received_bytes() const noexcept = 0;
  virtual std::uint64_t sent_bytes() const noexcept = 0;

  node_id id{};      ///< given by the ledger
  std::string name;  ///< likewise
  std::uint64_t incarnation = 0;  ///< of its process; 0 for one that does not tell
  bool is_supervised = false;     ///< the process that comes in its place will say how it ended
  bool keeps_codec = true;        ///< it answers in the codec in which it was asked
  node_tally tries;               ///< so far
  time_point heard_at{};          ///< its last sign of life
  time_point drawn_at{};          ///< when the last call ended that the timeline has of it
  std::uint64_t beats_heard = 0;
  abandoned_calls abandoned;      ///< by the attempt's id
};

}  // namespace dist
