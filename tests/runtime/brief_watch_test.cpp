#include "node/brief_watch.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(every_sixteenth_call_is_measured_from_the_first) {
  dist::brief_watch watch;
  for (int n = 0; n < 64; ++n) BOOST_TEST(watch.measures_next() == (n % 16 == 0), n);
}

BOOST_AUTO_TEST_CASE(method_too_long_three_times_in_a_row_is_named_once) {
  dist::brief_watch watch;
  BOOST_TEST(!watch.is_offender(7, 101us));
  BOOST_TEST(!watch.is_offender(7, 101us));
  BOOST_TEST(!watch.is_offender(7, 100us), "the limit itself is kept");
  BOOST_TEST(!watch.is_offender(7, 101us));
  BOOST_TEST(!watch.is_offender(7, 101us));
  BOOST_TEST(!watch.is_offender(2, 101us), "another method");
  BOOST_TEST(watch.is_offender(7, 101us));
  BOOST_TEST(!watch.is_offender(7, 1s));
}

BOOST_AUTO_TEST_CASE(measured_time_is_rounded_up_and_never_zero) {
  BOOST_TEST(dist::brief_watch::microseconds(0ns) == 1U);
  BOOST_TEST(dist::brief_watch::microseconds(1us) == 1U);
  BOOST_TEST(dist::brief_watch::microseconds(1001ns) == 2U);
  BOOST_TEST(dist::brief_watch::microseconds(dist::duration::max()) == 0xFFFF'FFFFU);
}
