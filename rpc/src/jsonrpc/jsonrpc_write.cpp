#include <dist/rpc/detail/text.hpp>

#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enum_to_string.hpp>

#include "jsonrpc/jsonrpc.hpp"
#include "values/json_scanner.hpp"

namespace dist {
namespace {

/// Every errc has one code; the standard's own codes are used where they fit.
struct code_entry {
  errc code;
  int number;
};
constexpr code_entry codes[] = {
    {errc::unknown_method, static_cast<int>(rpc_code::method_not_found)},
    {errc::bad_arguments, static_cast<int>(rpc_code::invalid_params)},
    {errc::method_failed, -32000},
    {errc::transient, -32001},
    {errc::bad_result, -32002},
    {errc::connection_lost, -32003},
    {errc::node_lost, -32004},
    {errc::no_node, -32005},
    {errc::deadline_exceeded, -32006},
    {errc::cancelled, -32007},
    {errc::overloaded, -32008},
    {errc::draining, -32009},
    {errc::poisoned, -32010},
    {errc::denied, -32011},
    {errc::incompatible, -32012},
    {errc::limit_exceeded, -32013},
    {errc::protocol_error, -32014},
    {errc::stopped, -32015},
};

constexpr std::string_view go_cannot_find = "rpc: can't find ";
constexpr std::string_view go_ill_formed = "rpc: service/method request ill-formed: ";

/// The meaning of a code without our data.
errc errc_of(int number) noexcept {
  for (auto const& entry : codes)
    if (entry.number == number) return entry.code;
  switch (static_cast<rpc_code>(number)) {
    case rpc_code::parse_error:
    case rpc_code::invalid_request:
      return errc::protocol_error;
    default:
      return errc::method_failed;
  }
}

std::string sentence(fault const& what) {
  return what.message.empty() ? make_error_code(what.code).message() : as_utf8(what.message);
}

std::string data_of(fault const& what) {
  auto data = "{\"code\":" + json_quote(to_text(what.code)) +
              ",\"known\":" + json_quote(boost::describe::enum_to_string(what.known, "unknown")) +
              ",\"may\":" + json_quote(boost::describe::enum_to_string(what.may, "never"));
  auto const add = [&](std::string_view name, std::string const& value) {
    if (!value.empty()) data += ",\"" + std::string(name) + "\":" + json_quote(as_utf8(value));
  };
  add("node", what.node);
  add("method", what.method);
  add("phase", what.phase);
  add("cause", what.cause);
  return data + '}';
}

std::string write_error_of(rpc_version version, std::string_view id_text, int number, std::string_view message,
                           std::string_view data_text) {
  std::string const id(id_text);
  if (version == rpc_version::v1) return "{\"id\":" + id + ",\"result\":null,\"error\":" + json_quote(message) + '}';
  auto text = R"({"jsonrpc":"2.0","error":{"code":)" + std::to_string(number) + ",\"message\":" + json_quote(message);
  if (!data_text.empty()) text += ",\"data\":" + std::string(data_text);
  return text + "},\"id\":" + id + '}';
}

}  // namespace

int to_rpc_code(errc code) noexcept {
  for (auto const& entry : codes)
    if (entry.code == code) return entry.number;
  return static_cast<int>(rpc_code::internal_error);
}

std::string write_reply(rpc_request const& request, std::string_view result_text) {
  std::string const id = request.id_text.value_or("null");
  // It may be large: copied once.
  auto const joined = [&](std::string_view before, std::string_view behind) {
    std::string text;
    text.reserve(before.size() + result_text.size() + behind.size() + 1);
    return text.append(before).append(result_text).append(behind);
  };
  if (request.version == rpc_version::v2) return joined(R"({"jsonrpc":"2.0","result":)", ",\"id\":" + id + '}');
  if (result_text == "null") {
    auto what = make_fault(errc::bad_result, "the result is null, which JSON-RPC 1.0 cannot tell from an error");
    what.method = request.method;
    return write_error(request, what);
  }
  return joined("{\"id\":" + id + ",\"result\":", ",\"error\":null}");
}

std::string write_error(rpc_request const& request, fault const& what) {
  auto const id = request.id_text.value_or("null");
  // In 1.0 a Go master knows a missing method by these words alone.
  if (request.version == rpc_version::v1 && what.code == errc::unknown_method)
    return write_error_of(request.version, id, 0, std::string(go_cannot_find) + "method " + request.method, {});
  return write_error_of(request.version, id, to_rpc_code(what.code), sentence(what), data_of(what));
}

std::string write_error(rpc_invalid const& invalid) {
  auto const* kind = invalid.code == rpc_code::parse_error ? "parse error: " : "invalid request: ";
  return write_error_of(invalid.version, invalid.id_text, static_cast<int>(invalid.code), kind + invalid.message, {});
}

std::string write_batch(std::vector<std::string> replies) {
  if (replies.empty()) return {};
  std::string text;
  auto bytes = replies.size() + 1;
  for (auto const& reply : replies) bytes += reply.size();
  text.reserve(bytes);
  for (auto& reply : replies) {
    text += text.empty() ? '[' : ',';
    text += reply;
    // Together they may be large, so the copies are not kept.
    reply = {};
  }
  text += ']';
  return text;
}

std::string write_request(rpc_request const& request) {
  auto const method = json_quote(request.method);
  auto const& params = request.params_text;
  if (request.version == rpc_version::v1)
    return "{\"method\":" + method + ",\"params\":" + (params.empty() ? "[]" : params) +
           ",\"id\":" + request.id_text.value_or("null") + '}';
  auto text = R"({"jsonrpc":"2.0","method":)" + method;
  if (!params.empty()) text += ",\"params\":" + params;
  if (request.id_text) text += ",\"id\":" + *request.id_text;
  return text + '}';
}

fault to_fault(rpc_error const& error) {
  auto const code = error.message.starts_with(go_cannot_find) || error.message.starts_with(go_ill_formed)
                        ? errc::unknown_method
                        : errc_of(error.code);
  auto what = make_fault(code, error.message);
  if (error.data_text.empty()) return what;
  for_each_member(error.data_text, 256, [&](auto const& name, auto source) {
    if (source.front() != '"') return;
    auto const text = json_scanner(source, 1).string();
    if (name == "code") what.code = errc_from_text(text);
    if (name == "known") boost::describe::enum_from_string(text.c_str(), what.known);
    if (name == "may") boost::describe::enum_from_string(text.c_str(), what.may);
    if (name == "node") what.node = text;
    if (name == "method") what.method = text;
    if (name == "phase") what.phase = text;
    if (name == "cause") what.cause = text;
  });
  return what;
}

}  // namespace dist
