#include "ledger/post_mortems.hpp"

#include <boost/test/unit_test.hpp>

#include "registry/support.hpp"

using namespace registry_test;

namespace {

constexpr auto lost_after = 8s;

dist::ledger_node process_on(std::string name, std::uint64_t incarnation, bool is_supervised) {
  dist::ledger_node node;
  node.name = std::move(name);
  node.incarnation = incarnation;
  node.is_supervised = is_supervised;
  return node;
}

dist::fault lost_on(std::string node) {
  auto what = dist::make_fault(dist::errc::connection_lost, "it went");
  what.node = std::move(node);
  return what;
}

/// Three processes die under the call, the last one running nothing else.
void poison(dist::post_mortems& deaths, std::uint32_t number) {
  deaths.died(call(number), false, process_on("a", 1, true), at(0s));
  deaths.died(call(number), false, process_on("b", 2, true), at(1s));
  BOOST_TEST(deaths.died(call(number), true, process_on("c", 3, false), at(2s)) == dist::verdict::poisoned);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(post_mortems)

BOOST_AUTO_TEST_CASE(third_death_poisons_only_a_call_that_ran_alone) {
  dist::post_mortems deaths(lost_after);
  BOOST_TEST(deaths.died(call(1), false, process_on("a", 1, true), at(0s)) == dist::verdict::again);
  BOOST_TEST(deaths.died(call(1), false, process_on("b", 2, true), at(0s)) == dist::verdict::alone);
  BOOST_TEST(deaths.died(call(1), false, process_on("c", 3, true), at(0s)) == dist::verdict::alone);
  BOOST_TEST(deaths.died(call(1), true, process_on("d", 4, true), at(0s)) == dist::verdict::poisoned);
}

BOOST_AUTO_TEST_CASE(lost_call_is_told_how_its_process_ended) {
  dist::post_mortems deaths(lost_after);
  BOOST_TEST((deaths.open(call(2), false, lost_on("a"), 1, at(1s)) == at(3s)));
  BOOST_TEST((deaths.open(call(1), false, lost_on("a"), 1, at(1s)) == at(3s)));
  deaths.open(call(3), false, lost_on("b"), 2, at(1s));
  BOOST_TEST(*deaths.node_of(call(3)) == "b");
  auto const found = deaths.explain(1, "signal 11", "M.m", at(2s));
  BOOST_REQUIRE(found.size() == 2U);
  BOOST_TEST(found[0].call == call(2));  // the oldest first
  BOOST_TEST(found[1].call == call(1));
  for (auto const& one : found) {
    BOOST_TEST(one.is_complete);
    BOOST_TEST(deaths.close(one.call, "M.m").message == "its process ended: signal 11 while running M.m");
    BOOST_TEST(!deaths.node_of(one.call));
  }
  BOOST_TEST(deaths.close(call(3), "M.m").message == "it went");  // how is not known
  BOOST_TEST(deaths.empty());
}

BOOST_AUTO_TEST_CASE(poisoned_call_waits_until_all_its_deaths_are_certain) {
  dist::post_mortems deaths(lost_after);
  poison(deaths, 1);
  BOOST_TEST((deaths.open(call(1), true, lost_on("c"), 3, at(2s)) == at(2s + lost_after)));
  auto found = deaths.explain(2, "signal 6", "", at(3s));
  BOOST_REQUIRE(found.size() == 1U);
  BOOST_TEST(!found[0].is_complete);
  BOOST_TEST((found[0].until == at(2s + lost_after)));
  found = deaths.explain(3, "signal 11", "M.m", at(3s));
  BOOST_REQUIRE(found.size() == 1U);
  BOOST_TEST(found[0].is_complete);
  auto const what = deaths.close(call(1), "M.m");
  BOOST_TEST((what.code == dist::errc::poisoned));
  BOOST_TEST(what.message ==
             "the processes of these nodes died while running it: a, b: signal 6, c: signal 11; the last was running M.m");
  deaths.forget(call(1));
  BOOST_TEST(deaths.empty());
}

BOOST_AUTO_TEST_CASE(poisoned_call_goes_on_if_one_of_its_processes_lives) {
  dist::post_mortems deaths(lost_after);
  poison(deaths, 1);
  deaths.open(call(1), true, lost_on("c"), 3, at(2s));
  auto const told = deaths.lives(2);
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].call == call(1));
  BOOST_TEST(told[0].runs_alone);  // after two deaths
  BOOST_TEST(told[0].goes_on);
  BOOST_TEST(!deaths.node_of(call(1)));
  BOOST_TEST(deaths.lives(2).empty());
}

BOOST_AUTO_TEST_CASE(forgotten_call_leaves_nothing) {
  dist::post_mortems deaths(lost_after);
  poison(deaths, 1);
  deaths.open(call(1), true, lost_on("c"), 3, at(2s));
  deaths.forget(call(1));
  BOOST_TEST(deaths.empty());
  BOOST_TEST(deaths.explain(3, "signal 11", "", at(3s)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
