#include <dist/rpc/memory_budget.hpp>

#include <boost/test/unit_test.hpp>

using namespace dist;

BOOST_AUTO_TEST_CASE(shares_add_up_and_are_released) {
  memory_budget budget(1000);
  {
    memory_share one(&budget);
    memory_share other(&budget);
    one.set(300);
    other.add(200);
    BOOST_TEST(budget.held_bytes() == 500U);
    one.remove(100);
    BOOST_TEST(budget.held_bytes() == 400U);
    other.remove(1000);
    BOOST_TEST(budget.held_bytes() == 200U);
  }
  BOOST_TEST(budget.held_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(last_quarter_is_reserved_for_small_shares) {
  memory_budget budget(25'600);
  memory_share large(&budget);
  BOOST_TEST(large.has_room(19'200));
  BOOST_TEST(!large.has_room(19'201));
  large.set(19'200);
  BOOST_TEST(!large.has_room(1));
  memory_share small(&budget);
  BOOST_TEST(small.has_room(100));
  BOOST_TEST(!small.has_room(101));
  small.set(100);
  BOOST_TEST(!small.has_room(1));
}

BOOST_AUTO_TEST_CASE(requests_leave_room_for_replies) {
  memory_budget budget(25'600);
  memory_share large(&budget);
  BOOST_TEST(large.has_room_for_request(12'800));
  BOOST_TEST(!large.has_room_for_request(12'801));
  BOOST_TEST(budget.ever_has_room_for_request(12'800));
  BOOST_TEST(!budget.ever_has_room_for_request(12'801));
  large.set(12'800);
  BOOST_TEST(!large.has_room_for_request(1));
  BOOST_TEST(memory_share(&budget).has_room_for_request(100));
}

BOOST_AUTO_TEST_CASE(memory_is_tight_for_large_shares_above_half) {
  memory_budget budget(25'600);
  memory_share held(&budget);
  held.set(12'799);
  BOOST_TEST(!budget.is_tight(12'799));
  held.set(12'800);
  BOOST_TEST(budget.is_tight(12'800));
  BOOST_TEST(!budget.is_tight(100));
}

BOOST_AUTO_TEST_CASE(share_without_a_budget_is_unlimited) {
  memory_share share;
  share.set(1'000'000);
  BOOST_TEST(share.has_room(SIZE_MAX / 2));
  BOOST_TEST(share.bytes() == 1'000'000U);
}

BOOST_AUTO_TEST_CASE(limit_defaults_to_a_share_of_the_machine) {
  limits bounds;
  BOOST_TEST(memory_budget(bounds).limit_bytes() == default_memory_bytes());
  BOOST_TEST(default_memory_bytes() > 0U);
  bounds.memory = 5000;
  BOOST_TEST(memory_budget(bounds).limit_bytes() == 5000U);
}
