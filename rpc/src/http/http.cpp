#include <dist/rpc/http.hpp>

#include <dist/rpc/detail/buffer.hpp>

// The only file that includes Beast; it brings Boost.Asio, which coexists with the standalone one as long as no header
// shows it.
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <ostream>

#include "base/hex.hpp"

namespace dist {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

bool is_same_name(std::string_view a, std::string_view b) noexcept {
  auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) noexcept {
  auto const first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (text.size() - i < 3 || from_hex(text[i + 1]) < 0 || from_hex(text[i + 2]) < 0) return {};
      decoded += static_cast<char>(from_hex(text[i + 1]) * 16 + from_hex(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  return decoded;
}

std::string encode_except(std::string_view text, std::string_view kept) {
  std::string encoded;
  for (auto c : text) {
    auto const plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (plain || kept.find(c) != kept.npos)
      encoded += c;
    else
      append_hex(encoded += '%', static_cast<std::byte>(c), capital_hex_digits);
  }
  return encoded;
}

void append_line(std::string& text, std::string_view name, std::string_view value) {
  auto const append_safely = [&](std::string_view part) {
    for (auto c : part) text += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  };
  append_safely(name);
  text += ": ";
  append_safely(value);
  text += "\r\n";
}

/// Reads a target in origin form, or in the absolute form that proxies send, whose authority replaces Host.
bool read_target(std::string_view target, http_request& request) {
  auto const scheme = target.substr(0, target.find("://"));
  if (is_same_name(scheme, "http") || is_same_name(scheme, "https")) {
    target.remove_prefix(target.find("://") + 3);
    auto const end = target.find_first_of("/?");
    request.headers.set("Host", std::string(target.substr(0, end)));
    target = end == target.npos ? std::string_view("/") : target.substr(end);
  }
  target = target.substr(0, target.find('#'));
  auto const question = target.find('?');
  auto path = percent_decode(target.substr(0, question), false);
  if (!path) return false;
  request.path = path->empty() ? "/" : std::move(*path);
  if (question == target.npos) return true;
  auto query = parse_query(target.substr(question + 1));
  if (query) request.query = std::move(*query);
  return query.has_value();
}

/// Whether it can be a Host: a name or an address, and a port.
bool is_host(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) {
    auto const plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return plain || std::string_view("-._~%!$&'()*+,;=:[]").find(c) != std::string_view::npos;
  });
}

/// The parser that Beast calls back. Its own message types would reserve a body's announced length before a byte of it
/// came.
template <bool IsRequest>
class callbacks : public http::basic_parser<IsRequest> {
 public:
  explicit callbacks(limits const& limits) {
    this->eager(true);
    this->header_limit(static_cast<std::uint32_t>(std::min<std::size_t>(limits.http_head_bytes, UINT32_MAX)));
    this->body_limit(limits.message_bytes);
  }

  std::string method;
  std::string target;
  int version = 11;
  unsigned status = 0;
  http_headers headers;
  std::string body;

 private:
  using string_view = beast::string_view;
  using error_code = beast::error_code;
  static std::string_view view(string_view text) { return {text.data(), text.size()}; }

  void on_request_impl(http::verb, string_view verb, string_view where, int number, error_code&) override {
    version = number;
    method = view(verb);
    target = view(where);
  }
  void on_response_impl(int code, string_view, int, error_code&) override { status = static_cast<unsigned>(code); }
  void on_field_impl(http::field, string_view name, string_view value, error_code&) override {
    // Trailers of a chunked body are read and dropped: no header may be smuggled in there.
    if (!this->is_header_done()) headers.add(std::string(view(name)), std::string(view(value)));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(string_view bytes, error_code&) override {
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& error) override {
    return on_body_impl(bytes, error);
  }
  void on_finish_impl(error_code&) override {}
};

/// The part that requests and responses share: bytes that Beast needs to see again, the state, the error.
template <bool IsRequest>
struct message_reader {
  explicit message_reader(dist::limits const& l) : max(l), parser(std::make_unique<callbacks<IsRequest>>(l)) {}

  dist::limits max;
  std::unique_ptr<callbacks<IsRequest>> parser;
  std::string pending;  // received, but Beast needs more after it
  parse_state state = parse_state::need_more;
  bool started = false;
  unsigned status = 400;
  std::string message;

