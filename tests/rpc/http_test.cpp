#include <dist/rpc/http.hpp>

#include <dist/rpc/detail/buffer.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using dist::http_request_parser;
using dist::http_response_parser;
using dist::parse_state;

constexpr std::string_view post =
    "POST /rpc?a=1&b=x%20y+z&c HTTP/1.1\r\nHost: localhost:3000\r\nContent-Type: application/json\r\n"
    "Content-Length: 5\r\n\r\nhello";
constexpr std::string_view chunked =
    "POST /rpc HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;ext=1\r\nhel\r\n2\r\nlo\r\n0\r\nX-Trailer: 1\r\n\r\n";
constexpr std::string_view empty_chunked = "POST /rpc HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
constexpr std::string_view upgrade =
    "GET /register-node?port=0 HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: dist/1\r\n\r\n";

template <class Parser>
std::size_t push(Parser& parser, std::string_view text) {
  return parser.push(dist::as_bytes(text));
}

/// Pushes pieces of `step` bytes and returns how many bytes were used.
template <class Parser>
std::size_t push_in_steps(Parser& parser, std::string_view text, std::size_t step) {
  std::size_t used = 0;
  while (used < text.size() && parser.state() == parse_state::need_more) used += push(parser, text.substr(used, step));
  return used;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http)

BOOST_AUTO_TEST_CASE(request_is_parsed) {
  http_request_parser parser({});
  BOOST_TEST(!parser.started());
  BOOST_TEST(push(parser, post) == post.size());
  BOOST_TEST_REQUIRE(parser.state() == parse_state::done);
  auto const request = parser.take_request();
  BOOST_TEST(request.method == "POST");
  BOOST_TEST(request.path == "/rpc");
  BOOST_TEST(request.find_query("a").value() == "1");
  BOOST_TEST(request.find_query("b").value() == "x y z");
  BOOST_TEST(request.find_query("c").value() == "");
  BOOST_TEST(!request.find_query("d").has_value());
  BOOST_TEST(request.headers.find("content-type").value() == "application/json");
  BOOST_TEST(request.body == "hello");
  BOOST_TEST(request.keep_alive);
  BOOST_TEST(request.upgrade == "");
  BOOST_TEST(!parser.started());
}

BOOST_AUTO_TEST_CASE(pieces_of_any_size_give_the_same_request) {
  for (auto text : {post, chunked, empty_chunked, upgrade}) {
    auto const with_more = std::string(text) + "\xD1 frames";
    for (std::size_t step = 1; step <= with_more.size(); ++step) {
      http_request_parser parser({});
      BOOST_TEST(push_in_steps(parser, with_more, step) == text.size());
      BOOST_TEST(parser.state() == parse_state::done);
      auto const request = parser.take_request();
      BOOST_TEST(request.body == (text == upgrade || text == empty_chunked ? "" : "hello"));
      BOOST_TEST(request.headers.count("X-Trailer") == 0U);
    }
    for (std::size_t size = 0; size < text.size(); ++size) {
      http_request_parser parser({});
      BOOST_TEST(push(parser, text.substr(0, size)) == size);
      BOOST_TEST(parser.state() == parse_state::need_more);
    }
  }
}

BOOST_AUTO_TEST_CASE(bytes_after_an_upgrade_are_left) {
  http_request_parser parser({});
  auto const text = std::string(upgrade) + "\xD1\x01 a frame";
  BOOST_TEST(push(parser, text) == upgrade.size());
  BOOST_TEST(parser.take_request().upgrade == "dist/1");
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_read_one_by_one) {
  http_request_parser parser({});
  auto const text = "\r\n" + std::string(post) + "\r\n" + std::string(chunked);
  auto const used = push(parser, text);
  BOOST_TEST(used == post.size() + 2);
  BOOST_TEST(parser.take_request().body == "hello");
  BOOST_TEST(push(parser, std::string_view(text).substr(used)) == chunked.size() + 2);
  BOOST_TEST(parser.take_request().body == "hello");
}

