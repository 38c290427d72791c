#pragma once

#include <dist/rpc/fault.hpp>
#include <dist/rpc/limits.hpp>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dist {

/// The codes of JSON-RPC 2.0. Ours are between -32000 and -32099, one for each errc that the standard does not know.
enum class rpc_code : int {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  internal_error = -32603,
};

/// 1.0 is a message without a "jsonrpc" member: Go's net/rpc/jsonrpc and early clients.
enum class rpc_version { v1, v2 };
std::ostream& operator<<(std::ostream& out, rpc_version version);

/// A request. Texts are slices of the source, so that numbers keep their spelling.
struct rpc_request {
  rpc_version version = rpc_version::v2;
  std::optional<std::string> id_text;  ///< as written, `7` or `"a"`; nothing: a notification, which is not answered
  std::string method;                  ///< decoded
  std::string params_text;             ///< an array or object as written; empty: there were none

  bool is_notification() const noexcept { return !id_text; }
};

/// The error of an answer.
struct rpc_error {
  int code = 0;           ///< 0 in 1.0, which has none
  std::string message;    ///< decoded
  std::string data_text;  ///< as written; empty: none
};

/// An answer, of either version.
struct rpc_reply {
  rpc_version version = rpc_version::v2;
  std::string id_text;
  std::string result_text;  ///< as written; empty if there is an error
  std::optional<rpc_error> error;
};

/// An invalid message, with the error to answer.
struct rpc_invalid {
  rpc_version version = rpc_version::v2;
  std::string id_text = "null";  ///< as far as it could be read
  rpc_code code = rpc_code::invalid_request;
  std::string message;
};

using rpc_item = std::variant<rpc_request, rpc_reply, rpc_invalid>;

/// One message: a request, a reply, or a batch of them.
struct rpc_message {
  bool batch = false;           ///< answers go out as one array, see write_batch
  std::vector<rpc_item> items;  ///< one, unless it is a batch
};

/// Reads one message: a request, a reply or a batch. An invalid part becomes an rpc_invalid item.
rpc_message parse_rpc(std::string_view text, limits const& limits);

/// `{"jsonrpc":"2.0","result":12,"id":1}`, or in 1.0 `{"id":1,"result":12,"error":null}`. `result_text` is JSON. 1.0
/// cannot say null, so there an error is written in its place; a void result is `true`, which the caller expects.
std::string write_reply(rpc_request const& request, std::string_view result_text);
std::string write_error(rpc_request const& request, fault const& what);
std::string write_error(rpc_invalid const& invalid);
/// Made of the replies to a batch; empty, and so nothing to send, when all were notifications.
std::string write_batch(std::vector<std::string> replies);

/// A request of our own; `params_text` is JSON, empty writes none in 2.0 and `[]` in 1.0.
std::string write_request(rpc_request const& request);

int to_rpc_code(errc code) noexcept;
/// The fault that a peer's error stands for. The only place that reads an error's text: Go's "rpc: can't find" is an
/// unknown method, not started.
fault to_fault(rpc_error const& error);

}  // namespace dist
