#include "jsonrpc/json_outbox.hpp"

#include <boost/test/unit_test.hpp>

using namespace dist;

namespace {

std::string text_of(json_outbox& out) {
  std::string text;
  for (auto const& one : out.left()) text.append(static_cast<char const*>(one.data()), one.size());
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(small_texts_are_joined_and_large_ones_are_not_copied) {
  json_outbox out;
  std::string large(100'000, 'x');
  auto const* const at = large.data();
  out.put("one");
  out.put("two");
  out.put(std::move(large));
  out.put("three");
  auto const pieces = out.left();
  BOOST_TEST_REQUIRE(pieces.size() == 3U);
  BOOST_TEST(pieces[1].data() == at);
  BOOST_TEST(text_of(out) == "onetwo" + std::string(100'000, 'x') + "three");
  BOOST_TEST(out.held_bytes() == 100'011U);
}

BOOST_AUTO_TEST_CASE(partial_writes_leave_the_rest) {
  memory_budget budget(1'000'000);
  json_outbox out(&budget);
  std::string all;
  for (int i = 0; i < 200; ++i) {
    std::string const text(static_cast<std::size_t>(i) * 200, static_cast<char>('a' + i % 26));
    out.put(text);
    all += text;
  }
  std::string got;
  while (!out.empty()) {
    auto const now = text_of(out).substr(0, 7'001);
    got += now;
    // Texts put meanwhile do not touch those being written.
    if (got.size() < 100'000) {
      out.put("!");
      all += "!";
    }
    out.wrote(now.size());
    BOOST_TEST(out.written_bytes() == got.size());
    BOOST_TEST(budget.held_bytes() == out.held_bytes());
  }
  BOOST_TEST((got == all));
}

BOOST_AUTO_TEST_CASE(start_of_a_text_is_known_before_it_is_put) {
  json_outbox out;
  out.put("12345");
  BOOST_TEST(out.put_bytes() == 5U);
  out.left();
  out.wrote(3);
  BOOST_TEST(out.put_bytes() == 5U);
  BOOST_TEST(out.written_bytes() == 3U);
}
