#pragma once

#include <dist/rpc/jsonrpc.hpp>
#include <dist/runtime/caller.hpp>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "json_session.hpp"

namespace dist {

/// How a JSON-RPC call ended: the text of its result or its fault, both good during the call of the handler.
using json_done = std::function<void(std::string_view result_text, fault const* failed)>;

/// Starts one request as a call on a cluster: parameters and result pass through by value, as text. `done` is called
/// once, perhaps at once; destroyed uncalled where the caller goes first.
///
/// `node_wait`: how long the call waits for a node that has its method.
call_ptr start_json_call(caller& on, rpc_request const& request, duration node_wait, json_done done);

/// Answers one message, with all calls of a batch under way at once. Cancel: terminal, the calls are cancelled too.
/// The answer is empty where there is nothing to say (notifications, replies).
task<std::string> answer_rpc(std::shared_ptr<caller> on, rpc_message message, duration node_wait);

/// Answers the requests of one session by calls on a caller. When this goes its calls are cancelled, and only its.
///
/// Lives    the session outlives it.
class json_calls {
 public:
  json_calls(json_session& peer, std::shared_ptr<caller> on, duration node_wait);
  ~json_calls();
  json_calls(json_calls const&) = delete;
  json_calls& operator=(json_calls const&) = delete;

  void on_request(call_id id, rpc_request const& request);

 private:
  void done(call_id id, std::string_view result_text, fault const* failed);
  static std::uint64_t key(call_id id) noexcept { return (std::uint64_t{id.generation} << 32) | id.index; }

  json_session& peer_;
  std::shared_ptr<caller> on_;
  duration node_wait_;
  std::unordered_map<std::uint64_t, call_ptr> calls_;
  std::shared_ptr<json_calls*> self_;  ///< null pointer once this is gone: an answer may come later
};

}  // namespace dist
