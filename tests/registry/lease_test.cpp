#include "registry/support.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>

using namespace registry_test;

BOOST_AUTO_TEST_SUITE(lease)

BOOST_AUTO_TEST_CASE(the_destructor_gives_the_slot_back) {
  fixture f;
  auto const a = f.join("a", 1);
  {
    auto const held = f.submit().held;
    BOOST_TEST(held.node() == a);
    BOOST_TEST(f.in_use(a) == 1U);
  }
  BOOST_TEST(f.in_use(a) == 0U);
}

BOOST_AUTO_TEST_CASE(moving_moves_the_slot) {
  fixture f;
  auto const a = f.join("a", 2);
  auto first = f.submit().held;
  auto second = f.submit().held;
  first = std::move(second);
  BOOST_TEST(f.in_use(a) == 1U);
  BOOST_TEST(!second);
  auto third = std::move(first);
  BOOST_TEST(f.in_use(a) == 1U);
  auto& same = third;
  third = std::move(same);
  BOOST_TEST(f.in_use(a) == 1U);
}

BOOST_AUTO_TEST_CASE(a_lease_of_an_earlier_stay_does_not_touch_the_new_one) {
  fixture f;
  auto const old_stay = f.join(process(node("a", 2, {"Arith.sum"}), 7));
  auto held = f.submit().held;
  f.registry.leave(old_stay);
  BOOST_TEST(!held.attached());
  auto const new_stay = f.join(process(node("a", 2, {"Arith.sum"}), 7));
  BOOST_TEST(new_stay != old_stay);
  auto other = f.submit().held;
  held = {};
  BOOST_TEST(f.in_use(new_stay) == 1U);
  other = {};
  BOOST_TEST(f.in_use(new_stay) == 0U);
}

BOOST_AUTO_TEST_CASE(many_flaps_leave_the_counters_right) {
  fixture f;
  std::vector<dist::lease> held;
  for (int n = 0; n < 100; ++n) {
    auto const id = f.join("a", 3);
    for (int c = 0; c < 3; ++c) held.push_back(f.submit().held);
    BOOST_TEST(f.in_use(id) == 3U);
    if (n % 2 == 0) held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(held.size() / 2));
    f.registry.leave(id);
  }
  held.clear();
  BOOST_TEST(f.registry.counts().in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_suspended_call_frees_its_slot_and_gets_it_back_even_when_full) {
  fixture f;
  auto const a = f.join("a", 1);
  auto parent = f.submit(1).held;
  auto needs = f.needs();
  needs.nested = true;
  BOOST_TEST(f.registry.submit(call(2), needs).what == dist::placing::queued);
  parent.give_back();
  parent.give_back();
  auto child = f.registry.next();
  BOOST_REQUIRE(child);
  parent.retake();
  parent.retake();
  BOOST_TEST(f.in_use(a) == 2U);
  child.reset();
  BOOST_TEST(f.in_use(a) == 1U);
  BOOST_TEST(f.submit(3).what == dist::placing::queued);
  parent.give_back();
  parent = {};
  BOOST_TEST(f.in_use(a) == 0U);
  BOOST_TEST(f.drain_queue().size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_abandoned_call_stays_in_use_and_is_shown) {
  fixture f;
  f.join("a", 2);
  auto held = f.submit().held;
  held.abandon();
  held.abandon();
  BOOST_TEST(f.registry.counts().abandoned == 1U);
  BOOST_TEST(f.registry.counts().in_use == 1U);
  held = {};
  BOOST_TEST(f.registry.counts().abandoned == 0U);
  BOOST_TEST(f.registry.counts().in_use == 0U);
}

BOOST_AUTO_TEST_CASE(a_lease_may_outlive_the_registry) {
  auto f = std::make_unique<fixture>();
  f->join("a", 2);
  auto held = f->submit().held;
  auto suspended = f->submit().held;
  suspended.give_back();
  f.reset();
  BOOST_TEST(!held.attached());
  suspended.retake();
}

BOOST_AUTO_TEST_SUITE_END()
