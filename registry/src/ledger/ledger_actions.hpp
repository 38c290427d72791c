#pragma once

#include <cstdint>
#include <dist/rpc/detail/call_id.hpp>
#include <dist/rpc/detail/call_no.hpp>
#include <dist/rpc/fault.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ledger/next_step.hpp"
#include "nodes/node_info.hpp"

namespace dist {

/// What a node is to be told of a call.
struct node_action {
  enum class kind : std::uint8_t {
    send,    ///< the request goes out under the attempt's id; tell the ledger with sent(), or report why it did not
    cancel,  ///< the attempt is abandoned
  };
  kind what = kind::send;
  std::optional<issue_cost> again;     ///< of a send: it is not the first, and what paid for it
  std::uint32_t kill_after_us = 0;     ///< of a cancel: 0: the method is left running
  call_no call;
  call_id attempt;
  node_id node{};
  method_ref method{};
};

/// How a call has ended. The ledger keeps the call until forget().
struct caller_action {
  call_no call;
  std::uint32_t reply = 0;      ///< where `why` is null: the number that its event gave
  std::unique_ptr<fault> why;  ///< it failed
};

/// What those are told who watch.
struct ledger_note {
  enum class kind : std::uint8_t {
    queued,      ///< the call waits for a node; only where watched
    waits_for,   ///< no node that is here can take the call: `text` says why, said once for each reason
    copied,      ///< the call's only node, `node`, is silent: another gets it as well
    lost,        ///< the attempt ended with its node, `node`
    moved_home,  ///< no other node can take this nested call than the one that drains and runs its parent, `node`
  };
  kind what = kind::queued;
  call_no call;
  call_id attempt;
  method_ref method{};
  time_point sent_at{};
  std::string node;
  std::string text;
};

/// What is to be done, in this order: first the nodes, so that slots which became free are filled before callers wake; within
/// each in the order of the events.
struct ledger_actions {
  std::vector<node_action> to_nodes;
  std::vector<caller_action> to_callers;
  std::vector<ledger_note> notes;

  bool empty() const noexcept { return to_nodes.empty() && to_callers.empty() && notes.empty(); }
  void swap(ledger_actions& other) noexcept {
    to_nodes.swap(other.to_nodes);
    to_callers.swap(other.to_callers);
    notes.swap(other.notes);
  }
  void clear() noexcept {
    to_nodes.clear();
    to_callers.clear();
    notes.clear();
  }
};

}  // namespace dist
