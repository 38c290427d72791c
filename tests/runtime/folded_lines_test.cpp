#include "master/folded_lines.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace std::chrono_literals;

dist::time_point const start{100s};

std::size_t written(dist::folded_lines& lines, std::string_view kind, std::size_t count, dist::time_point now) {
  std::size_t written = 0;
  for (std::size_t i = 0; i < count; ++i) written += lines.is_written(kind, "line " + std::to_string(i), now) ? 1U : 0U;
  return written;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(folded_lines)

BOOST_AUTO_TEST_CASE(first_lines_of_a_kind_are_written_and_the_others_counted) {
  dist::folded_lines lines;
  BOOST_TEST(written(lines, "refused", 3000, start) == dist::folded_lines::written_count);
  BOOST_TEST(lines.due(start + 9s).empty());
  auto const due = lines.due(start + 10s);
  BOOST_TEST_REQUIRE(due.size() == 1U);
  BOOST_TEST(due[0] == "2995 more lines of this kind were suppressed, the last: line 2999");
  BOOST_TEST(lines.due(start + 30s).empty());
}

BOOST_AUTO_TEST_CASE(kinds_do_not_hide_each_other) {
  dist::folded_lines lines;
  written(lines, "refused", 3000, start);
  BOOST_TEST(lines.is_written("no TLS", "line", start));
}

BOOST_AUTO_TEST_CASE(few_lines_need_no_summary) {
  dist::folded_lines lines;
  written(lines, "refused", dist::folded_lines::written_count, start);
  BOOST_TEST(lines.due(start + 10s).empty());
  BOOST_TEST(written(lines, "refused", 100, start + 11s) == dist::folded_lines::written_count);
}

BOOST_AUTO_TEST_SUITE_END()
