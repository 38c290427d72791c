#include <boost/test/unit_test.hpp>
#include <random>

#include "ledger/retry.hpp"
#include "registry/support.hpp"

using namespace registry_test;

namespace {

int take_all(dist::retry_budget& budget, dist::time_point now) {
  int count = 0;
  while (budget.try_take(now)) ++count;
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(retry)

BOOST_AUTO_TEST_CASE(budget_is_a_fifth_of_the_calls_plus_a_burst) {
  dist::retry_budget budget({});
  BOOST_TEST(take_all(budget, at(0s)) == 10);
  for (int n = 0; n < 1000; ++n) budget.called();
  BOOST_TEST(take_all(budget, at(0s)) == 200);
  for (int n = 0; n < 4; ++n) budget.called();
  BOOST_TEST(take_all(budget, at(0s)) == 0);
  budget.called();
  BOOST_TEST(take_all(budget, at(0s)) == 1);
}

BOOST_AUTO_TEST_CASE(saved_budget_is_bounded) {
  dist::retry_settings settings;
  settings.most = 500;
  dist::retry_budget budget(settings);
  for (int n = 0; n < 10'000; ++n) budget.called();
  BOOST_TEST(take_all(budget, at(0s)) == 500);
}

BOOST_AUTO_TEST_CASE(time_refills_the_budget_up_to_the_burst) {
  dist::retry_budget budget({});
  take_all(budget, at(0s));
  BOOST_TEST(take_all(budget, at(99ms)) == 0);
  BOOST_TEST(take_all(budget, at(100ms)) == 1);
  BOOST_TEST(take_all(budget, at(600ms)) == 5);
  BOOST_TEST(take_all(budget, at(600s)) == 10);
  BOOST_TEST(take_all(budget, at(9999h)) == 10);
}

BOOST_AUTO_TEST_CASE(zero_per_second_disables_the_refill) {
  dist::retry_settings settings;
  settings.per_second = 0;
  dist::retry_budget budget(settings);
  take_all(budget, at(0s));
  BOOST_TEST(take_all(budget, at(59min)) == 0);
}

BOOST_AUTO_TEST_CASE(loss_budget_covers_everything_that_nodes_hold) {
  dist::reissue_budget budget;
  auto const take = [&](dist::issue_cost cost, dist::time_point now) {
    int count = 0;
    while (count < 10'000 && budget.try_take(cost, now)) ++count;
    return count;
  };
  budget.nodes_hold(500);
  BOOST_TEST(take(dist::issue_cost::loss, at(0s)) == 500);
  BOOST_TEST(take(dist::issue_cost::retry, at(0s)) == 10);
  BOOST_TEST(take(dist::issue_cost::nothing, at(0s)) == 10'000);
  // A node that leaves and comes back adds nothing to the budget.
  budget.nodes_hold(400);
  budget.nodes_hold(500);
  BOOST_TEST(take(dist::issue_cost::loss, at(0s)) == 0);
  budget.nodes_hold(600);
  BOOST_TEST(take(dist::issue_cost::loss, at(0s)) == 100);
  BOOST_TEST(take(dist::issue_cost::loss, at(5s)) == 300);
  BOOST_TEST(take(dist::issue_cost::loss, at(999s)) == 600);
}

BOOST_AUTO_TEST_CASE(returned_budget_can_be_taken_again) {
  dist::reissue_budget budget;
  auto const all_of = [&](dist::issue_cost cost) {
    int taken = 0;
    while (budget.try_take(cost, at(0s))) ++taken;
    return taken;
  };
  auto const losses = all_of(dist::issue_cost::loss);
  BOOST_TEST(losses > 0);
  auto const retries = all_of(dist::issue_cost::retry);
  BOOST_TEST(retries > 0);
  budget.give_back(dist::issue_cost::nothing);
  BOOST_TEST(all_of(dist::issue_cost::loss) + all_of(dist::issue_cost::retry) == 0);
  budget.give_back(dist::issue_cost::loss);
  BOOST_TEST(all_of(dist::issue_cost::retry) == 0);
  BOOST_TEST(all_of(dist::issue_cost::loss) == 1);
  budget.give_back(dist::issue_cost::retry);
  BOOST_TEST(all_of(dist::issue_cost::retry) == 1);
}

BOOST_AUTO_TEST_CASE(delays_double_up_to_a_maximum_with_full_jitter) {
  dist::retry_settings const settings;
  auto const longest = ~std::uint64_t{0};
  struct {
    unsigned attempt;
    dist::duration bound;
  } const table[] = {{1, 10ms}, {2, 20ms}, {3, 40ms}, {9, 2560ms}, {10, 5s}, {11, 5s}, {4'000'000'000U, 5s}};
  std::mt19937_64 random(1);
  for (auto const& row : table) {
    BOOST_TEST((dist::retry_delay(settings, row.attempt, 0) == 0ns));
    auto const bound = static_cast<std::uint64_t>(row.bound.count());
    BOOST_TEST((dist::retry_delay(settings, row.attempt, bound) == row.bound));
    BOOST_TEST((dist::retry_delay(settings, row.attempt, longest) <= row.bound));
    dist::duration least = row.bound;
    dist::duration most{};
    for (int n = 0; n < 1000; ++n) {
      auto const delay = dist::retry_delay(settings, row.attempt, random());
      least = std::min(least, delay);
      most = std::max(most, delay);
    }
    BOOST_TEST((least < row.bound / 20));
    BOOST_TEST((most > row.bound * 19 / 20 && most <= row.bound));
  }
}

BOOST_AUTO_TEST_SUITE_END()
