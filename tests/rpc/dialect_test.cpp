#include <dist/rpc/detail/buffer.hpp>

#include <boost/test/unit_test.hpp>

#include "wire/dialect.hpp"

namespace {

using dist::dialect;

dist::sniffed sniff(std::string_view text) { return dist::sniff(dist::as_bytes(text)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(dialect_of)

BOOST_AUTO_TEST_CASE(dialect_follows_the_first_significant_byte) {
  struct {
    std::string_view bytes;
    dialect kind;
    std::size_t skipped;
    std::string_view looks_like;
  } const cases[] = {
      {"", dialect::need_more, 0, ""},
      {" \r\n\t", dialect::need_more, 4, ""},
      {"G", dialect::http, 0, ""},
      {"POST /rpc HTTP/1.1\r\n", dialect::http, 0, ""},
      {"\r\nGET", dialect::http, 2, ""},
      {"{", dialect::json, 0, ""},
      {" [", dialect::json, 1, ""},
      {"\x16\x03\x01", dialect::tls, 0, ""},
      {" \x16", dialect::unknown, 1, "looks like TLS after white space"},
      {"S", dialect::need_more, 0, ""},
      {"SSH-2.0-OpenSSH", dialect::unknown, 0, "looks like SSH"},
      {"SEARCH", dialect::http, 0, ""},
      {"PRI * HTTP/2.0\r\n", dialect::unknown, 0, "looks like HTTP/2 without an upgrade (gRPC)"},
      {"PRI *", dialect::need_more, 0, ""},
      {"PROPFIND", dialect::http, 0, ""},
      {"\xD1\x01", dialect::unknown, 0, "looks like a dist/1 frame without the upgrade"},
      {std::string_view("\0\x01\x02", 3), dialect::unknown, 0, "bytes 00 01 02"},
      {"\xEF\xBB\xBF{", dialect::unknown, 0, "looks like text with a byte order mark"},
      {"get /status HTTP/1.1", dialect::unknown, 0,
       "looks like HTTP with a lower-case method, text \"get /status HTTP\""},
      {"hello\r\n", dialect::unknown, 0, "text \"hello\""},
      {"1", dialect::unknown, 0, "text \"1\""},
  };
  for (auto const& c : cases) {
    BOOST_TEST_CONTEXT(c.bytes) {
      auto const found = sniff(c.bytes);
      BOOST_TEST(found.kind == c.kind);
      BOOST_TEST(found.skipped_bytes == c.skipped);
      BOOST_TEST(found.looks_like == c.looks_like);
    }
  }
}

BOOST_AUTO_TEST_CASE(at_most_64_bytes_of_white_space_are_skipped) {
  BOOST_TEST(sniff(std::string(64, ' ')).kind == dialect::need_more);
  BOOST_TEST(sniff(std::string(64, ' ') + '{').kind == dialect::json);
  auto const found = sniff(std::string(65, ' '));
  BOOST_TEST(found.kind == dialect::unknown);
  BOOST_TEST(found.looks_like == "more than 64 bytes of white space");
}

BOOST_AUTO_TEST_CASE(dialect_does_not_change_with_more_bytes) {
  std::string_view const texts[] = {"GET / HTTP/1.1", " {\"id\":1}", "SSH-2.0", "PRI * HTTP/2.0", "\xD1 frame"};
  for (auto text : texts) {
    auto decided = dialect::need_more;
    for (std::size_t size = 0; size <= text.size(); ++size) {
      auto const now = sniff(text.substr(0, size)).kind;
      if (decided != dialect::need_more) BOOST_TEST(now == decided, text);
      decided = now;
    }
    BOOST_TEST(decided != dialect::need_more, text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
