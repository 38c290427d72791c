#include "node/join_machine.hpp"

#include <boost/test/unit_test.hpp>

using dist::join_machine;
using dist::time_point;
using farewell = join_machine::farewell;

namespace {

auto const soon = time_point() + std::chrono::seconds(5);

}  // namespace

BOOST_AUTO_TEST_SUITE(join_machine_suite)

BOOST_AUTO_TEST_CASE(how_a_node_leaves_depends_on_what_its_master_knows) {
  join_machine apart(true);
  BOOST_TEST((apart.leave(soon) == farewell::at_once));

  join_machine asking(true);
  asking.asks();
  BOOST_TEST((asking.leave(soon) == farewell::when_answered));
  // The session that starts after all drains, in what is left of the time.
  asking.is_in();
  BOOST_TEST(asking.leaving());
  BOOST_TEST((asking.until() == soon));

  join_machine joined(true);
  joined.asks();
  joined.is_in();
  BOOST_TEST((joined.leave(soon) == farewell::by_draining));
  BOOST_TEST((joined.leave(soon) == farewell::none));

  join_machine between(true);
  between.asks();
  between.is_in();
  between.is_out();
  BOOST_TEST((between.leave(soon) == farewell::at_once));
}

BOOST_AUTO_TEST_CASE(problem_is_told_once_until_a_master_lets_the_node_in) {
  join_machine node(true);
  BOOST_TEST(node.is_news("refused"));
  BOOST_TEST(!node.is_news("refused"));
  BOOST_TEST(node.is_news("timed out"));
  BOOST_TEST(node.failed() == 0U);
  BOOST_TEST(node.failed() == 1U);
  node.succeeded();
  BOOST_TEST(node.is_news("timed out"));
  BOOST_TEST(node.failed() == 0U);
}

BOOST_AUTO_TEST_CASE(node_that_does_not_rejoin_or_is_leaving_tries_once_and_says_nothing) {
  join_machine once(false);
  BOOST_TEST(!once.tries_again());
  BOOST_TEST(!once.is_news("refused"));

  join_machine leaving(true);
  leaving.leave(soon);
  BOOST_TEST(!leaving.tries_again());
  BOOST_TEST(!leaving.is_news("refused"));
}

BOOST_AUTO_TEST_CASE(node_drained_by_its_master_does_not_come_back_and_says_who_wanted_it) {
  join_machine by_master(true);
  by_master.drained();
  BOOST_TEST(by_master.was_drained_by_master());
  BOOST_TEST(!by_master.tries_again());

  join_machine by_itself(true);
  by_itself.is_in();
  by_itself.leave(soon);
  by_itself.drained();
  BOOST_TEST(!by_itself.was_drained_by_master());
}

BOOST_AUTO_TEST_CASE(killed_process_was_not_drained_by_its_master) {
  join_machine node(true);
  node.is_in();
  node.drained();
  node.killed();
  BOOST_TEST(node.kills());
  BOOST_TEST(!node.was_drained_by_master());
  BOOST_TEST(!node.tries_again());
}

BOOST_AUTO_TEST_SUITE_END()
