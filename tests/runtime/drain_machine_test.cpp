#include "node/drain_machine.hpp"

#include <boost/test/unit_test.hpp>

using dist::drain_machine;

BOOST_AUTO_TEST_SUITE(drain_machine_suite)

BOOST_AUTO_TEST_CASE(node_that_wants_to_leave_waits_for_the_master_and_for_its_calls) {
  drain_machine session;
  BOOST_TEST(session.takes_calls());
  BOOST_TEST(session.begin());
  BOOST_TEST(!session.takes_calls());
  // A request may be on its way until the master confirms.
  BOOST_TEST(!session.may_leave(0));
  BOOST_TEST(!session.heard_from_master());
  BOOST_TEST(!session.may_leave(1));
  BOOST_TEST(session.may_leave(0));
  BOOST_TEST(session.leave());
  BOOST_TEST(session.has_left());
}

BOOST_AUTO_TEST_CASE(drain_frame_out_of_the_blue_is_a_request_and_the_next_one_confirms) {
  drain_machine session;
  BOOST_TEST(session.heard_from_master());
  BOOST_TEST(session.begin());
  BOOST_TEST(!session.may_leave(0));
  BOOST_TEST(!session.heard_from_master());
  BOOST_TEST(session.may_leave(0));
}

BOOST_AUTO_TEST_CASE(drain_is_announced_once_and_goodbye_said_once) {
  drain_machine session;
  BOOST_TEST(session.begin());
  BOOST_TEST(!session.begin());
  // The drain limit has expired, with calls running.
  BOOST_TEST(session.leave());
  BOOST_TEST(!session.leave());
  BOOST_TEST(!session.begin());
  BOOST_TEST(!session.heard_from_master());
  BOOST_TEST(!session.may_leave(0));
  BOOST_TEST(!session.takes_calls());
}

BOOST_AUTO_TEST_SUITE_END()
