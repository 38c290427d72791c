#include "master/handshake_pace.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace std::chrono_literals;
using dist::handshake_pace;

dist::time_point const start{100s};

unsigned begun(handshake_pace& pace, std::string const& party, unsigned tries, dist::time_point now) {
  unsigned count = 0;
  for (unsigned i = 0; i < tries; ++i)
    if (pace.wait(party, now) == dist::duration::zero()) ++count;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handshakes)

BOOST_AUTO_TEST_CASE(one_party_gets_a_burst_and_then_a_fixed_rate) {
  handshake_pace pace;
  BOOST_TEST(begun(pace, "a", 1000, start) == handshake_pace::burst_of_one);
  BOOST_TEST((pace.wait("a", start) <= 20ms));
  BOOST_TEST(begun(pace, "a", 1000, start + 1s) == 50U);
  // Other parties are not affected.
  BOOST_TEST(begun(pace, "b", 10, start + 1s) == 10U);
}

BOOST_AUTO_TEST_CASE(all_parties_together_have_a_limit_too) {
  handshake_pace pace;
  unsigned count = 0;
  for (int i = 0; i < 1000; ++i) count += begun(pace, std::to_string(i), 1, start);
  BOOST_TEST(count == handshake_pace::burst_of_all);
}

BOOST_AUTO_TEST_CASE(returned_pause_is_sufficient) {
  handshake_pace pace;
  begun(pace, "a", 1000, start);
  auto const pause = pace.wait("a", start);
  BOOST_TEST((pace.wait("a", start + pause) == dist::duration::zero()));
}

BOOST_AUTO_TEST_CASE(inactive_parties_are_forgotten) {
  handshake_pace pace;
  for (int i = 0; i < 100'000; ++i) pace.wait(std::to_string(i), start + i * 10ms);
  BOOST_TEST(pace.party_count() <= 4097U);
}

BOOST_AUTO_TEST_SUITE_END()