BOOST_AUTO_TEST_CASE(keep_alive_follows_version_and_header) {
  struct {
    std::string_view head;
    bool keep_alive;
    std::string_view upgrade;
  } const cases[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true, ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false, ""},
      {"GET / HTTP/1.0\r\n\r\n", false, ""},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: dist/1\r\n\r\n", true, ""},
      {"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: dist/1\r\nConnection: upgrade\r\n\r\n", true, "dist/1"},
      {"GET / HTTP/1.0\r\nUpgrade: dist/1\r\nConnection: upgrade\r\n\r\n", false, ""},
  };
  for (auto const& c : cases) {
    BOOST_TEST_CONTEXT(c.head) {
      http_request_parser parser({});
      push(parser, c.head);
      BOOST_TEST_REQUIRE(parser.state() == parse_state::done);
      auto const request = parser.take_request();
      BOOST_TEST(request.keep_alive == c.keep_alive);
      BOOST_TEST(request.upgrade == c.upgrade);
    }
  }
}

BOOST_AUTO_TEST_CASE(request_targets_are_parsed) {
  struct {
    std::string_view target;
    std::string_view path;
    std::string_view host;
  } const cases[] = {
      {"/", "/", "h"},
      {"/a%20b+c?x", "/a b+c", "h"},
      {"*", "*", "h"},
      {"http://other:81/p?q=1", "/p", "other:81"},
      {"http://other", "/", "other"},
      {"HTTP://other/p", "/p", "other"},
  };
  for (auto const& c : cases) {
    BOOST_TEST_CONTEXT(c.target) {
      http_request_parser parser({});
      push(parser, "GET " + std::string(c.target) + " HTTP/1.1\r\nHost: h\r\n\r\n");
      BOOST_TEST_REQUIRE(parser.state() == parse_state::done);
      auto const request = parser.take_request();
      BOOST_TEST(request.path == c.path);
      BOOST_TEST(request.headers.find("Host").value() == c.host);
    }
  }
}

