#include <boost/test/unit_test.hpp>
#include <dist/rpc/detail/text.hpp>
#include <dist/rpc/log.hpp>
#include <vector>

using dist::line_ends;
using dist::printable;

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(control_characters_and_invalid_utf8_are_escaped) {
  struct {
    std::string_view text;
    std::string_view shown;
  } const table[] = {{"", ""},
                     {"node a left", "node a left"},
                     {"Zürich, 東京, 🙂", "Zürich, 東京, 🙂"},
                     {"a\nnode b joined", "a\\nnode b joined"},
                     {"\r\t\x07", "\\r\\t\\x07"},
                     {"\x1b[2J", "\\x1b[2J"},
                     {"\x7f", "\\x7f"},
                     {std::string_view("a\0b", 3), "a\\x00b"},
                     {"A\xFE" "B", "A\\xfeB"},
                     {"\xC3", "\\xc3"},
                     {"\xC2\x9B" "2J", "\\xc2\\x9b2J"},
                     {"\xC2\xA0", "\xC2\xA0"},
                     {"exe.\u202egnp", "exe.\\xe2\\x80\\xaegnp"},
                     {"\u2066a\u2069\u200f\u061c", "\\xe2\\x81\\xa6a\\xe2\\x81\\xa9\\xe2\\x80\\x8f\\xd8\\x9c"},
                     {"one\u2028two", "one\\xe2\\x80\\xa8two"},
                     {"\u2013 \u2026", "\u2013 \u2026"}};
  for (auto const& row : table) BOOST_TEST(printable(row.text, 100) == row.shown);
  BOOST_TEST(printable("a\nb\x1b", 100, line_ends::kept) == "a\nb\\x1b");
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_between_characters) {
  BOOST_TEST(printable("abcdef", 6) == "abcdef");
  BOOST_TEST(printable("abcdef", 4) == "abcd... (2 more bytes)");
  for (std::size_t most = 3; most <= 5; ++most) BOOST_TEST(printable("ab\u6771", most).substr(0, 2) == "ab");
  BOOST_TEST(printable("ab\u6771", 4) == "ab... (3 more bytes)");
  BOOST_TEST(printable("ab\u6771", 5) == "ab\u6771");
}

BOOST_AUTO_TEST_CASE(log_line_stays_one_line) {
  std::vector<std::string> lines;
  dist::log const to(dist::log_level::debug,
                     [&](dist::log_level, std::string_view line) { lines.emplace_back(line); });
  to.warn("node a\ndist: node b joined is refused");
  to.info(std::string(3000, 'x'));
  to.debug([] { return std::string("caf\u00e9"); });
  BOOST_REQUIRE(lines.size() == 3U);
  BOOST_TEST(lines[0] == "node a\\ndist: node b joined is refused");
  BOOST_TEST(lines[1] == std::string(2000, 'x') + "... (1000 more bytes)");
  BOOST_TEST(lines[2] == "caf\u00e9");
}

BOOST_AUTO_TEST_SUITE_END()