  void restart() { *this = message_reader(max); }

  /// Piece by piece until the head is there: many requests may stand behind this one, and each look at them costs.
  std::size_t push(std::span<std::byte const> bytes) {
    constexpr std::size_t piece_bytes = 512;
    std::size_t used = 0;
    while (state == parse_state::need_more && used < bytes.size()) {
      auto piece = bytes.subspan(used);
      if (!parser->is_header_done()) piece = piece.first(std::min(piece.size(), piece_bytes));
      used += push_piece(piece);
    }
    return used;
  }

  std::size_t push_piece(std::span<std::byte const> bytes) {
    auto text = as_text(bytes);
    std::size_t skipped = 0;
    // Empty lines before a message must be accepted (RFC 9112, 2.2).
    while (!started && skipped < text.size() && (text[skipped] == '\r' || text[skipped] == '\n')) ++skipped;
    text.remove_prefix(skipped);
    if (text.empty()) return skipped;
    started = true;

    pending += text;
    // Beast 1.81 asserts that a last chunk's size is not followed by one byte alone; a message always has one more.
    if (parser->chunked() && pending.size() == 4 && pending.starts_with("0\r\n")) return bytes.size();
    // Beast looks for the head's end before it looks at its lines, and a bare LF would leave it waiting.
    auto const bare = !parser->is_header_done() && bare_line_feed(pending.size() - text.size());
    boost::system::error_code error;
    auto const used = parser->put(boost::asio::const_buffer(pending.data(), pending.size()), error);
    if (bare && !parser->is_header_done()) {
      fail(400, "malformed HTTP: lines must end in CR LF");
      return bytes.size();
    }
    if (error && error != http::error::need_more) {
      fail(error);
      return bytes.size();
    }
    pending.erase(0, used);
    if (!parser->is_done()) {
      // Between chunks there are lines too.
      if (parser->is_header_done() && parser->chunked() && bare_line_feed(0))
        fail(400, "malformed HTTP: lines must end in CR LF");
      else if (parser->is_header_done() && pending.size() > max.http_head_bytes)
        fail_head("a chunk header");
      return bytes.size();
    }
    state = parse_state::done;
    // The pending bytes were needed: any remainder came with these bytes.
    auto const left = pending.size();
    pending.clear();
    return bytes.size() - left;
  }

  /// Whether a line that came from `first` on ends in LF alone.
  bool bare_line_feed(std::size_t first) const noexcept {
    for (auto at = pending.find('\n', first); at != pending.npos; at = pending.find('\n', at + 1))
      if (at == 0 || pending[at - 1] != '\r') return true;
    return false;
  }

  void fail(unsigned code, std::string text) {
    state = parse_state::failed;
    status = code;
    message = std::move(text);
    pending.clear();
  }
  void fail_head(std::string_view what) {
    fail(431, std::string(what) + " is longer than the maximum of " + std::to_string(max.http_head_bytes) +
                  " bytes (http_head_bytes)");
  }
  void fail(boost::system::error_code error) {
    if (error == http::error::header_limit) {
      auto const has_line = !parser->method.empty() || pending.find('\n') < max.http_head_bytes;
      if (!IsRequest || has_line) return fail_head("the head");
      fail_head("the request line");
      status = 414;
      return;
    }
    if (error == http::error::body_limit)
      return fail(413, "the body is longer than the maximum of " + std::to_string(max.message_bytes) +
                           " bytes (message_bytes)");
    if (error == http::error::bad_version) return fail(505, "this is not HTTP/1.0 or HTTP/1.1");
    fail(400, "malformed HTTP: " + error.message());
  }
};

bool has_no_body(http_response const& response) {
  return response.status < 200 || response.status == 204 || response.status == 304;
}

}  // namespace

std::optional<std::string_view> http_headers::find(std::string_view name) const noexcept {
  for (auto const& [key, value] : fields_)
    if (is_same_name(key, name)) return value;
  return {};
}

std::size_t http_headers::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(), [&](field const& f) { return is_same_name(f.first, name); }));
}

