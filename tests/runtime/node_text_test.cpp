#include "process/node_text.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace {

dist::time_point const start{1h};

std::string repeated(std::string const& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(node_text)

BOOST_AUTO_TEST_CASE(lines_are_prefixed_with_the_node_name) {
  BOOST_TEST(dist::named_lines("ws07", "one\ntwo\n") == "[ws07] one\n[ws07] two\n");
  BOOST_TEST(dist::named_lines("ws07", "") == "");
}

BOOST_AUTO_TEST_CASE(whole_lines_are_shown_at_once) {
  dist::node_text text;
  BOOST_TEST(text.add("one\ntwo\n", start) == "one\ntwo\n");
  BOOST_TEST(text.add("", start) == "");
  BOOST_TEST(!text.holds_back());
}

BOOST_AUTO_TEST_CASE(line_is_shown_when_its_end_arrives) {
  dist::node_text text;
  BOOST_TEST(text.add("hal", start) == "");
  BOOST_TEST(text.add("f\nand", start) == "half\n");
  BOOST_TEST(text.end(start) == "and\n");
  BOOST_TEST(text.end(start) == "");
}

BOOST_AUTO_TEST_CASE(carriage_returns_end_lines_and_empty_lines_are_omitted) {
  dist::node_text text;
  BOOST_TEST(text.add("\n10 %\r20 %\r\n\n", start) == "10 %\n20 %\n");
}

BOOST_AUTO_TEST_CASE(control_sequences_are_escaped) {
  dist::node_text text;
  BOOST_TEST(text.add("\x1b[2Jx\ty\xff\n", start) == "\\x1b[2Jx y\\xff\n");
}

BOOST_AUTO_TEST_CASE(long_line_is_split) {
  dist::node_text text;
  auto const most = dist::node_text::line_bytes;
  BOOST_TEST(text.add(std::string(most, 'x') + "\n", start) == std::string(most, 'x') + "\n");
  auto const shown = text.add(std::string(most + 2, 'y') + "\n", start);
  BOOST_TEST(shown == std::string(most, 'y') + "\nyy\n");
}

BOOST_AUTO_TEST_CASE(repeats_are_folded) {
  dist::node_text text;
  BOOST_TEST(text.add(repeated("again\n", 42), start) == "again\n");
  BOOST_TEST(text.holds_back());
  BOOST_TEST(text.add("other\n", start) == "again (41 more times)\nother\n");
  BOOST_TEST(!text.holds_back());
  BOOST_TEST(text.add("other\n", start) == "");
  BOOST_TEST(text.flush() == "other (repeated once)\n");
  BOOST_TEST(text.add("other\n", start) == "");
  BOOST_TEST(text.end(start) == "other (repeated once)\n");
}

BOOST_AUTO_TEST_CASE(lines_beyond_the_rate_limit_are_counted) {
  dist::node_text text;
  std::string shown;
  for (int i = 0; i < 1200; ++i) shown += text.add(std::to_string(i) + "\n", start);
  BOOST_TEST(std::ranges::count(shown, '\n') == static_cast<std::ptrdiff_t>(dist::node_text::lines_a_second));
  BOOST_TEST(text.holds_back());
  BOOST_TEST(text.add("x\n", start + 1s) == "(1000 lines dropped: it prints more than 200 a second)\nx\n");
}

BOOST_AUTO_TEST_SUITE_END()