BOOST_AUTO_TEST_CASE(malformed_requests_are_answered_with_an_error) {
  dist::limits limits;
  limits.http_head_bytes = 256;
  limits.message_bytes = 10;
  std::string const head = "POST / HTTP/1.1\r\nHost: h\r\n";
  struct {
    std::string text;
    unsigned status;
    std::string_view said;
  } const cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", 400, "Host"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "Host"},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "HTTP/1.1"},
      {"GET / HTTP/1.1\nHost: a\n\n", 400, "CR LF"},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400, "CR LF"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "Host"},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "Host"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "HTTP/1.0"},
      {head + "Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n", 400, "CR LF"},
      {head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\n", 400, "malformed"},
      {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "% escape"},
      {"GET /?a=%1 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "% escape"},
      {"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "malformed"},
      {head + "Content-Length: 11\r\n\r\n", 413, "10 bytes (message_bytes)"},
      {head + "Content-Length: 18446744073709551615\r\n\r\n", 413, "message_bytes"},
      {head + "Content-Length: -1\r\n\r\n", 400, "malformed"},
      {head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "malformed"},
      {head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "malformed"},
      {head + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, "chunked"},
      {head + "Transfer-Encoding: gzip\r\n\r\n", 501, "chunked"},
      {head + "Transfer-Encoding: chunked\r\n\r\nb\r\n", 413, "message_bytes"},
      {head + "Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\n", 413, "message_bytes"},
      {head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, "malformed"},
      {head + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(300, 'e'), 431, "chunk"},
      {head + "X: " + std::string(300, 'x'), 431, "256 bytes (http_head_bytes)"},
      {"GET /" + std::string(300, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "the request line is longer than"},
      {"GET /" + std::string(300, 'x'), 414, "256 bytes (http_head_bytes)"},
  };
  for (auto const& c : cases) {
    for (std::size_t step : {std::size_t{1}, std::size_t{7}, c.text.size()}) {
      BOOST_TEST_CONTEXT(c.text << " in steps of " << step) {
        http_request_parser parser(limits);
        push_in_steps(parser, c.text, step);
        BOOST_TEST_REQUIRE(parser.state() == parse_state::failed);
        BOOST_TEST(parser.status() == c.status);
        BOOST_TEST(parser.message().find(c.said) != std::string::npos, parser.message());
        BOOST_TEST(push(parser, "more") == 0U);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(continue_is_due_only_while_the_body_is_missing) {
  constexpr std::string_view head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
  http_request_parser parser({});
  push(parser, head.substr(0, head.size() - 1));
  BOOST_TEST(!parser.wants_continue());
  push(parser, head.substr(head.size() - 1));
  BOOST_TEST(parser.wants_continue());
  push(parser, "ab");
  BOOST_TEST(!parser.wants_continue());
  BOOST_TEST(parser.state() == parse_state::done);
}

BOOST_AUTO_TEST_CASE(responses_are_written) {
  dist::http_response response(200, "hi\n");
  BOOST_TEST(to_text(response) ==
             "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\r\nhi\n");
  response.head_only = true;
  response.keep_alive = false;
  BOOST_TEST(to_text(response) ==
             "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n"
             "Connection: close\r\n\r\n");
  response.keep_alive = true;
  response.to_http10 = true;
  BOOST_TEST(to_text(response) ==
             "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n"
             "Connection: keep-alive\r\n\r\n");
  dist::http_response switching(101);
  switching.headers.set("Connection", "Upgrade");
  switching.headers.set("Upgrade", "dist/1\r\nEvil: 1");
  BOOST_TEST(to_text(switching) ==
             "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: dist/1  Evil: 1\r\n\r\n");
  BOOST_TEST(to_text(dist::http_response(204)) == "HTTP/1.1 204 No Content\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(written_request_parses_back) {
  dist::http_request request("POST", "/a b/\xC3\xA9");
  request.query = {{"name", "x&y=z +%"}, {"", ""}};
  request.headers.set("Host", "localhost:3000");
  request.body = std::string("\0\r\n\xFF", 4);
  request.upgrade = "dist/1";
  http_request_parser parser({});
  auto const text = to_text(request);
  BOOST_TEST(push(parser, text) == text.size());
  BOOST_TEST_REQUIRE(parser.state() == parse_state::done);
  auto const read = parser.take_request();
  BOOST_TEST(read.path == request.path);
  BOOST_TEST((read.query == request.query));
  BOOST_TEST(read.body == request.body);
  BOOST_TEST(read.upgrade == "dist/1");
}

BOOST_AUTO_TEST_CASE(pieces_of_any_size_give_the_same_response) {
  struct {
    std::string_view text;
    unsigned status;
    std::string_view body;
    bool ends_with_stream;
  } const cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nhi", 200, "hi", false},
      {"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 201, "a", false},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: dist/1\r\n\r\n", 101, "", false},
      {"HTTP/1.0 200 OK\r\n\r\nto the end", 200, "to the end", true},
  };
  for (auto const& c : cases) {
    for (std::size_t step = 1; step <= c.text.size(); ++step) {
      BOOST_TEST_CONTEXT(c.text << " in steps of " << step) {
        http_response_parser parser({});
        auto const more = std::string(c.text) + (c.ends_with_stream ? "" : "\xD1");
        BOOST_TEST(push_in_steps(parser, more, step) == c.text.size());
        if (c.ends_with_stream) parser.finish();
        BOOST_TEST_REQUIRE(parser.state() == parse_state::done);
        auto const response = parser.take_response();
        BOOST_TEST(response.status == c.status);
        BOOST_TEST(response.body == c.body);
      }
    }
    for (std::size_t size = 0; size < c.text.size() && !c.ends_with_stream; ++size) {
      http_response_parser parser({});
      push(parser, c.text.substr(0, size));
      parser.finish();
      BOOST_TEST(parser.state() == parse_state::failed);
    }
  }
}

BOOST_AUTO_TEST_CASE(response_to_head_has_no_body) {
  http_response_parser parser({}, dist::http_body::none);
  push(parser, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n");
  BOOST_TEST(parser.state() == parse_state::done);
}

BOOST_AUTO_TEST_CASE(header_names_are_case_insensitive) {
  dist::http_headers headers;
  headers.add("Connection", "keep-alive , UPGRADE");
  headers.add("connection", "x");
  BOOST_TEST(headers.count("CONNECTION") == 2U);
  BOOST_TEST(headers.has_token("Connection", "upgrade"));
  BOOST_TEST(headers.has_token("Connection", "x"));
  BOOST_TEST(!headers.has_token("Connection", "grade"));
  headers.set("CONNECTION", "close");
  BOOST_TEST(headers.count("connection") == 1U);
  BOOST_TEST(headers.find("connection").value() == "close");
}

BOOST_AUTO_TEST_SUITE_END()
