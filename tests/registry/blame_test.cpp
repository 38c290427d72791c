#include "registry/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace registry_test;

BOOST_AUTO_TEST_SUITE(blame)

BOOST_AUTO_TEST_CASE(two_deaths_then_alone_then_poisoned) {
  dist::blame blame;
  BOOST_TEST(blame.died(call(1), "a") == dist::verdict::again);
  BOOST_TEST(!blame.runs_alone(call(1)));
  BOOST_TEST(blame.died(call(1), "b") == dist::verdict::alone);
  BOOST_TEST(blame.runs_alone(call(1)));
  BOOST_TEST(blame.died(call(1), "c") == dist::verdict::poisoned);
  auto const why = blame.poisoned(call(1), "Arith.sum");
  BOOST_TEST((why.code == dist::errc::poisoned));
  BOOST_TEST((why.may == dist::remedy::never));
  BOOST_TEST(why.method == "Arith.sum");
  BOOST_TEST(why.message == "the processes of these nodes died while they executed it: a, b, c");
}

BOOST_AUTO_TEST_CASE(neighbours_are_judged_for_themselves) {
  dist::blame blame;
  blame.died(call(1), "a");
  blame.died(call(2), "a");
  blame.died(call(1), "b");
  BOOST_TEST(!blame.runs_alone(call(2)));
  blame.ended(call(2));
  BOOST_TEST(blame.died(call(2), "c") == dist::verdict::again);
}

BOOST_AUTO_TEST_CASE(an_ended_call_is_forgotten) {
  dist::blame blame;
  blame.died(call(1), "a");
  blame.ended(call(1));
  blame.ended(call(1));
  BOOST_TEST(blame.size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
