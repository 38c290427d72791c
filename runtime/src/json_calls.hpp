#pragma once

#include <dist/rpc/jsonrpc.hpp>
#include <dist/runtime/caller.hpp>
#include <memory>
#include <string>

namespace dist {

/// Answers JSON-RPC requests by calls on a cluster: parameters and results pass through by value, as text.
///
/// `node_wait`: how long a call waits for a node that has its method. Cancel: terminal, the calls are cancelled too.
/// The answer is empty where there is nothing to say (notifications, replies).
task<std::string> answer_rpc(std::shared_ptr<caller> on, rpc_message message, duration node_wait);

}  // namespace dist
