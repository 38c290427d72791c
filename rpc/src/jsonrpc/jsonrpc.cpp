#include "jsonrpc/jsonrpc.hpp"

#include <array>
#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enum_to_string.hpp>
#include <dist/rpc/detail/text.hpp>
#include <ostream>

#include "values/json_scanner.hpp"
#include "values/json_splitter.hpp"

namespace dist {
namespace {

constexpr std::size_t name_bytes_shown = 80;

/// The members of one message, as source text.
struct envelope {
  static constexpr std::array<std::string_view, 6> names = {"jsonrpc", "method", "params", "id", "result", "error"};

  std::array<std::optional<std::string_view>, 6> sources;
  std::string duplicate;
  std::string unknown;

  std::optional<std::string_view> const& jsonrpc() const { return sources[0]; }
  std::optional<std::string_view> const& method() const { return sources[1]; }
  std::optional<std::string_view> const& params() const { return sources[2]; }
  std::optional<std::string_view> const& id() const { return sources[3]; }
  std::optional<std::string_view> const& result() const { return sources[4]; }
  std::optional<std::string_view> const& error() const { return sources[5]; }

  void add(std::string_view name, std::string_view source) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] != name) continue;
      if (sources[i] && duplicate.empty()) duplicate = name;
      sources[i] = source;
      return;
    }
    if (unknown.empty()) unknown = name.empty() ? "\"\"" : name.substr(0, name_bytes_shown);
  }
};

std::string decode_string(std::string_view source) { return json_scanner(source, 1).string(); }

bool is_container(std::string_view source) { return source.front() == '[' || source.front() == '{'; }

/// Parses one object.
class item_parser {
 public:
  explicit item_parser(std::size_t depth_limit) : depth_limit_(depth_limit) {}

  /// False: the next value is not a well-formed object.
  bool read(json_scanner& from) {
    return for_each_member(from, [this](auto const& name, auto source) { members_.add(name, source); });
  }
  /// Of text that is known to be well-formed.
  rpc_item parse(std::string_view text) {
    json_scanner scan(text, depth_limit_);
    return read(scan) ? judge() : invalid("a request must be an object");
  }
  /// After read().
  rpc_item judge() {
    version_ = members_.jsonrpc() ? rpc_version::v2 : rpc_version::v1;
    if (members_.duplicate == "id") return invalid("duplicate member \"id\"");
    if (auto const& id = members_.id()) {
      auto const c = id->front();
      if (version_ == rpc_version::v2 && c != '"' && c != '-' && *id != "null" && (c < '0' || c > '9'))
        return invalid("\"id\" must be a string, a number or null");
      id_text_ = *id;
    }
    if (!members_.duplicate.empty()) return invalid("duplicate member \"" + members_.duplicate + "\"");
    if (members_.jsonrpc() && *members_.jsonrpc() != "\"2.0\"" &&
        (members_.jsonrpc()->front() != '"' || decode_string(*members_.jsonrpc()) != "2.0"))
      return invalid("\"jsonrpc\" must be \"2.0\", or absent in 1.0");
    if (members_.method()) return request();
    if (members_.result() || members_.error()) return reply();
    // This does not imply 1.0; in a batch its neighbours may be 2.0.
    if (!members_.id()) version_ = rpc_version::v2;
    return invalid("missing member \"method\"");
  }

 private:
  rpc_item invalid(std::string message) const {
    rpc_invalid item;
    item.version = version_;
    if (id_text_) item.id_text = *id_text_;
    item.message = std::move(message);
    return item;
  }

  rpc_item request() {
    if (members_.result() || members_.error()) return invalid("a request must not have \"result\" or \"error\"");
    if (!members_.unknown.empty()) return invalid("unknown member \"" + members_.unknown + "\"");
    if (members_.method()->front() != '"') return invalid("\"method\" must be a string");
    rpc_request made;
    made.version = version_;
    made.method = decode_string(*members_.method());
    if (made.method.empty()) return invalid("\"method\" is empty");
    if (auto const& params = members_.params()) {
      if (is_container(*params))
        made.params_text = *params;
      else if (version_ == rpc_version::v2 || *params != "null")
        return invalid("\"params\" must be an array or an object");
    }
    made.id_text = id_text_;
    // 1.0 marks a notification by a null.
    if (version_ == rpc_version::v1 && id_text_ == "null") made.id_text.reset();
    return made;
  }

