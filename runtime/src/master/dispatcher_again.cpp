#include <utility>

#include "master/dispatcher.hpp"

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
  now.elsewhere = !call.places.empty() || call.queued || call.again_timer != timer_id::none;
  now.been_here = call.needs.avoided.contains(on.id);
  now.refusals = call.refusals;
  now.others_have_it = what.code == errc::bad_arguments ? registry_.anybody_takes(call.needs) && !now.been_here
                                                        : registry_.available(call.method_number);
  now.retries = call.retries;
  now.most_retries = call.options ? call.options->retries.value_or(usual_retries) : usual_retries;
  return now;
}

void dispatcher::take(next_step step, placed_ptr const& call, member const& by, fault what) {
  switch (step.what) {
    case next_step::kind::stay: return;
    case next_step::kind::fail_for_all: what.may = remedy::never; [[fallthrough]];
    case next_step::kind::fail: return fail(*call, std::move(what));
    case next_step::kind::poisoned: return fail_when_explained(call, step, std::move(what), by.incarnation);
    case next_step::kind::issue:
    case next_step::kind::issue_later: break;
  }
  auto const pause = step.what == next_step::kind::issue ? duration::zero() : next_pause(*call);
  if (step.cost == issue_cost::retry) {
    // Past its deadline the call would only lose the reason.
    if (!call->deadline.is_never() && call->deadline.at() <= later(world().clock.now(), pause))
      return fail(*call, std::move(what));
    ++call->retries;
  }
  call->moved_because = moved_text(step, by.name) + what.message;
  // A refusal is no event: the first thing that is one is what people look for.
  if (step.cost != issue_cost::nothing) keep_cause(*call, std::move(what));
  if (step.what == next_step::kind::issue) return issue(call, by, step);
  avoid(*call, by);
  call->refusals = 0;
  issue_after(call, pause, step.cost);
}

void dispatcher::keep_cause(placed_call& call, fault what) {
  if (!call.cause.empty()) return;
  what.method.clear();
  call.cause = to_text(what);
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
  call->issued_for = cost;
  end_pause(*call);
  submit(call);
}

void dispatcher::issue_after(placed_ptr const& call, duration pause, issue_cost cost) {
  end_pause(*call);
  call->again_timer = world().clock.schedule(later(world().clock.now(), pause), [this, call, cost] {
    call->again_timer = timer_id::none;
    issue_now(call, cost);
  });
}

void dispatcher::end_pause(placed_call& call) {
  if (call.again_timer != timer_id::none) world().clock.cancel(std::exchange(call.again_timer, timer_id::none));
}

void dispatcher::issue_copy(placed_ptr const& call) {
  if (!call->is_live() || call->places.size() != 1 || call->queued || call->again_timer != timer_id::none) return;
  auto const& node = *call->places.front().on;
  if (!registry_.is_silent(node.id) || call->once || call->needs.pin != no_node_id || !node.repeatable(*call)) return;
  world().log.debug([&] { return call->method->name + ": as well as on " + node.name + ", which is silent"; });
  call->moved_because = "it was on node " + node.name + " only, which is silent";
  call->needs.moved = true;
  issue_now(call, issue_cost::loss);
}

void dispatcher::withdraw_copies(member& node) {
  for (auto const& one : node.in_flight()) {
    auto& call = *one.call;
    if (!call.is_live() || call.places.size() != 1 || call.places.front().on != &node) continue;
    if (call.queued) withdraw(call);
    end_pause(call);
  }
}

void dispatcher::refused_one_of_two(placed_ptr const& call, member const& by) {
  avoid(*call, by);
  // Its copy that waits is all there is of it now. Otherwise it is where it was before, perhaps on a silent node.
  if (call->places.empty()) {
    if (call->queued) withdraw(*call);
    return issue_now(call, issue_cost::nothing);
  }
  if (registry_.is_silent(call->places.front().on->id)) issue_after(call, next_pause(*call), issue_cost::loss);
}

duration dispatcher::next_pause(placed_call& call) {
  return retry_delay(retry_settings(), ++call.pauses, world().entropy.next());
}

