#pragma once

#include <dist/runtime/detail/call_book.hpp>
#include <memory>
#include <string>

#include "call/peer_calls.hpp"
#include "jsonrpc/json_session.hpp"
#include "jsonrpc/jsonrpc.hpp"

namespace dist {

/// The common state of the calls of one message.
struct rpc_call_options {
  duration node_wait = duration::max();
  std::string traceparent;     ///< empty: none
  std::string* why = nullptr;  ///< receives why the call went where it went, the last of a batch; outlives the await
};

/// Answers one message, with all calls of a batch under way at once. Cancel: terminal, the calls are cancelled too.
/// The answer is empty if none is due (notifications, replies).
task<std::string> answer_rpc(std::shared_ptr<call_book> on, rpc_message message, rpc_call_options options);

/// Answers the requests of one session by calls of a book. When this goes its calls are cancelled, and only its.
///
/// Lives    the session outlives it.
class json_calls {
 public:
  /// `node_wait`: how long a call waits for a node that has its method.
  json_calls(json_session& peer, std::shared_ptr<call_book> on, duration node_wait);
  json_calls(json_calls const&) = delete;
  json_calls& operator=(json_calls const&) = delete;

  void on_request(call_id id, rpc_request const& request);

 private:
  json_session& peer_;
  duration node_wait_;
  memory_share arguments_;  ///< of the calls under way
  peer_calls calls_;  ///< by the session's ids
};

}  // namespace dist
