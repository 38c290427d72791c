#include <boost/test/unit_test.hpp>
#include <dist/runtime/detail/progress_watch.hpp>
#include <dist/runtime/progress_bar.hpp>

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(progress_bar)

BOOST_AUTO_TEST_CASE(progress_lines_have_the_documented_format) {
  struct row {
    char const* label;
    std::size_t done;
    std::optional<std::size_t> total;
    dist::duration time;
    std::size_t width;
    std::string right;
  };
  auto const bar = [](std::size_t filled, std::size_t width) {
    auto drawn = std::string(filled, '=') + (filled < width ? ">" : "");
    drawn.resize(width, ' ');
    return "[" + drawn + "]";
  };
  row const rows[] = {
      {"count", 0, 100, 0s, 60, "count  " + bar(0, 40) + "  0 %  0/s"},
      {"count", 50, 100, 10s, 60, "count  " + bar(14, 29) + "  50 %  5/s  10 s left"},
      {"count", 100, 100, 10s, 40, "count  " + bar(18, 18) + "  100 %  10/s"},
      {"count", 0, 0, 0s, 40, "count  " + bar(19, 19) + "  100 %  0/s"},
      {"count", 10, 100, 1s, 35, "count  10 %  10/s  9 s left"},
      {"count", 1'234'567, std::nullopt, 1s, 80, "count  1,234,567  1,234,567/s"},
      {"count", 0, std::nullopt, 0s, 80, "count  0  0/s"},
      {"count", 1, 601, 1s, 35, "count  0 %  1/s  10 min 0 s left"},
      {"count", 1, 7262, 1s, 35, "count  0 %  1/s  2 h 1 min left"},
      {"count", 999, 1000, 1s, 35, "count  99 %  999/s  1 s left"},
      {"count", 10, 20, 300s, 35, "count  50 %  2/min  5 min 0 s left"},
      {"count", 1, 2, 1800s, 35, "count  50 %  2/h  30 min 0 s left"},
      {"naps été", 50, 100, 10s, 7, "naps ét"},
      {"計算機", 50, 100, 10s, 5, "計算"},
      {"計算", 100, 100, 10s, 40, "計算  " + bar(19, 19) + "  100 %  10/s"},
      {"e\u0301te\u0301", 1, 1, 1s, 2, "e\u0301t"},
  };
  for (auto const& one : rows)
    BOOST_TEST(dist::progress_line(one.label, dist::measured(one.done, 0, one.total, one.time), one.width) == one.right);
}

BOOST_AUTO_TEST_CASE(line_is_never_wider_than_the_terminal) {
  for (std::size_t width = 1; width < 200; ++width)
    for (std::size_t const done : {std::size_t{0}, std::size_t{5}, std::size_t{12'345}}) {
      for (auto const total : {std::optional<std::size_t>(12'345), std::optional<std::size_t>()}) {
        auto const line = dist::progress_line("a label of some length", dist::measured(done, 3, total, 3s), width);
        BOOST_TEST(line.size() <= width);
      }
    }
}

BOOST_AUTO_TEST_CASE(progress_never_exceeds_100_percent) {
  auto const line = dist::progress_line("x", dist::measured(150, 0, 100, 1s), 60);
  BOOST_TEST(line.find("100 %") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(failures_are_counted) {
  BOOST_TEST(dist::progress_line("x", dist::measured(50, 1'200, 100, 10s), 0 + 40) == "x  50 %  5/s  10 s left  1,200 failed");
}

BOOST_AUTO_TEST_CASE(rate_and_remaining_time_are_estimated) {
  auto const none = dist::measured(0, 0, 10, 5s);
  BOOST_TEST((!none.left && none.per_second == 0));
  BOOST_TEST((!dist::measured(5, 0, std::nullopt, 5s).left));
  BOOST_TEST((dist::measured(10, 0, 10, 5s).left == dist::duration::zero()));
  BOOST_TEST((dist::measured(10, 0, 20, 5s).left == dist::duration(5s)));
  BOOST_TEST((dist::measured(1, 0, SIZE_MAX, 24h * 365).left == dist::duration(24h * 365 * 100)));
}

BOOST_AUTO_TEST_CASE(terminal_gets_a_bar_and_a_file_gets_lines) {
  std::string written;
  dist::progress_output to;
  to.is_terminal = true;
  to.width = [] { return std::size_t{30}; };
  to.write_lines = [&written](std::string_view lines) { written += lines; };
  to.draw_bar = [&written](std::string const& bar) { written += "<" + bar + ">"; };
  to.leave_bar = [&written] { written += "."; };
  {
    dist::progress_bar bar("x", to);
    BOOST_TEST((bar.every() == dist::duration(100ms)));
    bar.show(dist::measured(1, 0, 4, 1s));
  }
  BOOST_TEST(written == "<x  25 %  1/s  3 s left>.");
  written.clear();
  to.is_terminal = false;
  {
    dist::progress_bar bar("x", to);
    BOOST_TEST((bar.every() == dist::duration(10s)));
    bar.show(dist::measured(1, 0, 4, 1s));
    BOOST_TEST(written == "");
    bar.show(dist::measured(30, 0, 60, 10s));
  }
  BOOST_TEST(written == "x  50 %  3/s  10 s left\n");
}

BOOST_AUTO_TEST_SUITE_END()
