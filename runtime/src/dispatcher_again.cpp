#include <utility>

#include "dispatcher.hpp"

namespace dist {
namespace {

/// Of a call whose method throws dist::transient, where its caller says nothing.
constexpr unsigned usual_retries = 3;

std::string moved_text(next_step step, std::string const& node) {
  switch (step.cost) {
    case issue_cost::nothing: return "node " + node + " did not take it: ";
    case issue_cost::loss: return "it was on node " + node + ": ";
    case issue_cost::retry: break;
  }
  return "it failed for the moment on node " + node + ": ";
}

}  // namespace

ended_try dispatcher::ended(placed_call const& call, member const& on, try_end how, fault const& what) const {
  ended_try now;
  now.how = how;
  now.code = what.code;
  now.may = what.may;
  now.once = call.once;
  now.pinned = call.needs.pin != no_node_id;
  now.repeatable = on.repeatable(call);
  now.elsewhere = !call.places.empty() || call.queued;
  now.been_here = call.needs.avoided.contains(on.id);
  now.others_have_it = registry_.available(call.method_number);
  now.retries = call.retries;
  now.most_retries = call.options ? call.options->retries.value_or(usual_retries) : usual_retries;
  return now;
}

void dispatcher::take(next_step step, placed_ptr const& call, member const& by, fault what) {
  switch (step.what) {
    case next_step::kind::stay: return;
    case next_step::kind::fail_for_all: what.may = remedy::never; [[fallthrough]];
    case next_step::kind::fail: return fail(*call, std::move(what));
    case next_step::kind::poisoned: return fail(*call, blame_.poisoned(ref_of(*call), call->method->name));
    case next_step::kind::issue:
    case next_step::kind::issue_later: break;
  }
  auto const pause = step.what == next_step::kind::issue ? duration::zero() : next_pause(*call);
  if (step.cost == issue_cost::retry) {
    // Past its deadline the call would only lose the reason.
    if (!call->deadline.is_never() && call->deadline.at() <= world().clock.now() + pause)
      return fail(*call, std::move(what));
    ++call->retries;
  }
  call->moved_because = moved_text(step, by.name) + what.message;
  // A refusal is no event: the first thing that is one is what people look for.
  if (call->cause.empty() && step.cost != issue_cost::nothing) {
    what.method.clear();
    call->cause = to_text(what);
  }
  if (step.what == next_step::kind::issue) return issue(call, by, step);
  avoid(*call, by);
  issue_after(call, pause, step.cost);
}

void dispatcher::avoid(placed_call& call, member const& node) {
  call.needs.avoided.add(node.id);
  call.needs.moved = true;
}

void dispatcher::issue(placed_ptr const& call, member const& away_from, next_step step) {
  world().log.debug([&] { return call->method->name + ": away from " + away_from.name; });
  avoid(*call, away_from);
  call->needs.alone = call->needs.alone || step.alone;
  issue_now(call, step.cost);
}

void dispatcher::issue_now(placed_ptr const& call, issue_cost cost) {
  if (!budget_.try_take(cost, world().clock.now())) return issue_after(call, next_pause(*call), cost);
  ++tally_.issued_again[static_cast<std::size_t>(cost)];
  if (call->again_timer != timer_id::none) world().clock.cancel(std::exchange(call->again_timer, timer_id::none));
  submit(call);
}

void dispatcher::issue_after(placed_ptr const& call, duration pause, issue_cost cost) {
  if (call->again_timer != timer_id::none) world().clock.cancel(call->again_timer);
  call->again_timer = world().clock.schedule(world().clock.now() + pause, [this, call, cost] {
    call->again_timer = timer_id::none;
    if (!call->queued) issue_now(call, cost);
  });
}

duration dispatcher::next_pause(placed_call& call) {
  return retry_delay(retry_settings(), ++call.pauses, world().entropy.next());
}

void dispatcher::no_longer_alone(placed_call& call) {
  call.needs.alone = false;
  if (!call.queued) return;
  registry_.withdraw(std::exchange(call.queued, {}));
  submit(placed_ptr(&call));
}

void dispatcher::lost_with(placed_ptr const& call, member& node, departure how, std::string const& why, loss had) {
  auto what = make_fault(how == departure::silent ? errc::node_lost : errc::connection_lost, why);
  what.node = node.name;
  what.phase = "running";
  world().log.debug([&] { return call->method->name + ": lost with " + node.name + ": " + why; });
  if (had == loss::unwritten) {
    what.known = progress::not_started;
    what.may = remedy::elsewhere;
    what.phase = "sending";
    return take(decide(ended(*call, node, try_end::not_begun, what)), call, node, std::move(what));
  }
  call->may_have_run = true;
  auto now = ended(*call, node, try_end::lost, what);
  // Only a call that goes on can be to blame for more.
  if (how == departure::died && had == loss::begun && decide(now).what == next_step::kind::issue) {
    now.blamed = blame_.died(ref_of(*call), node.name, node.incarnation);
    if (node.is_supervised) blame_.expect_end(ref_of(*call));
  }
  auto const step = decide(now);
  if (how == departure::died && node.is_supervised &&
      (step.what == next_step::kind::fail || step.what == next_step::kind::poisoned))
    return fail_when_explained(call, node, step, std::move(what));
  take(step, call, node, std::move(what));
}

void dispatcher::judge_failure(placed_call const& call, fault const& what, member const& by, lease const& held,
                               std::uint32_t running_us) {
  // A refusal, a cancelled call or unfit arguments say nothing against the node, nor does what failed elsewhere.
  if (what.known != progress::executed || !what.cause.empty() ||
      (what.code != errc::method_failed && what.code != errc::transient))
    return;
  auto const pause =
      registry_.failed(held, call.method_number, running_us, world().clock.now(), world().entropy.next());
  if (!pause) return;
  auto const ms = std::chrono::duration_cast<std::chrono::milliseconds>(*pause).count();
  world().log.warn("node " + by.name + " is set aside for " + std::to_string(ms) +
                   " ms: its calls fail one after the other, the latest of " + call.method->name + ": " + what.message);
}

void dispatcher::refused(placed_call& call, fault what, member& by, lease held, std::uint32_t running_us) {
  placed_ptr const keep(&call);
  no_longer_abandoned(call, by);
  auto const awaited = forget_place(call, by);
  if (trace_) draw_return(call, by, {dist::to_text(what.code), what.message, {}, running_us});
  judge_failure(call, what, by, held, running_us);
  held = {};
  if (!is_live(call) || !awaited) {
    ++by.tries.of(call.method_number).late;
    ++tally_.late_replies;
    return send_waiting();
  }
  what.node = by.name;
  world().log.debug([&] { return call.method->name + ": " + by.name + " says: " + to_text(what); });
  auto const begun = what.known != progress::not_started;
  auto& counted = by.tries.of(call.method_number);
  ++(begun ? counted.failed : counted.refused);
  if (begun) remember(call, by, past::failed, by.heard_at);
  if (!begun && what.code == errc::unknown_method) {
    registry_.unknown_method(by.id, call.method_number);
    keep_stranded();
  }
  auto const step = decide(ended(call, by, begun ? try_end::failed : try_end::not_begun, what));
  if (begun) {
    // Nobody needs the others' answers.
    abandon_places(call);
    call.may_have_run = true;
  }
  // One that goes out again goes ahead of those that wait; one that ends may make its caller start others.
  auto const goes_on = step.what == next_step::kind::issue;
  if (!goes_on) send_waiting();
  take(step, keep, by, std::move(what));
  if (goes_on) send_waiting();
}

}  // namespace dist
