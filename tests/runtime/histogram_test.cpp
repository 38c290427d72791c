#include "record/histogram.hpp"

#include <boost/test/unit_test.hpp>

using dist::histogram;

BOOST_AUTO_TEST_SUITE(histogram_suite)

BOOST_AUTO_TEST_CASE(buckets_are_contiguous) {
  std::uint64_t begin = 0;
  for (std::size_t bucket = 0; bucket < histogram::size; ++bucket) {
    auto const end = histogram::end_of(bucket);
    BOOST_TEST(histogram::index(begin) == bucket);
    BOOST_TEST(histogram::index(end - 1) == bucket);
    BOOST_TEST((end - begin) * 4 <= std::max<std::uint64_t>(end, 4), "bucket " << bucket << " is too wide");
    begin = end;
  }
  BOOST_TEST(begin == std::uint64_t{1} << 36);
  BOOST_TEST(histogram::index(begin) == histogram::size - 1);
  BOOST_TEST(histogram::index(~std::uint64_t{0}) == histogram::size - 1);
}

BOOST_AUTO_TEST_CASE(quantiles_are_exact_to_a_quarter) {
  histogram times;
  BOOST_TEST(times.quantile(0.5) == 0U);
  for (std::uint64_t us = 1; us <= 10'000; ++us) times.add(us);
  BOOST_TEST(times.count() == 10'000U);
  BOOST_TEST(times.sum() == 50'005'000U);
  for (double const share : {0.01, 0.5, 0.99, 1.0}) {
    auto const exact = share * 10'000;
    auto const said = static_cast<double>(times.quantile(share));
    BOOST_TEST((said >= exact && said <= exact * 1.25), share << ": " << said);
  }
}

BOOST_AUTO_TEST_CASE(histograms_can_be_subtracted_and_added) {
  histogram times;
  times.add(5);
  auto const before = times;
  times.add(500);
  auto const since = times.since(before);
  BOOST_TEST(since.count() == 1U);
  BOOST_TEST(since.sum() == 500U);
  auto both = before;
  both += since;
  BOOST_TEST(both.count() == 2U);
  BOOST_TEST(both.below(histogram::index(5) + 1) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