  rpc_item reply() {
    rpc_reply made;
    made.version = version_;
    if (!id_text_) return invalid("missing member \"id\"");
    made.id_text = *id_text_;
    auto const result = members_.result().value_or("null");
    auto const error = members_.error().value_or("null");
    if (error == "null") {
      if (!members_.result()) return invalid("a reply must have \"result\" or \"error\"");
      made.result_text = result;
      return made;
    }
    if (result != "null") return invalid("a reply must not have both \"result\" and \"error\"");
    auto read = read_error(error);
    if (!read) return invalid("\"error\" must be an object with a numeric \"code\" and a \"message\"");
    made.error = std::move(*read);
    return made;
  }

  std::optional<rpc_error> read_error(std::string_view source) const {
    rpc_error read;
    if (version_ == rpc_version::v1) {
      read.message = source.front() == '"' ? decode_string(source) : std::string(source);
      return read;
    }
    auto has_code = false;
    auto has_message = false;
    auto const is_object = for_each_member(source, depth_limit_, [&](auto const& name, auto value) {
      if (name == "code") has_code = read_code(value, read.code);
      if (name == "message" && value.front() == '"') {
        read.message = decode_string(value);
        has_message = true;
      }
      if (name == "data") read.data_text = value;
    });
    if (!is_object || !has_code || !has_message) return {};
    return read;
  }

  static bool read_code(std::string_view source, int& code) {
    auto const negative = source.starts_with('-');
    if (negative) source.remove_prefix(1);
    if (source.empty() || source.size() > 9 || source.find_first_not_of("0123456789") != source.npos) return false;
    code = 0;
    for (auto c : source) code = code * 10 + (c - '0');
    if (negative) code = -code;
    return true;
  }

  std::size_t depth_limit_;
  envelope members_;
  rpc_version version_ = rpc_version::v2;
  std::optional<std::string> id_text_;
};

rpc_message only(rpc_code code, std::string message) {
  rpc_invalid item;
  item.code = code;
  item.message = std::move(message);
  rpc_message made;
  made.items.push_back(std::move(item));
  return made;
}

/// Nearly every message is a request, or a batch of them, and right: each of these is walked over once. Nothing when
/// the text is anything else.
std::optional<rpc_message> read_objects(std::string_view text, limits const& limits) {
  rpc_message made;
  made.batch = text.starts_with('[');
  // The depth left for the members' values: two levels are the batch's and the object's.
  auto const depth_limit = limits.depth + envelope_depth - (made.batch ? 2 : 1);
  json_scanner scan(text, depth_limit);
  if (made.batch) scan.expect('[');
  do {
    item_parser one(depth_limit);
    if (made.items.size() == limits.batch_count || !one.read(scan)) return {};
    made.items.push_back(one.judge());
  } while (made.batch && scan.take(','));
  if (made.batch) scan.expect(']');
  scan.expect_end();
  if (scan.failed()) return {};
  return made;
}

/// Reports what is wrong, or which items are.
rpc_message read_anything(std::string_view text, limits const& limits) {
  auto const depth_limit = limits.depth + envelope_depth;
  rpc_message made;
  json_scanner whole(text, depth_limit, envelope_depth);
  auto const value = whole.value();
  whole.expect_end();
  if (whole.failed()) return only(rpc_code::parse_error, whole.message());
  if (value.front() != '[') {
    made.items.push_back(item_parser(depth_limit).parse(value));
    return made;
  }
  json_scanner items(value, depth_limit);
  items.expect('[');
  if (items.take(']')) return only(rpc_code::invalid_request, "the batch is empty");
  made.batch = true;
  do {
    if (made.items.size() == limits.batch_count)
      return only(rpc_code::invalid_request, "the batch has more than the maximum of " +
                                                 std::to_string(limits.batch_count) + " requests (batch_count)");
    made.items.push_back(item_parser(depth_limit).parse(items.value()));
  } while (items.take(','));
  return made;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, rpc_version version) {
  return out << (version == rpc_version::v1 ? "v1" : "v2");
}

rpc_message parse_rpc(std::string_view text, limits const& limits) {
  if (text.size() > limits.message_bytes)
    return only(rpc_code::invalid_request, "the message has " + std::to_string(text.size()) +
                                               " bytes, the maximum is " + std::to_string(limits.message_bytes) +
                                               " (message_bytes)");
  if (auto made = read_objects(text, limits)) return std::move(*made);
  return read_anything(text, limits);
}

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
