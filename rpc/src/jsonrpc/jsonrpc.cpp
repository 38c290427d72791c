#include "jsonrpc/jsonrpc.hpp"

#include <array>
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

}  // namespace dist