void dispatcher::relieve(std::uint64_t incarnation) {
  std::vector<placed_ptr> relieved;
  for (auto const ref : blame_.lives(incarnation)) relieved.emplace_back(&call_of(ref));
  for (auto const& call : relieved) {
    // What happens to one may end another.
    if (!call->is_live()) continue;
    call->needs.alone = blame_.runs_alone(ref_of(*call));
    if (auto const one = find_unexplained(*call);
        one != unexplained_.end() && one->step.what == next_step::kind::poisoned) {
      take_unexplained(one);
      issue_now(call, issue_cost::loss);
    } else if (call->queued && !call->needs.alone) {
      // Anew, on the same terms.
      registry_.withdraw(std::exchange(call->queued, {}));
      submit(call);
    }
  }
}

verdict dispatcher::blame_for(placed_ptr const& call, placed_call::place const& was) {
  auto const& node = *was.on;
  auto const certain_at = later(world().clock.now(), node.is_supervised ? longest_wait_for_end : lost_after_);
  auto const judged = blame_.died(ref_of(*call), node.name, node.incarnation, certain_at);
  // Its node may have died of another call as long as it was not alone there.
  return judged == verdict::poisoned && !was.alone ? verdict::alone : judged;
}

void dispatcher::lost_with(placed_ptr const& call, placed_call::place const& was, departure how, std::string const& why,
                           loss had) {
  auto const& node = *was.on;
  // A copy that waits for another node is all there is of the call now: it is judged like any.
  if (call->places.empty()) {
    if (call->queued) withdraw(*call);
    end_pause(*call);
  }
  auto what = make_fault(how == departure::silent ? errc::node_lost : errc::connection_lost, why);
  what.node = node.name;
  what.phase = "running";
  world().log.debug([&] { return call->method->name + ": lost with " + node.name + ": " + why; });
  if (had == loss::unwritten) {
    what.known = progress::not_started;
    what.may = remedy::elsewhere;
    what.phase = "sending";
    take(decide(ended(*call, node, try_end::not_begun, what)), call, node, std::move(what));
    return issue_copy(call);
  }
  call->may_have_run = true;
  auto now = ended(*call, node, try_end::lost, what);
  // Only a call that goes on can be to blame for more; a process without a number could not be told from its successor.
  auto const goes_on = now.elsewhere || decide(now).what == next_step::kind::issue;
  if (how == departure::died && had == loss::begun && node.incarnation != 0 && goes_on) now.blamed = blame_for(call, was);
  auto const step = decide(now);
  if (step.what == next_step::kind::stay) {
    call->needs.alone = call->needs.alone || now.blamed != verdict::again;
    keep_cause(*call, std::move(what));
    return issue_copy(call);
  }
  if (step.what == next_step::kind::fail && how == departure::died && node.is_supervised)
    return fail_when_explained(call, step, std::move(what), node.incarnation);
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

void dispatcher::refused(placed_call& call, call_id there, fault what, member& by, lease held,
                         std::uint32_t running_us) {
  placed_ptr const keep(&call);
  no_longer_abandoned(there, by);
  auto const awaited = take_place(call, by, there).has_value();
  if (trace_) draw_return(call, by, {dist::to_text(what.code), what.message, {}, running_us});
  judge_failure(call, what, by, held, running_us);
  held = {};
  if (what.known != progress::not_started) count_running(call, by, running_us);
  if (!call.is_live() || !awaited) {
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
    judge_waits();
  }
  if (!begun) ++call.refusals;
  if (!begun && !by.lists_methods && what.code == errc::bad_arguments && what.may == remedy::elsewhere)
    call.needs.not_in_go = true;
  auto const step = decide(ended(call, by, begun ? try_end::failed : try_end::not_begun, what));
  if (begun) {
    // Nobody needs the others' answers.
    abandon_places(call);
    call.may_have_run = true;
  }
  // One that goes out again goes ahead of those that wait; one that ends may make its caller start others.
  auto const goes_on = step.what == next_step::kind::issue || step.what == next_step::kind::stay;
  if (!goes_on) send_waiting();
  // Those may have ended this one.
  if (!call.is_live()) return;
  if (step.what == next_step::kind::stay)
    refused_one_of_two(keep, by);
  else
    take(step, keep, by, std::move(what));
  if (goes_on) send_waiting();
}

}  // namespace dist
