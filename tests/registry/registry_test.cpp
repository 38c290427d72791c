#include "registry/support.hpp"

#include <boost/test/unit_test.hpp>
#include <map>

using namespace registry_test;

BOOST_AUTO_TEST_SUITE(registry)

BOOST_AUTO_TEST_CASE(node_least_used_relative_to_its_slots_is_chosen) {
  fixture f;
  auto const small = f.join("small", 2);
  auto const large = f.join("large", 8);
  std::vector<dist::lease> held;
  for (int n = 0; n < 5; ++n) held.push_back(f.submit().held);
  BOOST_TEST(f.in_use(small) == 1U);
  BOOST_TEST(f.in_use(large) == 4U);
  for (int n = 0; n < 5; ++n) held.push_back(f.submit().held);
  BOOST_TEST(f.in_use(small) == 2U);
  BOOST_TEST(f.in_use(large) == 8U);
  BOOST_TEST(f.submit().what == dist::placing::queued);
}

BOOST_AUTO_TEST_CASE(equally_used_nodes_take_turns) {
  fixture f;
  for (auto const* name : {"a", "b", "c", "d", "e"}) f.join(name, 4);
  std::map<dist::node_id, int> picks;
  for (int n = 0; n < 100; ++n) ++picks[f.submit().node];
  BOOST_TEST(picks.size() == 5U);
  for (auto const& [id, count] : picks) BOOST_TEST(count == 20);
}

BOOST_AUTO_TEST_CASE(equally_used_nodes_of_different_classes_take_turns) {
  fixture f;
  f.join("a", 4);
  f.join(node("b", 4, {"Arith.sum", "Arith.mean"}));
  std::map<dist::node_id, int> picks;
  for (int n = 0; n < 100; ++n) ++picks[f.submit().node];
  for (auto const& [id, count] : picks) BOOST_TEST(count == 50);
  BOOST_TEST(f.registry.class_count() == 2U);
}

BOOST_AUTO_TEST_CASE(each_pick_counts_before_the_next) {
  fixture f;
  std::vector<dist::node_id> ids;
  for (auto const* name : {"a", "b", "c", "d"}) ids.push_back(f.join(name, 1000));
  std::vector<dist::lease> held;
  for (int n = 0; n < 1000; ++n) held.push_back(f.submit().held);
  for (auto const id : ids) BOOST_TEST(f.in_use(id) == 250U);
}

