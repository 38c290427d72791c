#include "master/abandoned_calls.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace {

dist::time_point at(dist::duration after) { return dist::time_point(24h) + after; }

}  // namespace

BOOST_AUTO_TEST_SUITE(abandoned_calls)

BOOST_AUTO_TEST_CASE(abandoned_call_is_reported_after_a_second_and_then_every_ten) {
  dist::abandoned_calls calls;
  struct row {
    dist::duration when;
    std::size_t lines;
  };
  calls.add(1, "Work.spin", at(0s));
  row const rows[] = {{0s, 0}, {999ms, 0}, {1s, 1}, {2s, 0}, {10s, 0}, {11s, 1}, {20s, 0}, {21s, 1}};
  for (auto const& one : rows) {
    auto const lines = calls.due("a", at(one.when));
    BOOST_TEST(lines.size() == one.lines, one.when.count());
    if (lines.empty()) continue;
    BOOST_TEST(lines[0].starts_with("node a still runs Work.spin, abandoned " + std::to_string(one.when / 1s) + " s ago:"),
               lines[0]);
  }
  BOOST_TEST(calls.remove(1, "a", at(25s)).value() ==
             "node a: Work.spin returned 25 s after it was abandoned; its slot is free");
  BOOST_TEST(calls.due("a", at(40s)).empty());
}

BOOST_AUTO_TEST_CASE(call_that_ends_soon_is_not_reported) {
  dist::abandoned_calls calls;
  for (std::uint64_t i = 0; i < 100; ++i) calls.add(i, "Work.quick", at(0s));
  BOOST_TEST(calls.due("a", at(500ms)).empty());
  for (std::uint64_t i = 0; i < 100; ++i) BOOST_TEST(!calls.remove(i, "a", at(600ms)));
  BOOST_TEST(calls.size() == 0U);
  BOOST_TEST(!calls.remove(7, "a", at(600ms)));
}

BOOST_AUTO_TEST_CASE(each_method_gets_one_line) {
  dist::abandoned_calls calls;
  calls.add(1, "Work.spin", at(0s));
  calls.add(2, "Work.other", at(1s));
  calls.add(3, "Work.spin", at(2s));
  calls.add(4, "Work.young", at(5s));
  auto const lines = calls.due("a", at(5s));
  BOOST_REQUIRE(lines.size() == 2U);
  BOOST_TEST(lines[0].starts_with("node a still runs Work.other, abandoned 4 s ago:"), lines[0]);
  BOOST_TEST(lines[1].starts_with("node a still runs 2 calls of Work.spin, abandoned 5 s ago and later:"), lines[1]);
  auto const stays = calls.stays();
  BOOST_REQUIRE(stays.size() == 3U);
  BOOST_TEST(stays[1].method == "Work.spin");
  BOOST_TEST(stays[1].count == 2U);
  BOOST_TEST((stays[1].since == at(0s)));
}

BOOST_AUTO_TEST_SUITE_END()
