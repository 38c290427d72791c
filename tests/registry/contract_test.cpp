// What becomes of a call, event by event: docs/failures.md.
#include "registry/ledger_stage.hpp"

using namespace std::chrono_literals;
using dist::departure;
using dist::errc;
using dist::issue_cost;
using dist::progress;
using dist::test::ledger_stage;
using dist::test::outcome;
using dist::test::stage_node;
using dist::test::test_call;

namespace {

/// Calls go to two nodes only where the first is silent.
struct stage : ledger_stage {
  using ledger_stage::ledger_stage;
};

test_call wait_at_most(dist::duration node_wait, std::vector<std::string> labels = {}) {
  test_call asked;
  asked.node_wait = node_wait;
  asked.labels = std::move(labels);
  return asked;
}

test_call made_by(dist::call_id parent) {
  test_call asked;
  asked.parent = parent;
  return asked;
}

dist::registry_settings without_window() {
  dist::registry_settings settings;
  settings.window = settings.brief_window = 0;
  return settings;
}

struct narrow_stage : stage {
  narrow_stage() : stage(without_window()) {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(silence, stage)

BOOST_AUTO_TEST_CASE(copy_waits_for_another_node_than_the_silent_one) {
  auto& a = add("a", 2);
  start("Work.read", {}, &got);
  goes_silent(a);
  BOOST_TEST(ledger.nodes().counts().queued == 1U);
  heard(a);
  BOOST_TEST(a.sent.size() == 1U);
  auto& b = add("b");
  BOOST_TEST(b.sent.empty());
  answer(a);
  BOOST_TEST(got.by == "a");
}

BOOST_AUTO_TEST_CASE(copy_is_withdrawn_when_its_node_is_heard_again) {
  auto& a = add("a", 2);
  start("Work.read", {}, &got);
  goes_silent(a);
  heard(a);
  BOOST_TEST(ledger.nodes().counts().queued == 0U);
  BOOST_TEST(issued_again(issue_cost::loss) == 0U);
  // The next silence is judged anew.
  auto& b = add("b");
  goes_silent(a);
  BOOST_TEST(b.sent.size() == 1U);
  BOOST_TEST(issued_again(issue_cost::loss) == 1U);
}

BOOST_AUTO_TEST_CASE(reissue_is_counted_when_it_is_sent) {
  auto& a = add("a");
  start("Work.read", {}, &got);
  leave(a);
  BOOST_TEST(issued_again(issue_cost::loss) == 0U);
  add("b");
  BOOST_TEST(issued_again(issue_cost::loss) == 1U);
}

BOOST_AUTO_TEST_CASE(fault_of_an_abandoned_attempt_does_not_end_a_new_one_on_the_same_node) {
  auto& a = add("a", 4);
  start("Work.read", {}, &got);
  auto& b = add("b");
  goes_silent(a);
  BOOST_REQUIRE(b.attempts.size() == 1U);
  refuse(b, errc::transient);
  BOOST_TEST(a.attempts[0].abandoned);
  leave(b);
  heard(a);
  pass(1s);
  BOOST_REQUIRE(a.attempts.size() == 2U);
  refuse(a, errc::cancelled);
  BOOST_TEST(!got.ended);
  answer(a);
  BOOST_TEST(got.by == "a");
  BOOST_TEST(!got.failed);
}

BOOST_AUTO_TEST_CASE(result_of_an_abandoned_attempt_counts_while_the_call_lives) {
  auto& a = add("a", 4);
  start("Work.read", {}, &got);
  auto& b = add("b");
  goes_silent(a);
  refuse(b, errc::transient);
  leave(b);
  heard(a);
  pass(1s);
  BOOST_REQUIRE(a.attempts.size() == 2U);
  answer(a, 0);
  BOOST_TEST(got.by == "a");
  BOOST_TEST(a.attempts[0].abandoned);
}

BOOST_AUTO_TEST_CASE(copy_lost_while_the_first_node_is_still_silent_is_replaced_at_once) {
  auto& a = add("a");
  start("Work.read", {}, &got);
  auto& b = add("b");
  goes_silent(a);
  BOOST_REQUIRE(b.attempts.size() == 1U);
  auto& c = add("c");
  leave(b);
  BOOST_TEST(c.attempts.size() == 1U);
  answer(c);
  BOOST_TEST(got.by == "c");
}

BOOST_AUTO_TEST_CASE(copy_refused_while_the_first_node_is_still_silent_is_replaced) {
  auto& a = add("a");
  start("Work.read", {}, &got);
  auto& b = add("b");
  goes_silent(a);
  BOOST_REQUIRE(b.attempts.size() == 1U);
  drain(b);
  refuse(b, errc::draining);
  add("c");
  pass(1s);
  BOOST_REQUIRE(holder());
  BOOST_TEST(nodes[2]->attempts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(silent_node_that_refuses_in_the_end_leaves_the_call_to_its_copy) {
  auto& a = add("a");
  start("Work.read", {}, &got);
  goes_silent(a);
  BOOST_TEST(ledger.nodes().counts().queued == 1U);
  refuse(a, errc::draining);
  BOOST_TEST(!got.ended);
  // Nothing excludes a any more: heard again, it may get the call.
  heard(a);
  BOOST_TEST(a.sent.size() == 2U);
  answer(a);
  BOOST_TEST(got.by == "a");
}

BOOST_AUTO_TEST_CASE(silent_node_that_its_restarted_process_replaces_is_lost) {
  auto& a = add("a");
  start("Work.write", {}, &got);
  goes_silent(a);
  add("a");
  BOOST_REQUIRE(got.failed);
  BOOST_TEST(got.failed->code == errc::node_lost);
}

BOOST_AUTO_TEST_CASE(process_that_connects_anew_is_not_lost) {
  auto& a = add("a", 1, 7);
  start("Work.write", {}, &got);
  goes_silent(a);
  add("a", 1, 7);
  BOOST_REQUIRE(got.failed);
  BOOST_TEST(got.failed->code == errc::connection_lost);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(refusals, stage)

BOOST_AUTO_TEST_CASE(call_that_go_nodes_cannot_be_told_fails_at_the_first_of_five) {
  for (auto const* name : {"g1", "g2", "g3", "g4", "g5"}) add_go(name);
  start("Work.read", {}, &got);
  BOOST_REQUIRE(holder());
  cannot_tell(*holder());
  BOOST_REQUIRE(got.failed);
  BOOST_TEST(got.failed->code == errc::bad_arguments);
  BOOST_TEST(got.failed->known == progress::not_started);
  BOOST_TEST((got.failed->may == dist::remedy::never));
  BOOST_TEST(!holder());
}

BOOST_AUTO_TEST_CASE(call_that_go_nodes_cannot_be_told_waits_for_a_busy_node_of_another_kind) {
  auto& a = add("a");
  start("Work.write");
  for (auto const* name : {"g1", "g2", "g3", "g4", "g5"}) add_go(name);
  start("Work.read", {}, &got);
  auto* const go = nodes[1].get();
  std::size_t sent = 0;
  for (std::size_t i = 1; i <= 5; ++i)
    if (auto& one = *nodes[i]; !one.attempts.empty()) cannot_tell(one);
  for (std::size_t i = 1; i <= 5; ++i) sent += nodes[i]->sent.size();
  BOOST_TEST(sent == 1U);
  BOOST_TEST(!got.ended);
  // Others go on using them.
  start("Work.write");
  BOOST_TEST(go != nullptr);
  answer(a);
  BOOST_REQUIRE(a.attempts.size() == 1U);
  answer(a);
  BOOST_TEST(got.by == "a");
}

BOOST_AUTO_TEST_CASE(call_that_four_full_nodes_refused_pauses) {
  for (auto const* name : {"a", "b", "c", "d", "e"}) add(name);
  start("Work.read", {}, &got);
  for (int refusals = 1; refusals <= 4; ++refusals) {
    BOOST_REQUIRE(holder());
    refuse(*holder(), errc::overloaded);
  }
  BOOST_TEST(!holder());
  BOOST_TEST(!got.ended);
  pass(1s);
  BOOST_REQUIRE(holder());
  answer(*holder());
  BOOST_TEST(!got.failed);
}

BOOST_AUTO_TEST_CASE(retry_takes_the_idle_node_on_which_it_failed_when_the_other_is_busy) {
  auto& a = add("a");
  start("Work.read", {}, &got);
  auto& b = add("b");
  start("Work.write");
  BOOST_REQUIRE(b.attempts.size() == 1U);
  refuse(a, errc::transient);
  pass(1s);
  BOOST_TEST(a.attempts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(nested_call_that_is_tried_again_returns_to_its_draining_node) {
  auto& a = add("a");
  start("Work.read");
  BOOST_REQUIRE(a.attempts.size() == 1U);
  start("Work.read", made_by(a.attempts[0].id), &got);
  BOOST_REQUIRE(a.attempts.size() == 2U);
  drain(a);
  refuse(a, errc::transient, 1);
  pass(1s);
  BOOST_REQUIRE(a.attempts.size() == 2U);
  answer(a, 1);
  BOOST_TEST(got.by == "a");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(node_wait, stage)

BOOST_AUTO_TEST_CASE(wait_begins_when_the_last_node_goes) {
  enum class way { leaves, drains, falls_silent };
  for (auto const how : {way::leaves, way::drains, way::falls_silent}) {
    ledger_stage on;
    outcome ended;
    auto& a = on.add("a");
    on.start("Work.write");
    on.start("Work.read", wait_at_most(5s), &ended);
    on.pass(60s);
    BOOST_TEST(!ended.ended);
    if (how == way::leaves) on.leave(a);
    if (how == way::drains) on.drain(a);
    if (how == way::falls_silent) on.goes_silent(a);
    on.pass(how == way::falls_silent ? 3s : 4900ms);
    BOOST_TEST(!ended.ended);
    on.pass(2s);
    BOOST_REQUIRE(ended.failed);
    BOOST_TEST(ended.failed->code == errc::no_node);
    BOOST_TEST(ended.failed->known == progress::not_started);
    BOOST_TEST(ended.failed->phase == "queueing");
    BOOST_TEST(on.ledger.nodes().counts().queued == 0U);
  }
}

BOOST_AUTO_TEST_CASE(wait_ends_with_a_node_and_begins_anew_in_full) {
  auto& a = add("a");
  start("Work.write");
  start("Work.read", wait_at_most(5s), &got);
  for (int round = 0; round < 3; ++round) {
    goes_silent(a);
    pass(2s);
    BOOST_TEST(!got.ended);
    heard(a);
    pass(20s);
    BOOST_TEST(!got.ended);
  }
  goes_silent(a);
  pass(6s);
  BOOST_TEST(got.ended);
}

BOOST_AUTO_TEST_CASE(wait_begins_when_the_method_turns_out_to_be_unknown) {
  auto& go = add_go("go");
  start("Work.read");
  start("Work.read", wait_at_most(5s), &got);
  BOOST_TEST(ledger.nodes().counts().queued == 1U);
  refuse(go, errc::unknown_method);
  pass(4s);
  BOOST_TEST(!got.ended);
  pass(2s);
  BOOST_REQUIRE(got.failed);
  BOOST_TEST(got.failed->code == errc::no_node);
}

BOOST_AUTO_TEST_CASE(call_that_was_sent_back_waits_anew) {
  auto& a = add("a");
  start("Work.read", wait_at_most(5s), &got);
  leave(a);
  pass(4s);
  auto& b = add("b");
  BOOST_TEST(b.attempts.size() == 1U);
  leave(b);
  pass(4s);
  BOOST_TEST(!got.ended);
  pass(2s);
  BOOST_REQUIRE(got.failed);
  BOOST_TEST(got.failed->code == errc::no_node);
  BOOST_TEST(got.failed->known == progress::unknown);
}

BOOST_AUTO_TEST_CASE(call_for_one_node_is_not_given_up_once_that_node_is_busy) {
  auto const on_b = wait_at_most(5s, {"node=b"});
  start("Work.write", on_b);
  start("Work.write", on_b, &got);
  pass(1s);
  auto& b = add("b");
  BOOST_TEST(b.attempts.size() == 1U);
  pass(20s);
  BOOST_TEST(!got.ended);
  answer(b);
  answer(b);
  BOOST_TEST(got.by == "b");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(deaths, stage)

BOOST_AUTO_TEST_CASE(third_lost_connection_of_a_living_process_does_not_poison_the_call) {
  for (bool const supervised : {false, true}) {
    ledger_stage on;
    outcome ended;
    on.start("Work.read", {}, &ended);
    for (std::uint64_t process = 1; process <= 3; ++process) {
      auto& node = on.add("n" + std::to_string(process), 1, process, supervised);
      BOOST_REQUIRE(node.attempts.size() == 1U);
      on.leave(node);
    }
    on.pass(1s);
    BOOST_TEST(!ended.ended);
    // It was only its connection.
    auto& again = on.add("n3", 1, 3);
    BOOST_REQUIRE(again.attempts.size() == 1U);
    on.answer(again);
    BOOST_TEST(ended.by == "n3");
  }
}

BOOST_AUTO_TEST_CASE(call_is_poisoned_once_its_processes_have_stayed_away) {
  start("Work.read", {}, &got);
  for (auto const* name : {"a", "b", "c"}) leave(add(name));
  pass(29s);
  BOOST_TEST(!got.ended);
  pass(2s);
  BOOST_REQUIRE(got.failed);
  BOOST_TEST(got.failed->code == errc::poisoned);
  BOOST_TEST(got.failed->known == progress::unknown);
}

BOOST_AUTO_TEST_CASE(call_is_poisoned_after_two_seconds_where_somebody_would_say_how_its_processes_ended) {
  start("Work.read", {}, &got);
  for (auto const* name : {"a", "b", "c"}) leave(add_supervised(name));
  pass(1900ms);
  BOOST_TEST(!got.ended);
  pass(200ms);
  BOOST_REQUIRE(got.failed);
  BOOST_TEST(got.failed->code == errc::poisoned);
}

BOOST_AUTO_TEST_CASE(end_of_a_go_node_is_nobodys_fault) {
  start("Work.read", {}, &got);
  for (int ends = 0; ends < 6; ++ends) {
    auto& go = add_go("go");
    BOOST_REQUIRE(go.attempts.size() == 1U);
    leave(go);
    pass(40s);
    BOOST_TEST(!got.ended);
  }
}

BOOST_AUTO_TEST_CASE(deaths_count_while_the_call_is_elsewhere_too) {
  auto& a = add("a");
  start("Work.read", {}, &got);
  goes_silent(a);
  for (auto const* name : {"b", "c"}) {
    auto& node = add(name);
    BOOST_REQUIRE(node.attempts.size() == 1U);
    leave(node);
  }
  // After two it runs alone: not beside another call.
  auto& d = add("d", 2);
  BOOST_REQUIRE(d.attempts.size() == 1U);
  start("Work.write");
  BOOST_TEST(d.attempts.size() == 1U);
  BOOST_TEST(ledger.nodes().counts().queued == 1U);
}

BOOST_AUTO_TEST_CASE(third_death_counts_only_where_the_call_was_alone) {
  auto& a = add("a");
  start("Work.read", {}, &got);
  auto& b = add("b", 2);
  goes_silent(a);
  BOOST_REQUIRE(b.attempts.size() == 1U);
  start("Work.write");
  BOOST_TEST(b.attempts.size() == 2U);
  // Two deaths on other nodes while b still has it among others.
  leave(a);
  b.silent = true;
  pass(4s);
  auto& c = add("c");
  BOOST_REQUIRE(c.attempts.size() == 1U);
  leave(c);
  leave(b);
  pass(60s);
  BOOST_TEST(!got.ended);
  auto& d = add("d");
  BOOST_REQUIRE(d.attempts.size() == 1U);
  leave(d);
  pass(60s);
  BOOST_REQUIRE(got.failed);
  BOOST_TEST(got.failed->code == errc::poisoned);
}

BOOST_AUTO_TEST_CASE(call_that_is_cancelled_while_the_reason_is_awaited_was_running) {
  auto& a = add_supervised("a");
  auto const call = start("Work.write", {}, &got);
  leave(a);
  BOOST_TEST(!got.ended);
  auto const left = give_up(call);
  BOOST_REQUIRE(left);
  BOOST_TEST(left->known == progress::unknown);
  BOOST_TEST(left->phase == "running");
  BOOST_TEST(left->node == "a");
}

BOOST_FIXTURE_TEST_CASE(call_whose_end_is_decided_is_not_issued_again_by_a_pause_from_before, narrow_stage) {
  auto const call = start("Work.read", {}, &got);
  for (auto const* name : {"a", "b"}) leave(add_supervised(name));
  auto& c = add_supervised("c");
  BOOST_REQUIRE(c.attempts.size() == 1U);
  // Uses up what losses may cost, so that a copy has to pause.
  auto& large = add("large", 200);
  for (int n = 0; n < 200; ++n) start("Work.read");
  BOOST_REQUIRE(large.attempts.size() == 200U);
  leave(large);
  auto& second = add("second", 200);
  BOOST_REQUIRE(second.attempts.size() == 200U);
  leave(second);
  goes_silent(c);
  BOOST_TEST(ledger.standing(call).pauses);
  leave(c);
  BOOST_TEST(ledger.standing(call).waits_for_death);
  auto& d = add("d", 1000);
  pass(1900ms);
  BOOST_TEST(!got.ended);
  BOOST_TEST(!d.has(call));
  pass(200ms);
  BOOST_REQUIRE(got.failed);
  BOOST_TEST(got.failed->code == errc::poisoned);
}

BOOST_AUTO_TEST_SUITE_END()

// 34: the slot of a call that waits for calls of its own.
BOOST_FIXTURE_TEST_SUITE(nested_calls, narrow_stage)

BOOST_AUTO_TEST_CASE(slot_is_free_while_its_method_waits_and_retaken_after) {
  auto& a = add("a");
  start("Work.read");
  start("Work.read", made_by(a.attempts[0].id), &got);
  BOOST_REQUIRE(a.attempts.size() == 2U);
  BOOST_TEST(ledger.nodes().counts().in_use == 1U);
  start("Work.write");
  BOOST_TEST(ledger.nodes().counts().queued == 1U);
  answer(a, 1);
  BOOST_TEST(got.by == "a");
  BOOST_TEST(ledger.nodes().counts().in_use == 1U);
  BOOST_TEST(ledger.nodes().counts().queued == 1U);
  answer(a);
  BOOST_TEST(a.sent.back() == "Work.write");
}

BOOST_AUTO_TEST_CASE(slot_is_free_until_the_last_of_its_calls_has_ended) {
  auto& a = add("a", 3);
  start("Work.read");
  for (int n = 0; n < 2; ++n) start("Work.read", made_by(a.attempts[0].id));
  BOOST_REQUIRE(a.attempts.size() == 3U);
  BOOST_TEST(ledger.nodes().counts().in_use == 2U);
  answer(a, 1);
  BOOST_TEST(ledger.nodes().counts().in_use == 1U);
  answer(a, 1);
  BOOST_TEST(ledger.nodes().counts().in_use == 1U);
  answer(a);
  BOOST_TEST(ledger.nodes().counts().in_use == 0U);
}

BOOST_AUTO_TEST_CASE(slot_of_a_method_that_blocks_is_open_to_nested_calls_only) {
  auto& a = add("a");
  start("Work.read");
  start("Work.write");
  auto how = made_by(a.attempts[0].id);
  how.parent_blocks = true;
  start("Work.read", how, &got);
  BOOST_REQUIRE(a.attempts.size() == 2U);
  BOOST_TEST(ledger.nodes().counts().in_use == 2U);
  BOOST_TEST(ledger.nodes().counts().queued == 1U);
  answer(a, 1);
  BOOST_TEST(got.by == "a");
  BOOST_TEST(ledger.nodes().counts().in_use == 1U);
  BOOST_TEST(ledger.nodes().counts().queued == 1U);
}

BOOST_AUTO_TEST_CASE(cancelled_nested_call_gives_its_parent_the_slot_back) {
  auto& a = add("a");
  start("Work.read");
  auto how = made_by(a.attempts[0].id);
  how.labels = {"gpu=1"};
  auto const call = start("Work.read", how);
  BOOST_TEST(ledger.nodes().counts().in_use == 0U);
  give_up(call);
  BOOST_TEST(ledger.nodes().counts().in_use == 1U);
}

BOOST_AUTO_TEST_CASE(calls_of_an_ended_method_go_on_without_it) {
  auto& a = add("a");
  auto& b = add("b");
  start("Work.write");
  auto& parent = a.attempts.empty() ? b : a;
  start("Work.read", made_by(parent.attempts[0].id), &got);
  answer(parent, 0);
  BOOST_TEST(!got.ended);
  BOOST_REQUIRE(holder());
  auto const name = holder()->name;
  answer(*holder());
  BOOST_TEST(got.by == name);
  BOOST_TEST(ledger.nodes().counts().in_use == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

// Actions that have become stale while others were carried out.
BOOST_FIXTURE_TEST_SUITE(rounds, stage)

BOOST_AUTO_TEST_CASE(call_cancelled_before_its_request_went_out_has_not_started) {
  auto& a = add("a");
  dist::submitted asked;
  asked.call = {900, 900};
  asked.method = *ledger.methods().find("Work.read", false);
  ledger.take(asked, now());
  BOOST_REQUIRE(ledger.actions().to_nodes.size() == 1U);
  auto const attempt = ledger.actions().to_nodes[0].attempt;
  BOOST_TEST((ledger.to_be_sent(attempt) != nullptr));
  auto const left = ledger.given_up(asked.call);
  BOOST_REQUIRE(left);
  BOOST_TEST(left->known == progress::not_started);
  BOOST_TEST((ledger.to_be_sent(attempt) == nullptr));
  BOOST_TEST(ledger.nodes().counts().in_use == 0U);
  // Nothing to cancel either.
  BOOST_TEST(ledger.actions().to_nodes.size() == 1U);
  ledger.forget(asked.call);
  BOOST_TEST(a.sent.empty());
}

BOOST_AUTO_TEST_CASE(call_whose_end_is_decided_cannot_be_cancelled) {
  auto& a = add("a");
  dist::submitted asked;
  asked.call = {900, 900};
  asked.method = *ledger.methods().find("Work.read", false);
  ledger.take(asked, now());
  auto const attempt = ledger.actions().to_nodes[0].attempt;
  ledger.sent(attempt, 1);
  ledger.take(dist::answered{attempt, 0, 5}, now());
  BOOST_TEST(!ledger.given_up(asked.call));
  BOOST_REQUIRE(ledger.actions().to_callers.size() == 1U);
  BOOST_TEST(ledger.actions().to_callers[0].reply == 5U);
  BOOST_TEST(!ledger.actions().to_callers[0].why);
  ledger.forget(asked.call);
  ledger.actions().clear();
  BOOST_TEST(ledger.live_calls() == 0U);
  BOOST_TEST(a.sent.empty());
}

BOOST_AUTO_TEST_CASE(answer_of_another_node_is_not_the_attempts) {
  auto& a = add("a");
  auto& b = add("b");
  start("Work.write", {}, &got);
  auto& has = a.attempts.empty() ? b : a;
  auto& other = a.attempts.empty() ? a : b;
  BOOST_TEST(ledger.find(has.attempts[0].id, has.id) != nullptr);
  BOOST_TEST(ledger.find(has.attempts[0].id, other.id) == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