BOOST_AUTO_TEST_CASE(only_healthy_node_gets_every_call) {
  fixture f;
  auto const up = f.join("up", 1);
  auto const silent = f.join("silent", 1);
  f.registry.tick(at(0s));
  for (auto now = at(1s); now <= at(3s); now += 1s) {
    f.registry.heard(up, now);
    f.registry.tick(now);
  }
  BOOST_TEST(f.registry.state(silent).value() == dist::node_state::suspect);
  for (int n = 0; n < 10'000; ++n) BOOST_REQUIRE(f.submit().node == up);
}

BOOST_AUTO_TEST_CASE(joining_node_gets_queued_calls_at_once) {
  fixture f;
  BOOST_TEST(f.submit(1).what == dist::placing::queued);
  BOOST_TEST(f.submit(2).what == dist::placing::queued);
  BOOST_TEST(f.submit(3).what == dist::placing::queued);
  BOOST_TEST(!f.registry.next());
  auto const late = f.join("late", 2);
  auto const out = f.drain_queue();
  BOOST_REQUIRE(out.size() == 2U);
  BOOST_TEST(out[0].call == call(1));
  BOOST_TEST(out[1].call == call(2));
  BOOST_TEST(out[1].node == late);
  BOOST_TEST(f.registry.counts().queued == 1U);
}

BOOST_AUTO_TEST_CASE(freed_slot_goes_to_the_oldest_call_that_the_node_can_run) {
  fixture f;
  auto const mean = *f.registry.intern("Arith.mean");
  auto const other = *f.registry.intern("Other.method");
  f.join(node("a", 1, {"Arith.sum", "Arith.mean"}));
  auto held = f.submit(1).held;
  auto needs = f.needs();
  needs.method = other;
  f.registry.submit(call(2), needs);
  needs.method = mean;
  f.registry.submit(call(3), needs);
  f.submit(4);
  BOOST_TEST(!f.registry.next());
  held = {};
  auto const out = f.drain_queue();
  BOOST_REQUIRE(out.size() == 1U);
  BOOST_TEST(out[0].call == call(3));
}

BOOST_AUTO_TEST_CASE(oldest_call_goes_first_across_many_methods) {
  fixture f;
  f.join(go_node("go", 1));
  auto held = f.submit(1).held;
  std::vector<dist::ticket> places;
  auto needs = f.needs();
  for (std::uint32_t n = 0; n < 500; ++n) {
    needs.method = *f.registry.intern("M." + std::to_string(n * 7 % 250));
    needs.nested = n % 10 == 3;
    places.push_back(f.registry.submit(call(n), needs).place);
  }
  for (std::uint32_t n = 0; n < 500; n += 4) BOOST_TEST(f.registry.withdraw(places[n]));
  for (bool const nested : {true, false}) {
    for (std::uint32_t n = 0; n < 500; ++n) {
      if (n % 4 == 0 || (n % 10 == 3) != nested) continue;
      held = {};
      auto out = f.registry.next();
      BOOST_REQUIRE(out);
      BOOST_REQUIRE(out->call == call(n));
      held = std::move(out->held);
    }
  }
  BOOST_TEST(f.registry.counts().queued == 0U);
}

BOOST_AUTO_TEST_CASE(nested_calls_go_before_top_level_ones) {
  fixture f;
  f.join("a", 1);
  auto held = f.submit(1).held;
  f.submit(2);
  auto needs = f.needs();
  needs.nested = true;
  f.registry.submit(call(3), needs);
  f.registry.submit(call(4), needs);
  std::vector<dist::call_no> order;
  for (int n = 0; n < 3; ++n) {
    held = {};
    auto one = f.registry.next();
    BOOST_REQUIRE(one);
    order.push_back(one->call);
    held = std::move(one->held);
  }
  BOOST_TEST((order == std::vector{call(3), call(4), call(2)}));
}

BOOST_AUTO_TEST_CASE(moved_call_goes_to_the_front_and_is_never_rejected) {
  dist::registry_settings settings;
  settings.queue.count = 1;
  fixture f(settings);
  f.submit(1);
  BOOST_TEST(f.submit(2).what == dist::placing::refused);
  auto needs = f.needs();
  needs.moved = true;
  BOOST_TEST(f.registry.submit(call(3), needs).what == dist::placing::queued);
  f.join("a", 1);
  BOOST_TEST(f.registry.next()->call == call(3));
}

BOOST_AUTO_TEST_CASE(window_is_used_only_by_repeatable_calls) {
  dist::registry_settings settings;
  settings.window = 3;
  fixture f(settings);
  auto const id = f.join("a", 2);
  std::vector<dist::lease> held;
  held.push_back(f.submit().held);
  held.push_back(f.submit().held);
  auto needs = f.needs();
  needs.repeatable = true;
  BOOST_TEST(f.registry.submit(call(1), needs).what == dist::placing::queued);
  BOOST_TEST(!f.registry.next());
  BOOST_TEST(f.in_use(id) == 2U);
  // The waiting call goes out as soon as the method has a window.
  f.registry.declare_brief(f.sum, true);
  auto out = f.drain_queue();
  BOOST_REQUIRE(out.size() == 1U);
  BOOST_TEST(out[0].call == call(1));
  needs.repeatable = false;
  BOOST_TEST(f.registry.submit(call(2), needs).what == dist::placing::queued);
  needs.repeatable = true;
  for (std::uint32_t n = 3; n < 6; ++n) f.registry.submit(call(n), needs);
  auto const more = f.drain_queue();
  BOOST_TEST(f.registry.counts().in_use == 5U);
  BOOST_TEST(f.registry.counts().queued == 2U);
}

BOOST_AUTO_TEST_CASE(window_has_room_while_any_node_has_room) {
  dist::registry_settings settings;
  settings.window = 4;
  fixture f(settings);
  f.registry.declare_brief(f.sum, true);
  auto needs = f.needs();
  needs.repeatable = true;
  f.join("small", 1);
  f.join("large", 16);
  std::vector<dist::lease> held;
  for (int n = 0; n < 25; ++n) {
    auto out = f.registry.submit(call(0), needs);
    BOOST_REQUIRE(out.what == dist::placing::placed);
    held.push_back(std::move(out.held));
  }
  BOOST_TEST(f.registry.submit(call(0), needs).what == dist::placing::queued);
}

BOOST_AUTO_TEST_CASE(avoided_node_gets_the_call_only_when_no_other_has_room) {
  fixture f;
  auto const a = f.join("a", 1);
  auto const b = f.join("b", 1);
  auto needs = f.needs();
  needs.avoided.add(a);
  auto first = f.registry.submit(call(1), needs);
  BOOST_TEST(first.node == b);
  // A failed attempt there matters less than a free slot.
  auto second = f.registry.submit(call(2), needs);
  BOOST_TEST(second.what == dist::placing::placed);
  BOOST_TEST(second.node == a);
  BOOST_TEST(f.registry.submit(call(3), needs).what == dist::placing::queued);
  second.held = {};
  first.held = {};
  auto third = f.registry.next();
  BOOST_REQUIRE(third);
  BOOST_TEST(third->node == b);
}

BOOST_AUTO_TEST_CASE(call_never_goes_to_the_node_that_already_has_it) {
  fixture f;
  auto const a = f.join("a", 2);
  auto needs = f.needs();
  needs.held_by = a;
  BOOST_TEST(!f.registry.available(needs));
  BOOST_TEST(f.registry.able(needs) == 0U);
  auto const queued = f.registry.submit(call(1), needs);
  BOOST_TEST(queued.what == dist::placing::queued);
  BOOST_TEST(!f.registry.available(queued.place));
  BOOST_TEST(!f.registry.next());
  // Other calls are not held up by it.
  auto second = f.submit(2);
  BOOST_TEST(second.node == a);
  second.held = {};
  BOOST_TEST(!f.registry.next());
  // Nor does it go back to that node when the node drains.
  f.registry.drain(a);
  BOOST_TEST(!f.registry.take_while_draining(a, needs));
  auto const b = f.join("b", 1);
  auto const next = f.registry.next();
  BOOST_REQUIRE(next);
  BOOST_TEST(next->node == b);
}

BOOST_AUTO_TEST_CASE(call_that_must_run_alone_does_not_reserve_the_node_that_has_it) {
  fixture f;
  auto const a = f.join("a", 1);
  auto const b = f.join("b", 2);
  auto on_b = f.submit(9);
  auto also_on_b = f.submit(8);
  if (on_b.node != b) std::swap(on_b, also_on_b);
  auto needs = f.needs();
  needs.alone = true;
  needs.held_by = a;
  BOOST_TEST(f.registry.submit(call(1), needs).what == dist::placing::queued);
  BOOST_TEST(!f.registry.next());
  also_on_b.held = {};
  BOOST_TEST(!f.registry.next());
  on_b.held = {};
  auto const next = f.registry.next();
  BOOST_REQUIRE(next);
  BOOST_TEST(next->node == b);
}

BOOST_AUTO_TEST_CASE(call_that_cannot_be_sent_to_go_nodes_waits_for_another_kind) {
  fixture f;
  f.registry.join(go_node("go", 4), at(0s));
  auto needs = f.needs();
  needs.not_in_go = true;
  BOOST_TEST(!f.registry.anybody_takes(needs));
  BOOST_TEST(f.registry.submit(call(1), needs).what == dist::placing::queued);
  BOOST_TEST(f.registry.why_waiting(needs) == "no living node other than Go nodes has the method Arith.sum");
  BOOST_TEST(f.submit(2).what == dist::placing::placed);
  auto const a = f.join("a", 1);
  BOOST_TEST(f.registry.anybody_takes(needs));
  auto const next = f.registry.next();
  BOOST_REQUIRE(next);
  BOOST_TEST(next->node == a);
}

BOOST_AUTO_TEST_CASE(nested_call_returns_to_its_draining_node_although_it_avoids_it) {
  fixture f;
  auto const a = f.join("a", 1);
  auto parent = f.submit(1);
  parent.held.give_back();
  f.registry.drain(a);
  auto needs = f.needs();
  needs.nested = needs.moved = true;
  needs.avoided.add(a);
  BOOST_TEST(bool(f.registry.take_while_draining(a, needs)));
  parent.held.retake();
}

BOOST_AUTO_TEST_CASE(rejoin_reports_whether_the_replaced_node_was_silent) {
  fixture f;
  f.registry.join(process(node("a", 1, {"Arith.sum"}), 1), at(0s));
  auto const same = f.registry.join(process(node("a", 1, {"Arith.sum"}), 1), at(1s));
  BOOST_REQUIRE(same);
  BOOST_TEST(bool(same->replaced));
  BOOST_TEST(!same->replaced_silent);
  for (int second = 2; second < 6; ++second) f.registry.tick(at(std::chrono::seconds(second)));
  auto const newer = f.registry.join(process(node("a", 1, {"Arith.sum"}), 2), at(6s));
  BOOST_REQUIRE(newer);
  BOOST_TEST(bool(newer->replaced));
  BOOST_TEST(newer->replaced_silent);
}

BOOST_AUTO_TEST_CASE(call_that_must_run_alone_reserves_a_node_and_keeps_it) {
  fixture f;
  auto const a = f.join("a", 2);
  auto held = f.submit(1).held;
  auto needs = f.needs();
  needs.alone = true;
  BOOST_TEST(f.registry.submit(call(2), needs).what == dist::placing::queued);
  BOOST_TEST(!f.registry.next());
  // The node is kept free for it, so that a stream of other calls cannot starve it.
  BOOST_TEST(f.submit(3).what == dist::placing::queued);
  BOOST_TEST(!f.registry.next());
  BOOST_TEST(f.registry.available(f.sum));
  held = {};
  auto out = f.drain_queue();
  BOOST_REQUIRE(out.size() == 1U);
  BOOST_TEST(out[0].call == call(2));
  BOOST_TEST(out[0].node == a);
  out.clear();
  out = f.drain_queue();
  BOOST_REQUIRE(out.size() == 1U);
  BOOST_TEST(out[0].call == call(3));
}

BOOST_AUTO_TEST_CASE(suspended_call_that_runs_alone_does_not_lock_out_its_nested_call) {
  fixture f;
  f.join("a", 1);
  auto needs = f.needs();
  needs.alone = true;
  auto parent = f.registry.submit(call(1), needs);
  BOOST_REQUIRE(parent.what == dist::placing::placed);
  parent.held.give_back();
  needs.alone = false;
  needs.nested = true;
  BOOST_TEST(f.registry.submit(call(2), needs).what == dist::placing::placed);
  parent.held.retake();
}

BOOST_AUTO_TEST_CASE(withdrawing_a_call_that_must_run_alone_releases_its_reservation) {
  fixture f;
  f.join("a", 2);
  auto held = f.submit(1).held;
  auto needs = f.needs();
  needs.alone = true;
  auto const place = f.registry.submit(call(2), needs).place;
  BOOST_TEST(!f.registry.next());
  f.submit(3);
  BOOST_TEST(!f.registry.next());
  BOOST_TEST(f.registry.withdraw(place));
  auto out = f.drain_queue();
  BOOST_REQUIRE(out.size() == 1U);
  BOOST_TEST(out[0].call == call(3));
}

BOOST_AUTO_TEST_CASE(withdrawing_a_call_that_must_run_alone_from_an_empty_queue_leaves_no_reservation) {
  fixture f;
  f.join("a", 2);
  auto held = f.submit(1).held;
  auto needs = f.needs();
  needs.alone = true;
  auto const place = f.registry.submit(call(2), needs).place;
  BOOST_TEST(!f.registry.next());
  BOOST_TEST(f.registry.withdraw(place));
  BOOST_TEST(!f.registry.next());
  BOOST_TEST(f.submit(3).what == dist::placing::placed);
}

BOOST_AUTO_TEST_CASE(go_node_is_tried_for_every_method_until_it_reports_it_unknown) {
  fixture f;
  auto const mean = *f.registry.intern("Arith.mean");
  auto const go = f.join(go_node("go", 1));
  BOOST_TEST(f.registry.available(f.sum));
  BOOST_TEST(f.submit(1).node == go);
  f.registry.unknown_method(go, f.sum);
  BOOST_TEST(!f.registry.available(f.sum));
  BOOST_TEST(f.registry.available(mean));
  BOOST_TEST(f.submit(2).what == dist::placing::queued);
  BOOST_TEST(!f.registry.next());
  auto const later = *f.registry.intern("New.method");
  BOOST_TEST(f.registry.available(later));
  // The refusal of one Go node does not apply to another.
  auto const second = f.join(go_node("go2", 1));
  auto out = f.drain_queue();
  BOOST_REQUIRE(out.size() == 1U);
  BOOST_TEST(out[0].node == second);
  f.registry.unknown_method(second, f.sum);
  BOOST_TEST(f.registry.class_count() == 1U);
}

BOOST_AUTO_TEST_CASE(nodes_that_list_the_method_are_preferred) {
  fixture f;
  auto const go = f.join(go_node("go", 4));
  auto const listed = f.join("dist", 2);
  auto a = f.submit();
  auto b = f.submit();
  auto c = f.submit();
  BOOST_TEST(a.node == listed);
  BOOST_TEST(b.node == listed);
  BOOST_TEST(c.node == go);
  f.registry.known_method(go, f.sum);
  auto d = f.submit();
  BOOST_TEST(d.node == go);
  b.held = {};
  BOOST_TEST(f.submit().node == listed);
  a.held = {};
  std::map<dist::node_id, int> picks;
  for (int n = 0; n < 100; ++n) ++picks[f.submit().node];
  BOOST_TEST(picks[listed] == 100);
}

BOOST_AUTO_TEST_CASE(node_that_reports_a_method_unknown_gets_no_more_calls_of_it) {
  fixture f;
  auto const a = f.join("a", 1);
  auto const b = f.join("b", 1);
  f.registry.unknown_method(a, f.sum);
  for (int n = 0; n < 10; ++n) BOOST_TEST(f.submit().node == b);
}

BOOST_AUTO_TEST_CASE(why_waiting_names_the_reason) {
  fixture f;
  auto const lost = *f.registry.intern("Nobody.has");
  BOOST_TEST(f.registry.why_waiting(f.needs()) == "no node has joined");
  auto const a = f.join("a", 2);
  f.join("b", 6);
  auto other = f.needs();
  other.method = lost;
  BOOST_TEST(f.registry.why_waiting(other) == "no living node has the method Nobody.has");
  std::vector<dist::lease> held;
  for (std::uint32_t n = 0; n < 48; ++n) held.push_back(f.submit(n).held);
  BOOST_TEST(f.registry.why_waiting(f.needs()) == "all 8 slots of 2 nodes are in use, 40 calls of Arith.sum wait");
  f.registry.drain(a);
  BOOST_TEST(f.registry.why_waiting(other) == "no living node has the method Nobody.has; draining nodes: 1");
}

BOOST_AUTO_TEST_CASE(too_many_method_names_are_rejected) {
  dist::registry_settings settings;
  settings.method_count = 2;
  fixture f(settings);
  BOOST_TEST(f.registry.intern("B").has_value());
  auto const out = f.registry.intern("C");
  BOOST_REQUIRE(out.has_error());
  BOOST_TEST((out.error().code == dist::errc::limit_exceeded));
  BOOST_TEST(f.registry.intern("B").has_value());
  auto const joined = f.registry.join(node("n", 1, {"D"}), at(0s));
  BOOST_TEST((joined.error().code == dist::errc::limit_exceeded));
}

BOOST_AUTO_TEST_CASE(draining_node_finishes_its_calls_and_gets_no_new_ones) {
  fixture f;
  auto const a = f.join("a", 2);
  auto held = f.submit(1).held;
  f.registry.drain(a);
  BOOST_TEST(f.registry.state(a).value() == dist::node_state::draining);
  BOOST_TEST(f.submit(2).what == dist::placing::queued);
  held = {};
  BOOST_TEST(f.in_use(a) == 0U);
  BOOST_TEST(!f.registry.next());
  f.join("b", 1);
  BOOST_TEST(f.drain_queue().size() == 1U);
}

BOOST_AUTO_TEST_CASE(cost_grows_with_the_logarithm_of_the_node_count) {
  fixture f;
  for (int n = 0; n < 10'000; ++n) {
    auto info = node("host", 4, {"Arith.sum"});
    info.name_is_default = true;
    f.join(std::move(info));
  }
  BOOST_TEST(f.registry.class_count() == 1U);
  auto const before = f.registry.heap_steps();
  std::vector<dist::lease> held;
  for (int n = 0; n < 20'000; ++n) held.push_back(f.submit().held);
  held.clear();
  auto const steps = f.registry.heap_steps() - before;
  BOOST_TEST(steps <= 20'000U * 2 * 15);
}

BOOST_AUTO_TEST_SUITE_END()
