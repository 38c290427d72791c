#include <dist/rpc/screen.hpp>

#include <unistd.h>

#include <boost/test/unit_test.hpp>

namespace {

/// What was written into a pipe.
class paper {
 public:
  paper() { BOOST_REQUIRE(::pipe(ends_) == 0); }
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

BOOST_AUTO_TEST_CASE(lines_go_above_the_bar) {
  paper to;
  dist::screen shown(to.descriptor(), true);
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

BOOST_AUTO_TEST_CASE(what_cannot_be_written_is_nobodys_error) {
  dist::screen shown(-1, false);
  shown.write_lines("lost\n");
  BOOST_TEST(shown.width() == 80U);
}