bool http_headers::has_token(std::string_view name, std::string_view token) const noexcept {
  for (auto const& [key, value] : fields_) {
    if (!is_same_name(key, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      auto const comma = rest.find(',');
      if (is_same_name(trimmed(rest.substr(0, comma)), token)) return true;
      rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  return false;
}

void http_headers::add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }

void http_headers::set(std::string name, std::string value) {
  remove(name);
  add(std::move(name), std::move(value));
}

void http_headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](field const& f) { return is_same_name(f.first, name); });
}

std::optional<std::string_view> http_request::find_query(std::string_view name) const noexcept {
  for (auto const& [key, value] : query)
    if (key == name) return value;
  return {};
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> query;
  while (!text.empty()) {
    auto const end = text.find('&');
    auto const part = text.substr(0, end);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
    if (part.empty()) continue;
    auto const equals = part.find('=');
    auto name = percent_decode(part.substr(0, equals), true);
    auto value = percent_decode(equals == part.npos ? std::string_view() : part.substr(equals + 1), true);
    if (!name || !value) return {};
    query.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

std::string percent_encode(std::string_view text) { return encode_except(text, "-._~"); }

std::string to_text(http_request const& request) {
  auto text = request.method + ' ' + encode_except(request.path, "-._~/:@!$&'()*,;=");
  char separator = '?';
  for (auto const& [name, value] : request.query) {
    text += separator + percent_encode(name) + '=' + percent_encode(value);
    separator = '&';
  }
  text += " HTTP/1.1\r\n";
  for (auto const& [name, value] : request.headers.fields())
    if (!is_same_name(name, "Content-Length")) append_line(text, name, value);
  if (!request.upgrade.empty()) {
    append_line(text, "Connection", "Upgrade");
    append_line(text, "Upgrade", request.upgrade);
  } else if (!request.keep_alive) {
    append_line(text, "Connection", "close");
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT")
    append_line(text, "Content-Length", std::to_string(request.body.size()));
  return text + "\r\n" + request.body;
}

std::string to_head_text(http_response const& response, std::size_t body_bytes) {
  auto const reason = http::obsolete_reason(http::int_to_status(response.status));
  auto text = "HTTP/1.1 " + std::to_string(response.status) + ' ' + std::string(reason.data(), reason.size()) + "\r\n";
  auto const bodyless = has_no_body(response);
  if (!response.content_type.empty() && !bodyless) append_line(text, "Content-Type", response.content_type);
  for (auto const& [name, value] : response.headers.fields())
    if (!is_same_name(name, "Content-Length")) append_line(text, name, value);
  if (!bodyless && !response.streams) append_line(text, "Content-Length", std::to_string(body_bytes));
  if (!response.keep_alive || response.streams)
    append_line(text, "Connection", "close");
  else if (response.to_http10)
    append_line(text, "Connection", "keep-alive");
  return text + "\r\n";
}

std::string to_text(http_response const& response) {
  auto text = to_head_text(response, response.body.size());
  if (!has_no_body(response) && !response.head_only && !response.streams) text += response.body;
  return text;
}

std::ostream& operator<<(std::ostream& out, parse_state state) {
  switch (state) {
    case parse_state::need_more:
      return out << "need_more";
    case parse_state::done:
      return out << "done";
    case parse_state::failed:
      return out << "failed";
  }
  return out;
}

struct http_request_parser::impl : message_reader<true> {
  using message_reader::message_reader;
};

http_request_parser::http_request_parser(limits const& limits) : impl_(std::make_unique<impl>(limits)) {}
http_request_parser::http_request_parser(http_request_parser&&) noexcept = default;
http_request_parser& http_request_parser::operator=(http_request_parser&&) noexcept = default;
http_request_parser::~http_request_parser() = default;

std::size_t http_request_parser::push(std::span<std::byte const> bytes) {
  auto const had_head = head_done();
  auto const used = impl_->push(bytes);
  if (had_head || !head_done() || state() == parse_state::failed) return used;
  auto const& parser = *impl_->parser;
  auto const hosts = parser.headers.count("Host");
  auto const coding = parser.headers.find("Transfer-Encoding");
  http_request scratch;
  if (hosts > 1 || (hosts == 0 && parser.version >= 11))
    impl_->fail(400, "a request needs exactly one Host header");
  else if (hosts == 1 && !is_host(trimmed(*parser.headers.find("Host"))))
    impl_->fail(400, "the Host header is not a name or address with a port");
  else if (coding && parser.version < 11)
    impl_->fail(400, "HTTP/1.0 does not allow transfer codings");
  else if (coding && !is_same_name(trimmed(*coding), "chunked"))
    impl_->fail(501, "unsupported transfer coding; only chunked is supported");
  else if (!read_target(parser.target, scratch))
    impl_->fail(400, "the target \"" + parser.target.substr(0, 200) + "\" has a broken % escape");
  return state() == parse_state::failed ? bytes.size() : used;
}

parse_state http_request_parser::state() const noexcept { return impl_->state; }
bool http_request_parser::started() const noexcept { return impl_->started; }
bool http_request_parser::head_done() const noexcept { return impl_->parser->is_header_done(); }
unsigned http_request_parser::status() const noexcept { return impl_->status; }
std::string const& http_request_parser::message() const noexcept { return impl_->message; }

bool http_request_parser::wants_continue() const noexcept {
  return state() == parse_state::need_more && head_done() && impl_->parser->version >= 11 &&
         impl_->parser->headers.has_token("Expect", "100-continue");
}

void http_request_parser::finish() {
  if (state() == parse_state::need_more && started())
    impl_->fail(400, "the connection ended in the middle of a request");
}

http_request http_request_parser::peek_head() const {
  auto const& parser = *impl_->parser;
  http_request request;
  request.method = parser.method;
  request.headers = parser.headers;
  read_target(parser.target, request);  // push() has tried it
  request.http10 = parser.version < 11;
  if (!request.http10 && request.headers.has_token("Connection", "upgrade"))
    request.upgrade = trimmed(request.headers.find("Upgrade").value_or(""));
  return request;
}

http_request http_request_parser::take_request() {
  auto& parser = *impl_->parser;
  http_request request;
  request.method = std::move(parser.method);
  request.headers = std::move(parser.headers);
  read_target(parser.target, request);  // push() has tried it
  request.body = std::move(parser.body);
  request.keep_alive = parser.keep_alive();
  request.http10 = parser.version < 11;
  // RFC 9110, 7.8: not in HTTP/1.0.
  if (!request.http10 && request.headers.has_token("Connection", "upgrade"))
    request.upgrade = trimmed(request.headers.find("Upgrade").value_or(""));
  impl_->restart();
  return request;
}

struct http_response_parser::impl : message_reader<false> {
  impl(dist::limits const& l, http_body b) : message_reader(l), body(b) { parser->skip(b == http_body::none); }
  http_body body;
};

http_response_parser::http_response_parser(limits const& limits, http_body body)
    : impl_(std::make_unique<impl>(limits, body)) {}
http_response_parser::http_response_parser(http_response_parser&&) noexcept = default;
http_response_parser& http_response_parser::operator=(http_response_parser&&) noexcept = default;
http_response_parser::~http_response_parser() = default;

std::size_t http_response_parser::push(std::span<std::byte const> bytes) { return impl_->push(bytes); }

void http_response_parser::finish() {
  if (state() != parse_state::need_more) return;
  boost::system::error_code error;
  if (impl_->parser->got_some()) impl_->parser->put_eof(error);
  if (impl_->parser->is_done() && !error)
    impl_->state = parse_state::done;
  else
    impl_->fail(400, "the connection ended in the middle of a response");
}

parse_state http_response_parser::state() const noexcept { return impl_->state; }
std::string const& http_response_parser::message() const noexcept { return impl_->message; }
bool http_response_parser::is_over_limit() const noexcept { return impl_->status == 413 || impl_->status == 431; }

http_response http_response_parser::take_response() {
  auto& parser = *impl_->parser;
  http_response response(parser.status);
  response.headers = std::move(parser.headers);
  response.content_type = response.headers.find("Content-Type").value_or("");
  response.body = std::move(parser.body);
  response.keep_alive = parser.keep_alive();
  impl_ = std::make_unique<impl>(impl_->max, impl_->body);
  return response;
}

}  // namespace dist
