#pragma once

#include <cstddef>
#include <dist/rpc/limits.hpp>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dist {

/// Header fields in the order they came. Names are compared without regard to case.
class http_headers {
 public:
  using field = std::pair<std::string, std::string>;

  /// The first field of this name.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  std::size_t count(std::string_view name) const noexcept;
  /// Whether a comma-separated field such as Connection or Upgrade holds `token`, without regard to case.
  bool has_token(std::string_view name, std::string_view token) const noexcept;

  void add(std::string name, std::string value);
  /// Replaces every field of this name.
  void set(std::string name, std::string value);
  void remove(std::string_view name);

  std::vector<field> const& fields() const noexcept { return fields_; }

 private:
  std::vector<field> fields_;
};

/// A request, parsed or to be sent.
class http_request {
 public:
  http_request() = default;
  http_request(std::string verb, std::string where) : method(std::move(verb)), path(std::move(where)) {}

  std::string method = "GET";
  std::string path = "/";                                  ///< decoded
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  http_headers headers;
  std::string body;
  bool keep_alive = true;  ///< whether the peer lets the connection live on
  bool http10 = false;     ///< HTTP/1.0: keep-alive must be requested, and there are no upgrades
  std::string upgrade;     ///< the Upgrade field where Connection asks for it, otherwise empty

  /// The first query value of this name.
  std::optional<std::string_view> find_query(std::string_view name) const noexcept;
};

/// A response, parsed or to be sent. An empty content type writes none.
class http_response {
 public:
  http_response() = default;
  explicit http_response(unsigned code) : status(code) {}
  http_response(unsigned code, std::string text, std::string type = "text/plain; charset=utf-8")
      : status(code), body(std::move(text)), content_type(std::move(type)) {}

  unsigned status = 200;
  http_headers headers;
  std::string body;
  std::string content_type;
  bool keep_alive = true;
  bool to_http10 = false;  ///< answers HTTP/1.0, which needs `Connection: keep-alive`
  bool head_only = false;  ///< answers HEAD: the length is written, the body is not
  bool streams = false;    ///< only the head is written; a body without a length follows, and the connection's end is its end
};

/// The request as it is sent; Host must be among the headers. Line breaks in a field become spaces.
std::string to_text(http_request const& request);
/// The response as it is sent, with Content-Length, and `Connection: close` unless it is kept alive; HTTP/1.0 is told that
/// as well.
std::string to_text(http_response const& response);
/// The head alone, for a body of that size that is written after it.
std::string to_head_text(http_response const& response, std::size_t body_bytes);

/// `a=1&b=x%20y` decoded, `+` as a space. Nothing where an escape is broken.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text);
/// A name or value as it is written in a query.
std::string percent_encode(std::string_view text);

enum class parse_state { need_more, done, failed };
std::ostream& operator<<(std::ostream& out, parse_state state);

/// Parses one request incrementally. After `done` take the request: the parser then starts over.
///
/// Errors   status() is what to answer: 400 malformed, 413 body, 414 target, 431 head, 501 transfer coding, 505
///          version; message() says what and names the limit. A failed parser takes no more bytes: the connection is at
///          its end.
class http_request_parser {
 public:
  explicit http_request_parser(limits const& limits);
  http_request_parser(http_request_parser&&) noexcept;
  http_request_parser& operator=(http_request_parser&&) noexcept;
  ~http_request_parser();

  /// How many bytes were used; those after the end of the request belong to the caller, such as frames after an
  /// upgrade.
  std::size_t push(std::span<std::byte const> bytes);

  parse_state state() const noexcept;
  /// Whether a byte of this request has been seen.
  bool started() const noexcept;
  bool head_done() const noexcept;
  /// The head has arrived, the body has not, and the peer waits for `100 Continue`.
  bool wants_continue() const noexcept;

  /// The peer sends no more: a partial request fails.
  void finish();

  /// The request without its body; valid once its head is done.
  http_request peek_head() const;
  http_request take_request();

  unsigned status() const noexcept;
  std::string const& message() const noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Whether a response has a body.
enum class http_body {
  expected,  ///< as its status and headers say
  none,      ///< it answers HEAD
};

/// Reads one response, like http_request_parser. An interim 1xx response is a response of its own.
class http_response_parser {
 public:
  explicit http_response_parser(limits const& limits, http_body body = http_body::expected);
  http_response_parser(http_response_parser&&) noexcept;
  http_response_parser& operator=(http_response_parser&&) noexcept;
  ~http_response_parser();

  std::size_t push(std::span<std::byte const> bytes);
  /// The stream has ended: completes a body without a length, otherwise fails.
  void finish();

  parse_state state() const noexcept;
  http_response take_response();
  std::string const& message() const noexcept;
  /// Whether it failed because the response is larger than a limit.
  bool is_over_limit() const noexcept;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dist
