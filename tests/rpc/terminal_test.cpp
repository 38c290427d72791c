#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "base/terminal.hpp"

namespace {

/// Reads what was written into a pipe.
class paper {
 public:
  paper() {
    BOOST_REQUIRE(::pipe(ends_) == 0);
    BOOST_REQUIRE(::fcntl(ends_[0], F_SETFL, O_NONBLOCK) == 0);
  }
  ~paper() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int descriptor() const { return ends_[1]; }
  std::string text() const {
    char bytes[4096];
    auto const count = ::read(ends_[0], bytes, sizeof bytes);
    return count > 0 ? std::string(bytes, static_cast<std::size_t>(count)) : std::string();
  }

 private:
  int ends_[2];
};

}  // namespace

BOOST_AUTO_TEST_CASE(lines_are_written_above_the_bar) {
  paper to;
  dist::terminal shown(to.descriptor(), true);
  shown.write_lines("before\n");
  BOOST_TEST(to.text() == "before\n");
  shown.draw_bar("[=> ]");
  BOOST_TEST(to.text() == "\r[=> ]\x1b[K");
  shown.write_lines("one\ntwo\n");
  BOOST_TEST(to.text() == "\r\x1b[Kone\ntwo\n[=> ]");
  shown.draw_bar("[==>]");
  BOOST_TEST(to.text() == "\r[==>]\x1b[K");
  shown.leave_bar();
  BOOST_TEST(to.text() == "\n");
  shown.leave_bar();
  shown.write_lines("after\n");
  BOOST_TEST(to.text() == "after\n");
}

BOOST_AUTO_TEST_CASE(failed_write_is_not_an_error) {
  dist::terminal shown(-1, false);
  shown.write_lines("lost\n");
  BOOST_TEST(shown.width() == 80U);
}

BOOST_AUTO_TEST_CASE(control_characters_are_escaped) {
  paper to;
  dist::terminal shown(to.descriptor(), false);
  shown.write_lines("[\x1b[31mred] one\n[b] two\n");
  BOOST_TEST(to.text() == "[\\x1b[31mred] one\n[b] two\n");
}

BOOST_AUTO_TEST_CASE(stalled_reader_is_told_how_many_lines_were_dropped) {
  paper to;
  dist::terminal shown(to.descriptor(), false);
  std::string const line(1000, 'x');
  for (int i = 0; i < 200; ++i) shown.write_lines(line + '\n');  // a pipe holds 64 KiB
  std::string read;
  for (auto part = to.text(); !part.empty(); part = to.text()) read += part;
  auto const got = std::ranges::count(read, '\n');
  BOOST_TEST(got < 66);
  shown.write_lines("after\n");
  auto const told = to.text();
  auto const notice = "dist: warning: " + std::to_string(200 - got) + " lines were dropped: ";
  BOOST_TEST(told.find(notice) <= 1U);
  BOOST_TEST(told.ends_with("\nafter\n"));
}

BOOST_AUTO_TEST_CASE(pipe_stays_blocking_for_other_writers) {
  paper to;
  dist::terminal shown(to.descriptor(), false);
  shown.write_lines("one\n");
  BOOST_TEST((::fcntl(to.descriptor(), F_GETFL) & O_NONBLOCK) == 0);
}

BOOST_AUTO_TEST_CASE(closed_pipe_raises_no_signal) {
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  dist::terminal shown(ends[1], false);
  ::close(ends[0]);
  BOOST_CHECK_NO_THROW(shown.write_lines("dropped\n"));  // SIGPIPE would kill this process
  ::close(ends[1]);
}

BOOST_AUTO_TEST_CASE(json_log_lines_are_objects) {
  paper to;
  dist::terminal shown(to.descriptor(), true);
  shown.set_format(dist::line_format::json);
  BOOST_TEST(!shown.is_terminal());
  shown.write_log(dist::log_level::warn, "a \"word\"");
  shown.write_lines("[local1] one\n[local1] two\n");
  shown.write_lines("program: no", dist::log_level::error);
  std::istringstream lines(to.text());
  for (auto const& [level, message] : {std::pair("warning", "a \"word\""), std::pair("info", "[local1] one"),
                                       std::pair("info", "[local1] two"), std::pair("error", "program: no")}) {
    std::string line;
    BOOST_REQUIRE(std::getline(lines, line));
    auto const one = boost::json::parse(line);
    BOOST_TEST(one.at("level").as_string() == level);
    BOOST_TEST(one.at("message").as_string() == message);
    auto const& time = one.at("time").as_string();
    BOOST_TEST(time.size() == std::string("2026-01-31T12:00:00.000Z").size());
    BOOST_TEST(std::string_view(time).substr(10, 1) == "T");
    BOOST_TEST(std::string_view(time).back() == 'Z');
  }
  std::string more;
  BOOST_TEST(!std::getline(lines, more));
}

BOOST_AUTO_TEST_CASE(log_line_names_its_level) {
  paper to;
  dist::terminal shown(to.descriptor(), false);
  shown.write_log(dist::log_level::error, "one");
  shown.write_log(dist::log_level::info, "two");
  BOOST_TEST(to.text() == "dist: error: one\ndist: two\n");
}
