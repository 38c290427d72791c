#include <dist/rpc/deadline.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using namespace std::chrono_literals;
using dist::deadline;

constexpr dist::time_point now{std::chrono::hours(24)};
constexpr std::uint32_t longest = 0xFFFF'FFFF;

}  // namespace

BOOST_AUTO_TEST_CASE(remaining_time_is_rounded_up_and_never_zero) {
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

BOOST_AUTO_TEST_CASE(zero_and_out_of_range_times_mean_never) {
  BOOST_TEST(to_wire(deadline::never(), now) == 0U);
  BOOST_TEST(dist::deadline_from_wire(0, now).is_never());
  BOOST_TEST(dist::deadline_from_wire(longest, now).is_never());
  BOOST_TEST((dist::deadline_from_wire(1, now).at() == now + 1us));
  BOOST_TEST((dist::deadline_from_wire(longest - 1, now).at() == now + std::chrono::microseconds(longest - 1)));
}

BOOST_AUTO_TEST_CASE(hop_never_shortens_a_deadline) {
  for (auto left = 1ns; left < 70min; left = left * 3 + 7ns) {
    deadline const sent(now + left);
    auto const received = dist::deadline_from_wire(to_wire(sent, now), now);
    BOOST_TEST(!(received < sent));
    BOOST_TEST((received.at() - sent.at() < 1us));
  }
}

BOOST_AUTO_TEST_CASE(deadline_passes_exactly_at_its_time) {
  BOOST_TEST(!deadline(now + 1ns).passed(now));
  BOOST_TEST(deadline(now).passed(now));
  BOOST_TEST(!deadline::never().passed(dist::time_point::max()));
}

BOOST_AUTO_TEST_CASE(addition_saturates_at_the_largest_time) {
  using dist::duration;
  using dist::time_point;
  BOOST_TEST((dist::later(now, 5s) == now + 5s));
  BOOST_TEST((dist::later(now, -5s) == now - 5s));
  BOOST_TEST((dist::later(now, duration::max()) == time_point::max()));
  BOOST_TEST((dist::later(now, duration::max() - 1ns) == time_point::max()));
  BOOST_TEST((dist::later(now, time_point::max() - now) == time_point::max()));
  BOOST_TEST((dist::later(now, time_point::max() - now - 1ns) == time_point::max() - 1ns));
  BOOST_TEST((dist::later(time_point::max(), 1ns) == time_point::max()));
  BOOST_TEST((dist::later(time_point::max(), -1ns) == time_point::max() - 1ns));
  BOOST_TEST((dist::later(time_point(-1h), duration::min()) == time_point::min()));
  BOOST_TEST((dist::longer(duration::max(), 1s) == duration::max()));
  BOOST_TEST((dist::longer(1s, 2s) == 3s));
  BOOST_TEST(dist::deadline(dist::later(now, duration::max())).is_never());
  // A clock close to its maximum.
  BOOST_TEST(dist::deadline_from_wire(longest - 1, time_point::max() - 1s).is_never());
}

BOOST_AUTO_TEST_CASE(conversion_from_other_units_saturates) {
  using dist::duration;
  auto const time_length = [](dist::time_length given) { return duration(given); };
  BOOST_TEST((time_length(5s) == duration(5s)));
  BOOST_TEST((time_length(std::chrono::hours(-1)) == duration(-1h)));
  BOOST_TEST((time_length(std::chrono::hours::max()) == duration::max()));
  BOOST_TEST((time_length(std::chrono::hours::min()) == duration::min()));
  BOOST_TEST((time_length(std::chrono::years(1000)) == duration::max()));
  BOOST_TEST((time_length(std::chrono::years(-1000)) == duration::min()));
  BOOST_TEST((time_length(duration::max()) == duration::max()));
  BOOST_TEST((time_length(duration::max() - 1ns) == duration::max() - 1ns));
  BOOST_TEST((time_length(std::chrono::microseconds(9'223'372'036'854'775)) == std::chrono::microseconds(9'223'372'036'854'775)));
  BOOST_TEST((time_length(std::chrono::microseconds(9'223'372'036'854'776)) == duration::max()));
}
