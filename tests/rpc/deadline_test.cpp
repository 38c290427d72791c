#include <dist/rpc/deadline.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using namespace std::chrono_literals;
using dist::deadline;

constexpr dist::time_point now{std::chrono::hours(24)};
constexpr std::uint32_t longest = 0xFFFF'FFFF;

}  // namespace

BOOST_AUTO_TEST_CASE(what_remains_is_rounded_up_and_is_never_none) {
  struct row {
    std::chrono::nanoseconds left;
    std::uint32_t wire;
  };
  constexpr row rows[] = {
      {-24h, 1},
      {-1ns, 1},
      {0ns, 1},
      {1ns, 1},
      {999ns, 1},
      {1us, 1},
      {1001ns, 2},
      {1ms, 1000},
      {30s, 30'000'000},
      {std::chrono::microseconds(0xFFFF'FFFE), 0xFFFF'FFFE},
      {std::chrono::microseconds(0xFFFF'FFFE) + 1ns, longest},
      {std::chrono::microseconds(0xFFFF'FFFF), longest},
      {2h, longest},
      {24h * 365 * 100, longest},
  };
  for (auto const& row : rows) {
    BOOST_TEST_INFO_SCOPE(row.left.count() << " ns");
    BOOST_TEST(to_wire(deadline(now + row.left), now) == row.wire);
  }
}

BOOST_AUTO_TEST_CASE(never_is_zero_and_both_ends_of_the_range_are_never) {
  BOOST_TEST(to_wire(deadline::never(), now) == 0U);
  BOOST_TEST(dist::deadline_from_wire(0, now).is_never());
  BOOST_TEST(dist::deadline_from_wire(longest, now).is_never());
  BOOST_TEST((dist::deadline_from_wire(1, now).at() == now + 1us));
  BOOST_TEST((dist::deadline_from_wire(longest - 1, now).at() == now + std::chrono::microseconds(longest - 1)));
}

BOOST_AUTO_TEST_CASE(a_hop_never_shortens_a_deadline) {
  for (auto left = 1ns; left < 70min; left = left * 3 + 7ns) {
    deadline const sent(now + left);
    auto const received = dist::deadline_from_wire(to_wire(sent, now), now);
    BOOST_TEST(!(received < sent));
    BOOST_TEST((received.at() - sent.at() < 1us));
  }
}

BOOST_AUTO_TEST_CASE(a_deadline_has_passed_from_its_own_moment_on) {
  BOOST_TEST(!deadline(now + 1ns).passed(now));
  BOOST_TEST(deadline(now).passed(now));
  BOOST_TEST(!deadline::never().passed(dist::time_point::max()));
}
