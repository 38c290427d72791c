#include "registry/support.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>

using namespace registry_test;

BOOST_AUTO_TEST_SUITE(lease)

BOOST_AUTO_TEST_CASE(destructor_releases_the_slot) {
  fixture f;
  auto const a = f.join("a", 1);
  {
    auto const held = f.submit().held;
    BOOST_TEST(held.node() == a);
    BOOST_TEST(f.in_use(a) == 1U);
  }
  BOOST_TEST(f.in_use(a) == 0U);
}

BOOST_AUTO_TEST_CASE(moved_lease_carries_the_slot) {
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

BOOST_AUTO_TEST_CASE(lease_from_before_a_rejoin_does_not_affect_the_new_session) {
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

BOOST_AUTO_TEST_CASE(repeated_rejoins_keep_the_counters_correct) {
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

BOOST_AUTO_TEST_CASE(suspended_call_frees_its_slot_and_gets_it_back_even_when_full) {
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

BOOST_AUTO_TEST_CASE(blocking_call_lends_its_slot_to_nested_calls) {
  fixture f;
  auto const a = f.join("a", 1);
  auto parent = f.submit(1).held;
  auto nested = f.needs();
  nested.nested = true;
  BOOST_TEST(f.registry.submit(call(2), nested).what == dist::placing::queued);
  BOOST_TEST(f.submit(3).what == dist::placing::queued);
  parent.lend();
  parent.lend();
  auto child = f.registry.next();
  BOOST_REQUIRE(child);
  BOOST_TEST(child->call == call(2));
  BOOST_TEST(!f.registry.next());
  BOOST_TEST(f.in_use(a) == 2U);
  // At most one spare thread per slot, even when the child blocks too.
  child->held.lend();
  BOOST_TEST(f.registry.submit(call(4), nested).what == dist::placing::queued);
  child.reset();
  BOOST_TEST(f.drain_queue().size() == 1U);
  parent.retake();
  parent.retake();
  BOOST_TEST(f.in_use(a) == 1U);
  parent = {};
  BOOST_TEST(f.drain_queue().size() == 1U);
  BOOST_TEST(f.in_use(a) == 0U);
}

BOOST_AUTO_TEST_CASE(blocking_call_that_runs_alone_lends_its_slot_too) {
  fixture f;
  f.join("a", 1);
  auto alone = f.needs();
  alone.alone = true;
  auto parent = std::move(f.registry.submit(call(1), alone).held);
  BOOST_REQUIRE(parent);
  auto nested = alone;
  nested.nested = true;
  BOOST_TEST(f.registry.submit(call(2), nested).what == dist::placing::queued);
  parent.lend();
  BOOST_TEST(f.drain_queue().size() == 1U);
}

BOOST_AUTO_TEST_CASE(node_with_the_maximum_of_suspended_calls_takes_only_nested_ones) {
  fixture f;
  auto const a = f.join("a", 2);
  std::vector<dist::lease> suspended;
  for (std::uint32_t n = 0; n < dist::most_suspended_calls; ++n) {
    suspended.push_back(f.submit(n + 1).held);
    BOOST_REQUIRE(suspended.back());
    suspended.back().give_back();
  }
  BOOST_TEST(f.in_use(a) == 0U);
  auto nested = f.needs();
  nested.nested = true;
  BOOST_TEST(f.registry.submit(call(5000), nested).what == dist::placing::placed);
  BOOST_TEST(f.submit(5001).what == dist::placing::queued);
  // It goes to another node, or to this one once a suspended call has ended.
  auto const b = f.join("b", 1);
  auto const placed = f.drain_queue();
  BOOST_REQUIRE(placed.size() == 1U);
  BOOST_TEST(placed[0].node == b);
  f.registry.leave(b);
  BOOST_TEST(f.submit(5002).what == dist::placing::queued);
  suspended.pop_back();
  BOOST_TEST(f.drain_queue().size() == 1U);
}

BOOST_AUTO_TEST_CASE(abandoned_call_keeps_its_slot_and_is_counted) {
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

BOOST_AUTO_TEST_CASE(lease_may_outlive_the_registry) {
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
