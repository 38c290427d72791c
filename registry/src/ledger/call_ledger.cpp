#include "ledger/call_ledger.hpp"

#include <algorithm>
#include <utility>

namespace dist {
namespace {

/// Of a call whose method throws dist::transient, where its caller says nothing.
constexpr unsigned usual_retries = 3;

/// Different reasons to wait that are said at once; those beyond come with the ones of every ten seconds.
constexpr std::size_t most_said = 100;

std::string moved_text(issue_cost cost, std::string const& node) {
  switch (cost) {
    case issue_cost::nothing: return "node " + node + " did not take it: ";
    case issue_cost::loss: return "it was on node " + node + ": ";
    case issue_cost::retry: break;
  }
  return "it failed temporarily on node " + node + ": ";
}

/// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t draw(std::uint64_t& state) noexcept {
  auto z = state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

/// What happened to it first is what people look for; a refusal is nothing that happened.
void keep_cause(ledger_call& call, fault what) {
  if (!call.cause().empty()) return;
  what.method.clear();
  call.more().cause = to_text(what);
}

void avoid(ledger_call& call, node_id node) {
  call.needs.avoided.add(node);
  call.needs.moved = true;
}

}  // namespace

ledger_call* call_ledger::find_live(call_no number) noexcept {
  auto* call = calls_.find(number);
  return call && !call->ended ? call : nullptr;
}

call_ledger::call_ledger(registry_settings const& settings, std::uint64_t seed, time_point now)
    : settings_(settings), registry_(settings), names_(registry_), deaths_(settings.liveness.lost_after), random_(seed) {
  // The first round begins now: what stalls before the first beat is a stall too.
  registry_.tick(lists_.beat_at = now);
}

// Calls

void call_ledger::take(submitted const& asked, time_point now) {
  auto& call = calls_.open(asked.call);
  call.callers_word = asked.callers_word;
  call.once = asked.once;
  call.again = asked.again;
  call.may_have_run = asked.again;
  if (!asked.labels.empty()) call.more().labels.assign(asked.labels.begin(), asked.labels.end());
  call.most_retries = asked.retries.value_or(usual_retries);
  call.kill_after_us = asked.kill_after_us;
  call.node_wait = asked.node_wait;
  call.deadline = asked.deadline;
  auto& needs = call.needs;
  needs.method = asked.method;
  needs.repeatable = !call.once && names_.repeatable(asked.method, call.callers_word);
  needs.caller = asked.caller;
  needs.nested = asked.parent.has_value();
  needs.bytes = asked.bytes;
  if (asked.parent && !link_to_parent(call, asked))
    return end(call, make_fault(errc::cancelled, "the call that made it was cancelled"));
  if (is_unheard_of(asked.method)) return end(call, method_names::unknown(method_name(call)));
  budget_.called();
  place(call, now);
}

/// False if the parent is abandoned: its nested calls are not needed either. Those of a parent that has ended go on.
bool call_ledger::link_to_parent(ledger_call& call, submitted const& asked) {
  auto* parent = attempts_.find(*asked.parent);
  if (!parent) return true;
  if (parent->abandoned) return false;
  registry_.makes_calls(parent->method);
  if (!calls_.add_child(*asked.parent, *parent, call)) return true;
  if (asked.parent_blocks)
    parent->held.lend();
  else
    parent->held.give_back();
  return true;
}

std::optional<end_facts> call_ledger::given_up(call_no number) {
  auto* call = calls_.find(number);
  end_facts left;
  if (!call) return left;
  if (call->ended) return std::nullopt;
  left.cause = call->cause();
  if (call->may_have_run) left.known = progress::unknown;
  if (auto const* node = deaths_.node_of(number)) {
    left.phase = "running";
    left.node = *node;
  }
  for (auto const id : call->attempts()) {
    auto const& one = *attempts_.find(id);
    if (one.frame == 0) continue;
    left.known = progress::unknown;
    left.phase = "running";
    if (left.node.empty()) left.node = one.at->name;
  }
  abandon_attempts(*call);
  close(*call);
  give_up_children();
  return left;
}

call_story call_ledger::forget(call_no number) noexcept {
  auto* call = calls_.find(number);
  if (!call) return {};
  auto story = std::move(call->story);
  calls_.close(*call);
  return story;
}

/// Its fault keeps what an earlier node may have done.
void call_ledger::end(ledger_call& call, fault what) {
  if (call.may_have_run && what.known == progress::not_started) what.known = progress::unknown;
  if (what.cause.empty()) what.cause = call.cause();
  close(call);
  actions_.to_callers.push_back({call.number, 0, std::make_unique<fault>(std::move(what))});
}

void call_ledger::close(ledger_call& call) noexcept {
  if (call.queued || call.issued_for) withdraw(call);
  wakes_.clear(call.number.index);
  if (!deaths_.empty()) deaths_.forget(call.number);
  call.ended = true;
  if (auto* parent = call.parent.generation != 0 ? attempts_.find(call.parent) : nullptr)
    if (calls_.remove_child(*parent, call)) parent->held.retake();
  call.parent = {};
}

/// Cancels the attempts that the nodes have.
void call_ledger::abandon_attempts(ledger_call& call) {
  auto const attempts = call.on;
  auto const count = std::exchange(call.on_count, std::uint8_t{0});
  for (std::size_t i = 0; i < count; ++i) {
    auto& one = *attempts_.find(attempts[i]);
    // An attempt that has not been sent is not cancelled; its send action is skipped.
    if (one.frame == 0) {
      close_attempt(*one.at, attempts[i], one);
      continue;
    }
    one.held.abandon();
    one.abandoned = true;
    actions_.to_nodes.push_back({node_action::kind::cancel, {}, call.kill_after_us, call.number, attempts[i], one.at->id,
                                 one.method});
    // Not left to the node: a plain method may not notice, a stopped process cannot. Their ends come to the node behind the
    // cancel frame, so that the method knows why.
    calls_.each_child(one, [&](ledger_call const& child) { lists_.to_give_up.push_back(child.number); });
  }
  withdraw(call);
}

void call_ledger::give_up_children() {
  // A list, so that a deep chain does not use up the stack.
  while (!lists_.to_give_up.empty()) {
    auto const number = lists_.to_give_up.back();
    lists_.to_give_up.pop_back();
    auto* call = find_live(number);
    if (!call) continue;
    auto what = make_fault(errc::cancelled, "");
    if (call->may_have_run) what.known = progress::unknown;
    what.may = remedy::never;
    what.phase = "queueing";
    for (auto const id : call->attempts()) {
      auto const& one = *attempts_.find(id);
      if (one.frame == 0) continue;
      what.known = progress::unknown;
      what.phase = "running";
      if (what.node.empty()) what.node = one.at->name;
    }
    abandon_attempts(*call);
    end(*call, std::move(what));
  }
}

void call_ledger::close_attempt(ledger_node& node, call_id id, attempt const& one) {
  // What it has made and left behind goes on.
  calls_.leave_children(one);
  attempts_.close(node, id, one);
}

// Placement

void call_ledger::place(ledger_call& call, time_point now) {
  call.needs.held_by = call.is_nowhere() ? no_node_id : attempts_.find(call.on.front())->at->id;
  if (call.extras && !call.extras->labels.empty())
    if (auto wrong = registry_.ask(call.extras->labels, call.needs)) {
      wrong->phase = "queueing";
      return end(call, std::move(*wrong));
    }
  auto where = registry_.submit(call.number, call.needs);
  switch (where.what) {
    case placing::placed: return send(call, where.node, std::move(where.held), now);
    case placing::queued:
      call.queued = where.place;
      call.queued_at = lists_.beat_at;
      if (lists_.is_watched) actions_.notes.push_back({ledger_note::kind::queued, call.number, {}, call.needs.method, {}, {}, {}});
      keep_unheard(call);
      if (!registry_.available(call.needs)) {
        if (is_unheard_of(call.needs.method)) return end(call, method_names::unknown(method_name(call)));
        say_why_it_waits(call);
        if (call.needs.nested) lists_.homes_changed = true;
      }
      if (call.node_wait != duration::max()) limit_wait(call, now);
      return;
    case placing::refused:
      give_back_cost(call);
      // It stays where it is, on a silent node.
      if (!call.is_nowhere()) return;
      where.why->phase = "queueing";
      return end(call, std::move(*where.why));
  }
}

/// Takes it out of the queue; it does not go out again after all, so its budget gets back what it gave.
void call_ledger::withdraw(ledger_call& call) noexcept {
  if (call.queued) {
    registry_.withdraw(std::exchange(call.queued, {}));
    if (wakes_.is_set(call.number.index, wake_reason::node_wait)) wakes_.clear(call.number.index);
  }
  give_back_cost(call);
}

void call_ledger::give_back_cost(ledger_call& call) noexcept {
  if (auto const cost = std::exchange(call.issued_for, {})) budget_.give_back(*cost);
}

void call_ledger::send(ledger_call& call, node_id to, lease&& held, time_point now) {
  call.queued = {};
  wakes_.clear(call.number.index);
  auto& node = *nodes_.find(to);
  if ((call.again || !call.is_nowhere()) && !may_repeat(call, node)) return keep_from(call, node, now);
  if (call.queued_at != time_point()) call.story.waited = lists_.beat_at - call.queued_at;
  call.story.in_use = held.in_use();
  call.story.slots = held.slots();
  call.story.pinned = call.needs.pin != no_node_id;
  ++call.story.attempts;
  auto const [id, one] = attempts_.open(node);
  one.call = call.number;
  one.method = call.needs.method;
  one.caller = call.needs.caller;
  one.held = std::move(held);
  one.sent_at = now;
  one.alone = call.needs.alone;
  one.callers_word = call.callers_word;
  call.add(id);
  actions_.to_nodes.push_back(
      {node_action::kind::send, std::exchange(call.issued_for, {}), 0, call.number, id, to, call.needs.method});
}

/// Whether a node that is here to stay, other than this one, has the method and says that it may run twice.
bool call_ledger::others_may_repeat(ledger_call const& call, ledger_node const& but) const {
  auto found = false;
  nodes_.each([&](ledger_node const& node) {
    found = found || (&node != &but && !node.drains && may_repeat(call, node) && registry_.takes(node.id, call.needs));
  });
  return found;
}

/// It may run, or have run, elsewhere, and this node says that the method must not run twice.
void call_ledger::keep_from(ledger_call& call, ledger_node const& node, time_point now) {
  if (!call.is_nowhere() || others_may_repeat(call, node)) {
    // It stays where it is, or waits for the others to have room; perhaps another node comes that would take it as well.
    auto const cost = call.is_nowhere() ? call.issued_for.value_or(issue_cost::nothing) : issue_cost::loss;
    give_back_cost(call);
    avoid(call, node.id);
    return issue_after(call, next_pause(call), cost, now);
  }
  auto what = make_fault(errc::connection_lost, "it may have run before, and the method is not repeatable on this node");
  what.node = node.name;
  what.phase = "queueing";
  end(call, std::move(what));
}

void call_ledger::settle(time_point now) {
  if (std::exchange(lists_.methods_changed, false)) judge_unheard(now);
  if (registry_.has_stranded()) end_stranded();
  while (auto next = registry_.next())
    if (auto* call = find_live(next->call)) send(*call, next->node, std::move(next->held), now);
  if (std::exchange(lists_.homes_changed, false)) send_home(now);
  if (std::exchange(lists_.waits_changed, false)) judge_waits(now);
}

void call_ledger::end_stranded() {
  for (auto& lost : registry_.stranded()) {
    auto* call = find_live(lost.call);
    // It may have been placed anew meanwhile, under the name that its method has here.
    if (!call || !call->queued || registry_.waits(call->queued)) continue;
    call->queued = {};
    end(*call, std::move(lost.why));
  }
}

/// Nested calls that no other node can take go to the nodes that drain and run their parents.
void call_ledger::send_home(time_point now) {
  if (!nodes_.any_drains()) return;
  std::vector<std::pair<call_no, node_id>> waiting;
  nodes_.each([&](ledger_node const& node) {
    if (!node.drains) return;
    attempts_.each(node, [&](call_id, attempt const& parent) {
      if (parent.abandoned) return;
      calls_.each_child(parent, [&](ledger_call const& child) {
        if (child.queued) waiting.emplace_back(child.number, node.id);
      });
    });
  });
  for (auto const& [number, home] : waiting) {
    auto& call = *find_live(number);
    auto held = registry_.take_while_draining(home, call.needs);
    if (!held) continue;
    actions_.notes.push_back(
        {ledger_note::kind::moved_home, number, {}, call.needs.method, {}, nodes_.find(home)->name, {}});
    registry_.withdraw(call.queued);
    send(call, home, std::move(held), now);
  }
}

void call_ledger::say_why_it_waits(ledger_call const& call) {
  if (nodes_.empty() || (call.needs.labels == no_label_filter && call.needs.pin == no_node_id)) return;
  auto why = registry_.why_waiting(call.needs);
  if (lists_.said.size() < most_said && lists_.said.insert(why).second)
    actions_.notes.push_back({ledger_note::kind::waits_for, call.number, {}, call.needs.method, {}, {}, std::move(why)});
}

/// On a node that is here, however busy, silent or about to leave.
bool call_ledger::may_be_had(method_ref method) const noexcept {
  call_needs any;
  any.method = method;
  return registry_.anybody_takes(any);
}

bool call_ledger::is_unheard_of(method_ref method) const noexcept {
  return !names_.is_declared(method) && !nodes_.empty() && !may_be_had(method);
}

void call_ledger::keep_unheard(ledger_call& call) {
  if (names_.is_declared(call.needs.method)) return;
  if (lists_.unheard.size() > most_lingering())
    std::erase_if(lists_.unheard, [&](call_no waiting) { return !find_live(waiting); });
  lists_.unheard.push_back(call.number);
}

/// Undeclared methods of queued calls may have another name on a node that joined, or be gone with the last node that was
/// tried for any.
void call_ledger::judge_unheard(time_point now) {
  for (auto const waiting : std::exchange(lists_.unheard, {})) {
    auto* call = find_live(waiting);
    if (!call || !call->queued) continue;
    auto const number = names_.find(method_name(*call), true);
    if (number && *number != call->needs.method) {
      withdraw(*call);
      call->needs.method = *number;
      call->needs.repeatable = !call->once && names_.repeatable(*number, call->callers_word);
      place(*call, now);
    } else if (is_unheard_of(call->needs.method)) {
      end(*call, method_names::unknown(method_name(*call)));
    } else {
      lists_.unheard.push_back(waiting);
    }
  }
}

void call_ledger::limit_wait(ledger_call& call, time_point now) {
  if (!std::exchange(call.is_limited, true)) {
    if (lists_.limited.size() > most_lingering()) forget_unlimited();
    lists_.limited.push_back(call.number);
  }
  judge_wait(call, now);
}

void call_ledger::forget_unlimited() {
  std::erase_if(lists_.limited, [&](call_no one) {
    auto* call = find_live(one);
    if (call && call->queued) return false;
    if (call) call->is_limited = false;
    return true;
  });
}

void call_ledger::judge_waits(time_point now) {
  if (lists_.limited.empty()) return;
  forget_unlimited();
  for (auto const one : lists_.limited) judge_wait(*find_live(one), now);
}

void call_ledger::judge_wait(ledger_call& call, time_point now) {
  auto const index = call.number.index;
  // A silent node may still answer: as long as it has the call, no other is missed.
  if (!call.is_nowhere() || registry_.available(call.queued)) {
    if (wakes_.is_set(index, wake_reason::node_wait)) wakes_.clear(index);
  } else if (!wakes_.is_set(index)) {
    wakes_.set(index, later(now, call.node_wait), wake_reason::node_wait);
  }
}

void call_ledger::wake(time_point now) {
  while (auto const due = wakes_.take(now)) {
    auto& call = *calls_.at(due->call);
    switch (due->why) {
      case wake_reason::pause: issue_now(call, call.pause_for, now); break;
      case wake_reason::post_mortem: end_post_mortem(call); break;
      case wake_reason::node_wait: {
        if (registry_.available(call.queued)) break;
        auto what = make_fault(errc::no_node, registry_.why_waiting(call.queued));
        what.phase = "queueing";
        end(call, std::move(what));
        break;
      }
    }
  }
}

// Attempts

attempt_end call_ledger::take(answered const& reply, time_point) {
  auto const& one = *attempts_.find(reply.attempt);
  auto& node = *one.at;
  attempt_end told{one.call, one.method, one.sent_at, false, false, {}};
  if (!node.lists_methods && node.has.insert(one.method).second) registry_.known_method(node.id, one.method);
  told.takes_again = registry_.succeeded(one.held, one.method, reply.running_us);
  close_attempt(node, reply.attempt, one);
  auto* call = find_live(told.call);
  if (!call) return told;
  told.is_awaited = true;
  call->remove(reply.attempt);
  if (!call->is_nowhere() || call->queued) abandon_attempts(*call);
  close(*call);
  actions_.to_callers.push_back({call->number, reply.reply, nullptr});
  if (!lists_.to_give_up.empty()) give_up_children();
  return told;
}

/// A method that failed may be its node's fault.
std::optional<duration> call_ledger::judge_failure(attempt const& one, fault const& what, std::uint32_t running_us,
                                                   time_point now) {
  // A refusal, a cancelled call or unfit arguments say nothing against the node, nor does what failed elsewhere.
  if (what.known != progress::executed || !what.cause.empty() ||
      (what.code != errc::method_failed && what.code != errc::transient))
    return std::nullopt;
  return registry_.failed(one.held, one.method, running_us, now, draw(random_));
}

attempt_end call_ledger::take(faulted reply, time_point now) {
  auto const& one = *attempts_.find(reply.attempt);
  auto& node = *one.at;
  auto& what = reply.what;
  attempt_end told{one.call, one.method, one.sent_at, false, false, {}};
  told.set_aside = judge_failure(one, what, reply.running_us, now);
  close_attempt(node, reply.attempt, one);
  auto* live = find_live(told.call);
  told.is_awaited = live && live->remove(reply.attempt);
  if (!told.is_awaited) return told;
  auto& call = *live;
  what.node = node.name;
  auto const begun = what.known != progress::not_started;
  if (!begun) {
    ++call.refusals;
    if (what.code == errc::unknown_method) {
      registry_.unknown_method(node.id, told.method);
      lists_.methods_changed = lists_.waits_changed = true;
    }
    if (!node.lists_methods && what.code == errc::bad_arguments && what.may == remedy::elsewhere)
      call.needs.not_in_go = true;
  }
  auto const step = decide(ended(call, node, begun ? try_end::failed : try_end::not_begun, what));
  if (begun) {
    abandon_attempts(call);
    call.may_have_run = true;
  }
  if (step.what == next_step::kind::stay)
    refused_one_of_two(call, node, now);
  else
    go_on(step, call, node, std::move(what), now);
  if (!lists_.to_give_up.empty()) give_up_children();
  return told;
}

ended_try call_ledger::ended(ledger_call const& call, ledger_node const& on, try_end how, fault const& what) const {
  ended_try now;
  now.how = how;
  now.code = what.code;
  now.may = what.may;
  now.once = call.once;
  now.pinned = call.needs.pin != no_node_id;
  now.repeatable = on.may_repeat(call.needs.method, call.callers_word);
  now.elsewhere =
      !call.is_nowhere() || call.queued || wakes_.is_set(call.number.index, wake_reason::pause);
  now.been_here = call.needs.avoided.contains(on.id);
  now.refusals = call.refusals;
  if (what.code == errc::bad_arguments) now.others_have_it = registry_.anybody_takes(call.needs) && !now.been_here;
  if (what.code == errc::unknown_method) now.others_have_it = may_be_had(call.needs.method);
  now.retries = call.retries;
  now.most_retries = call.most_retries;
  return now;
}

void call_ledger::go_on(next_step step, ledger_call& call, ledger_node const& by, fault what, time_point now) {
  switch (step.what) {
    case next_step::kind::stay: return;
    case next_step::kind::fail_for_all: what.may = remedy::never; [[fallthrough]];
    case next_step::kind::fail: return end(call, std::move(what));
    case next_step::kind::poisoned: return await_post_mortem(call, true, std::move(what), by.incarnation, now);
    case next_step::kind::issue:
    case next_step::kind::issue_later: break;
  }
  auto const at_once = step.what == next_step::kind::issue;
  auto const pause = at_once ? duration::zero() : next_pause(call);
  if (step.cost == issue_cost::retry) {
    // Past its deadline the call would only lose the reason.
    if (call.deadline <= later(now, pause)) return end(call, std::move(what));
    ++call.retries;
  }
  call.story.moved_because = std::make_shared<std::string const>(moved_text(step.cost, by.name) + what.message);
  if (step.cost != issue_cost::nothing) keep_cause(call, std::move(what));
  avoid(call, by.id);
  call.needs.alone = call.needs.alone || step.alone;
  if (at_once) return issue_now(call, step.cost, now);
  call.refusals = 0;
  issue_after(call, pause, step.cost, now);
}

/// Ahead of those that never went out, once the budget allows it.
void call_ledger::issue_now(ledger_call& call, issue_cost cost, time_point now) {
  if (!budget_.try_take(cost, now)) return issue_after(call, next_pause(call), cost, now);
  call.issued_for = cost;
  wakes_.clear(call.number.index);
  place(call, now);
}

void call_ledger::issue_after(ledger_call& call, duration pause, issue_cost cost, time_point now) {
  call.pause_for = cost;
  wakes_.set(call.number.index, later(now, pause), wake_reason::pause);
}

/// Grows with each, with full jitter.
duration call_ledger::next_pause(ledger_call& call) noexcept {
  return retry_delay(retry_settings(), ++call.pauses, draw(random_));
}

/// Where its only node is silent, and the call may run twice, another gets it as well.
void call_ledger::copy_if_silent(ledger_call& call, time_point now) {
  if (call.on_count != 1 || call.queued || wakes_.is_set(call.number.index)) return;
  auto const& node = *attempts_.find(call.on.front())->at;
  if (!registry_.is_silent(node.id) || call.once || call.needs.pin != no_node_id || !may_repeat(call, node)) return;
  actions_.notes.push_back({ledger_note::kind::copied, call.number, {}, call.needs.method, {}, node.name, {}});
  call.story.moved_because =
      std::make_shared<std::string const>("it was on node " + node.name + " only, which is silent");
  call.needs.moved = true;
  issue_now(call, issue_cost::loss, now);
}

/// A node refused it that was not the only one to have it, or to be about to.
void call_ledger::refused_one_of_two(ledger_call& call, ledger_node const& by, time_point now) {
  avoid(call, by.id);
  // Its copy that waits is all there is of it now. Otherwise it is where it was before, perhaps on a silent node.
  if (call.is_nowhere()) {
    withdraw(call);
    return issue_now(call, issue_cost::nothing, now);
  }
  if (registry_.is_silent(attempts_.find(call.on.front())->at->id))
    issue_after(call, next_pause(call), issue_cost::loss, now);
}

// Nodes

result<joined> call_ledger::join(node_info info, bool is_supervised, time_point now) {
  auto const offers = info.methods;
  auto const slots = info.slots;
  auto const incarnation = info.incarnation;
  auto const lists_methods = info.kind != node_kind::go;
  auto in = registry_.join(std::move(info), now);
  // A node that is turned away says nothing about methods.
  if (!in) return in;
  ledger_node node;
  node.id = in->id;
  node.name = in->name;
  node.slots = slots;
  node.incarnation = incarnation;
  node.is_supervised = is_supervised;
  node.lists_methods = lists_methods;
  node.most_calls = std::uint64_t{slots} + settings_.window;
  std::vector<method_ref> listed;
  for (auto const& offer : offers) {
    names_.offered(offer);
    auto const number = registry_.find_method(offer.name);
    // Of a method that is listed twice the first counts.
    if (!number || std::ranges::find(listed, *number) != listed.end()) continue;
    listed.push_back(*number);
    if (offer.repeatable) node.repeatable.push_back(*number);
  }
  std::ranges::sort(node.repeatable);
  nodes_.open(std::move(node));
  budget_.nodes_hold(nodes_.hold());
  return in;
}

void call_ledger::ready(node_id id, time_point now) {
  auto const* node = nodes_.find(id);
  if (!node) return;
  relieve(node->incarnation, now);
  lists_.said.clear();
  lists_.methods_changed = lists_.waits_changed = true;
}

bool call_ledger::heard(node_id id, time_point now) {
  if (!registry_.heard(id, now)) return false;
  // Copies of its calls that did not go out are not needed.
  if (auto const* node = nodes_.find(id))
    attempts_.each(*node, [&](call_id, attempt const& one) {
      auto* call = find_live(one.call);
      if (!call || one.abandoned || call->on_count != 1) return;
      withdraw(*call);
      if (wakes_.is_set(call->number.index, wake_reason::pause)) wakes_.clear(call->number.index);
    });
  lists_.waits_changed = true;
  return true;
}

void call_ledger::drains(node_id id) {
  nodes_.drain(id);
  registry_.drain(id);
  lists_.waits_changed = lists_.homes_changed = true;
}

void call_ledger::take(gone const& event, time_point now) {
  auto const node = nodes_.close(event.node);
  if (!node) return;
  budget_.nodes_hold(nodes_.hold());
  registry_.leave(event.node);
  // Where one runs that is alone in its object, others may wait for it and leave their slots to those behind them.
  auto in_order = true;
  attempts_.each(*node, [&](call_id, attempt const& one) {
    in_order = in_order && node->may_repeat(one.method, one.callers_word);
  });
  begun_calls begun(node->slots);
  attempts_.each(*node, [&](call_id id, attempt const& one) {
    auto const suspended = one.nested > 0;
    auto const holds_slot = in_order && !suspended && registry_.takes_long(one.method);
    auto had = loss::unwritten;
    if (one.frame != 0 && one.frame <= event.written)
      had = suspended || begun.next(holds_slot) ? loss::begun : loss::waited;
    actions_.notes.push_back({ledger_note::kind::lost, one.call, id, one.method, one.sent_at, node->name, event.why});
    auto* call = find_live(one.call);
    auto const was_alone = one.alone;
    close_attempt(*node, id, one);
    if (call && call->remove(id)) lost_with(*call, was_alone, *node, event, had, now);
  });
  lists_.methods_changed = lists_.methods_changed || !node->lists_methods;
  lists_.waits_changed = lists_.homes_changed = true;
}

void call_ledger::lost_with(ledger_call& call, bool was_alone, ledger_node const& node, gone const& how, loss had,
                            time_point now) {
  // A copy that waits for another node is all there is of the call now: it is judged like any.
  if (call.is_nowhere()) {
    withdraw(call);
    wakes_.clear(call.number.index);
  }
  auto what = make_fault(how.how == departure::silent ? errc::node_lost : errc::connection_lost, how.why);
  what.node = node.name;
  what.phase = "running";
  if (had == loss::unwritten) {
    what.known = progress::not_started;
    what.may = remedy::elsewhere;
    what.phase = "sending";
    auto const step = decide(ended(call, node, try_end::not_begun, what));
    go_on(step, call, node, std::move(what), now);
    if (!call.ended) copy_if_silent(call, now);
    return;
  }
  call.may_have_run = call.again = true;
  auto facts = ended(call, node, try_end::lost, what);
  // Only a call that goes on can be to blame for more; a process without a number could not be told from its successor.
  auto const goes_on = facts.elsewhere || decide(facts).what == next_step::kind::issue;
  if (how.how == departure::died && had == loss::begun && node.incarnation != 0 && goes_on)
    facts.blamed = deaths_.died(call.number, was_alone, node, now);
  auto const step = decide(facts);
  if (step.what == next_step::kind::stay) {
    call.needs.alone = call.needs.alone || facts.blamed != verdict::again;
    keep_cause(call, std::move(what));
    return copy_if_silent(call, now);
  }
  if (step.what == next_step::kind::fail && how.how == departure::died && node.is_supervised)
    return await_post_mortem(call, false, std::move(what), node.incarnation, now);
  go_on(step, call, node, std::move(what), now);
}

/// What some calls were blamed for was their node's connection.
void call_ledger::relieve(std::uint64_t incarnation, time_point now) {
  for (auto const& one : deaths_.lives(incarnation)) {
    auto& call = *find_live(one.call);
    call.needs.alone = one.runs_alone;
    if (one.goes_on) {
      issue_now(call, issue_cost::loss, now);
    } else if (call.queued && !call.needs.alone) {
      // Anew, on the same terms.
      registry_.withdraw(std::exchange(call.queued, {}));
      place(call, now);
    }
  }
}

/// A call that ends because its node's process died waits until it is known how.
void call_ledger::await_post_mortem(ledger_call& call, bool poisoned, fault what, std::uint64_t incarnation,
                                    time_point now) {
  auto const until = deaths_.open(call.number, poisoned, std::move(what), incarnation, now);
  wakes_.set(call.number.index, until, wake_reason::post_mortem);
}

void call_ledger::end_post_mortem(ledger_call& call) {
  end(call, deaths_.close(call.number, method_name(call)));
}

void call_ledger::take(process_ended const& which, time_point now) {
  for (auto const& one : deaths_.explain(which.incarnation, which.end, which.running, now)) {
    if (one.is_complete)
      end_post_mortem(*find_live(one.call));
    else
      wakes_.set(one.call.index, one.until, wake_reason::post_mortem);
  }
}

std::vector<liveness_event> call_ledger::tick(time_point now) {
  auto events = registry_.tick(lists_.beat_at = now);
  for (auto const& event : events) {
    auto const* node = nodes_.find(event.node);
    if (!node || event.change != liveness_change::became_suspect) continue;
    attempts_.each(*node, [&](call_id, attempt const& one) {
      if (auto* call = one.abandoned ? nullptr : find_live(one.call)) copy_if_silent(*call, now);
    });
  }
  lists_.waits_changed = lists_.homes_changed = true;
  return events;
}

call_standing call_ledger::standing(call_no number) const {
  call_standing told;
  auto const* call = calls_.find(number);
  if (!call) return told;
  for (auto const id : call->attempts()) {
    auto const* one = attempts_.find(id);
    told.on.push_back(one->at->name);
  }
  told.waits_for_death = deaths_.node_of(number) != nullptr;
  told.pauses = wakes_.is_set(number.index, wake_reason::pause);
  told.able = registry_.able(call->needs);
  told.story = call->story;
  if (call->queued) {
    told.waits = registry_.why_waiting(call->queued);
    told.queued_for = lists_.beat_at - call->queued_at;
  }
  return told;
}

}  // namespace dist
