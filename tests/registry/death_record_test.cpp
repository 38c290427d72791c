#include "ledger/death_record.hpp"

#include <boost/test/unit_test.hpp>

#include "registry/support.hpp"

using namespace registry_test;

BOOST_AUTO_TEST_SUITE(death_record)

BOOST_AUTO_TEST_CASE(call_runs_alone_after_two_deaths_and_is_poisoned_after_three) {
  dist::death_record deaths;
  BOOST_TEST(deaths.died(call(1), "a") == dist::verdict::again);
  BOOST_TEST(!deaths.runs_alone(call(1)));
  BOOST_TEST(deaths.died(call(1), "b") == dist::verdict::alone);
  BOOST_TEST(deaths.runs_alone(call(1)));
  BOOST_TEST(deaths.died(call(1), "c") == dist::verdict::poisoned);
  auto const why = deaths.poisoned(call(1), "Arith.sum");
  BOOST_TEST((why.code == dist::errc::poisoned));
  BOOST_TEST((why.may == dist::remedy::never));
  BOOST_TEST(why.method == "Arith.sum");
  BOOST_TEST(why.message == "the processes of these nodes died while running it: a, b, c");
}

BOOST_AUTO_TEST_CASE(poison_message_includes_known_exit_reasons) {
  dist::death_record deaths;
  constexpr auto known = dist::time_point::min();
  deaths.died(call(1), "a", 11);
  deaths.died(call(2), "b", 12);
  deaths.died(call(1), "b", 12);
  deaths.died(call(1), "c");
  BOOST_TEST((deaths.certain_at(call(1)) == known));
  deaths.died(call(3), "b", 12, at(3s));
  deaths.died(call(3), "d", 14, at(2s));
  BOOST_TEST((deaths.certain_at(call(3)) == at(3s)));
  deaths.explain(12, "signal 9 (killed)");
  BOOST_TEST((deaths.certain_at(call(3)) == at(2s)));
  deaths.explain(14, "exit code 1");
  BOOST_TEST((deaths.certain_at(call(3)) == known));
  deaths.explain(13, "exit code 1");
  BOOST_TEST(deaths.poisoned(call(1), "Arith.sum").message ==
             "the processes of these nodes died while running it: a, b: signal 9 (killed), c");
  BOOST_TEST(deaths.poisoned(call(2), "Arith.sum").message ==
             "the processes of these nodes died while running it: b: signal 9 (killed)");
}

BOOST_AUTO_TEST_CASE(each_call_is_judged_by_its_own_deaths) {
  dist::death_record deaths;
  deaths.died(call(1), "a");
  deaths.died(call(2), "a");
  deaths.died(call(1), "b");
  BOOST_TEST(!deaths.runs_alone(call(2)));
  deaths.ended(call(2));
  BOOST_TEST(deaths.died(call(2), "c") == dist::verdict::again);
}

BOOST_AUTO_TEST_CASE(ended_call_is_forgotten) {
  dist::death_record deaths;
  deaths.died(call(1), "a");
  deaths.ended(call(1));
  deaths.ended(call(1));
  BOOST_TEST(deaths.size() == 0U);
}

BOOST_AUTO_TEST_CASE(returning_process_no_longer_counts_as_dead) {
  dist::death_record deaths;
  BOOST_TEST(deaths.died(call(1), "a", 7) == dist::verdict::again);
  BOOST_TEST(deaths.died(call(2), "a", 7) == dist::verdict::again);
  BOOST_TEST(deaths.died(call(1), "b", 8) == dist::verdict::alone);
  BOOST_TEST(deaths.lives(9).empty());
  BOOST_TEST(deaths.lives(7) == std::vector{call(1)}, boost::test_tools::per_element());
  BOOST_TEST(!deaths.runs_alone(call(1)));
  BOOST_TEST(deaths.size() == 1U);
  BOOST_TEST(deaths.died(call(1), "c", 9) == dist::verdict::alone);
  BOOST_TEST(deaths.died(call(1), "d", 10) == dist::verdict::poisoned);
  auto const why = deaths.poisoned(call(1), "Arith.sum");
  BOOST_TEST(why.message == "the processes of these nodes died while running it: b, c, d");
  BOOST_TEST(deaths.is_poisoned(call(1)));
  // Two other deaths remain.
  BOOST_TEST(deaths.lives(8) == std::vector{call(1)}, boost::test_tools::per_element());
  BOOST_TEST(!deaths.is_poisoned(call(1)));
  BOOST_TEST(deaths.runs_alone(call(1)));
}

BOOST_AUTO_TEST_CASE(processes_without_an_incarnation_never_return) {
  dist::death_record deaths;
  deaths.died(call(1), "go");
  deaths.died(call(1), "go");
  BOOST_TEST(deaths.lives(0).empty());
  BOOST_TEST(deaths.runs_alone(call(1)));
}

BOOST_AUTO_TEST_CASE(at_most_one_call_per_slot_can_have_begun) {
  struct {
    std::uint32_t slots;
    std::string_view calls;  ///< oldest first; L: keeps its slot, q: may have lent it to others
    std::string_view begun;  ///< y: may have begun, n: cannot have
  } const table[] = {{1, "L", "y"},         {1, "LLL", "ynn"},   {2, "LLL", "yyn"},
                     {1, "Lqq", "ynn"},     {2, "Lqqq", "yyyy"}, {1, "qqqq", "yyyy"},
                     {2, "qLqLq", "yyyyn"}, {4, "", ""},         {3, "LqLqLqL", "yyyyynn"}};
  for (auto const& row : table) {
    dist::begun_calls begun(row.slots);
    std::string got;
    for (char const one : row.calls) got += begun.next(one == 'L') ? 'y' : 'n';
    BOOST_TEST(got == row.begun, row.slots << " slots, " << row.calls);
  }
}

BOOST_AUTO_TEST_SUITE_END()
