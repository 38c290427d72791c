#include "master/dispatcher.hpp"

#include <algorithm>
#include <iterator>

#include "call/peer_calls.hpp"
#include "node/brief_watch.hpp"

namespace dist {

dispatcher::dispatcher(call_book& book, registry_settings const& settings, std::span<method_description const> expected)
    : book_(book),
      registry_(settings),
      methods_(registry_, expected),
      window_(settings.window),
      lost_after_(settings.liveness.lost_after) {
  // The first round begins now: what stalls before the first beat is a stall too.
  registry_.tick(beat_at_ = world().clock.now());
  book_.watch(*this);
}

void dispatcher::send_out(call_ptr const& call) {
  placed_ptr const placed(static_cast<placed_call*>(call.get()));
  auto const number = methods_.find(*placed->method, may_be_heard_of());
  if (!number) return fail(*placed, number.error());
  // Another's key may go, and another come at its address.
  if (!placed->own_method) methods_.remember(*placed->method, *number);
  placed->method_number = *number;
  placed->may_have_run = placed->may_have_run || placed->again;
  auto& needs = placed->needs;
  needs.method = *number;
  needs.repeatable = !placed->once && methods_.repeatable(*number, placed->method->repeatable);
  if (unheard_of(*number)) return fail(*placed, known_methods::unknown(placed->method->name));
  needs.caller = static_cast<caller_ref>(placed->origin);
  needs.nested = placed->parent.has_value();
  needs.bytes = static_cast<std::uint32_t>(std::min<std::size_t>(placed->arguments.size(), UINT32_MAX));
  budget_.called();
  submit(placed);
}

void dispatcher::fail(placed_call& call, fault what) {
  give_back_cost(call);
  if (call.may_have_run && what.known == progress::not_started) what.known = progress::unknown;
  if (what.cause.empty()) what.cause = call.cause;
  book_.fail(call, std::move(what));
}

void dispatcher::submit(placed_ptr const& call) {
  if (!call->is_live()) return;
  call->needs.held_by = call->places.empty() ? no_node_id : call->places.front().on->id;
  if (call->options && !call->options->needs.empty())
    if (auto wrong = registry_.ask(call->options->needs, call->needs)) {
      wrong->phase = "queueing";
      return fail(*call, std::move(*wrong));
    }
  auto where = registry_.submit(ref_of(*call), call->needs);
  switch (where.what) {
    case placing::placed: return send(call, where.node, std::move(where.held));
    case placing::queued:
      call->queued = where.place;
      call->queued_at = beat_at_;
      if (trace_) trace_->calls.waits(*call, world().clock.now());
      world().log.debug([&] { return call->method->name + ": waits: " + registry_.why_waiting(call->needs); });
      if (!registry_.available(call->needs)) {
        say_early(*call);
        keep_unheard(call);
        if (call->needs.nested) send_home();
      }
      if (call->node_wait != duration::max()) limit_wait(call);
      // Others of its method may wait for what this one can do without.
      return send_waiting();
    case placing::refused:
      give_back_cost(*call);
      // It stays where it is, on a silent node.
      if (!call->places.empty()) return;
      where.why->phase = "queueing";
      return fail(*call, std::move(*where.why));
  }
}

void dispatcher::withdraw(placed_call& call) {
  registry_.withdraw(std::exchange(call.queued, {}));
  end_wait(call);
  give_back_cost(call);
}

void dispatcher::give_back_cost(placed_call& call) {
  if (auto const cost = std::exchange(call.issued_for, {})) budget_.give_back(*cost);
}

void dispatcher::send(placed_ptr const& call, node_id to, lease held) {
  call->queued = {};
  end_wait(*call);
  if (auto const cost = std::exchange(call->issued_for, {})) ++tally_.issued_again[static_cast<std::size_t>(*cost)];
  if (call->queued_at != time_point()) call->waited = beat_at_ - call->queued_at;
  ++call->issues;
  call->in_use_then = held.in_use();
  call->slots_then = held.slots();
  auto& node = *members_.at(to);
  if (call->again && !node.repeatable(*call)) return refuse_again(*call, node, std::move(held));
  world().log.debug([&] { return call->method->name + ": to " + node.name; });
  // Who writes the line may have ended the call.
  if (!call->is_live()) return;
  ++node.tries.of(call->method_number).sent;
  if (trace_) trace_->calls.sent(*call, node.name, world().clock.now());
  node.send(call, std::move(held));
  call->places.back().alone = call->needs.alone;
}

void dispatcher::refuse_again(placed_call& call, member const& node, lease held) {
  held = {};
  auto what = make_fault(errc::connection_lost, "it may have run before its caller lost its master, and the method must "
                                                "not run twice, as this node says");
  what.node = node.name;
  what.phase = "queueing";
  fail(call, std::move(what));
}

void dispatcher::keep_stranded() {
  for (auto& lost : registry_.stranded()) {
    auto& call = call_of(lost.call);
    call.queued = {};
    end_wait(call);
    give_back_cost(call);
    stranded_.emplace_back(placed_ptr(&call), std::move(lost.why));
  }
}

void dispatcher::send_waiting() {
  for (auto& [call, why] : std::exchange(stranded_, {}))
    if (call->is_live()) fail(*call, std::move(why));
  for (auto const& call : std::exchange(renamed_, {}))
    if (call->is_live()) send_out(call);
  while (auto next = registry_.next()) send(placed_ptr(&call_of(next->call)), next->node, std::move(next->held));
}

void dispatcher::answered(placed_call& call, call_id there, call_reply const& reply, member& by, lease held) {
  placed_ptr const keep(&call);
  no_longer_abandoned(there, by);
  take_place(call, by, there);
  if (trace_) draw_return(call, by, {"ok", {}, {}, reply.running_us});
  if (registry_.succeeded(held, call.method_number, reply.running_us)) {
    world().log.info("node " + by.name + " has answered a call and takes calls again");
    tell_node_waiters();
  }
  held = {};
  count_running(call, by, reply.running_us);
  if (!reply.lasts) send_waiting();
  auto& counted = by.tries.of(call.method_number);
  if (!call.is_live()) {
    ++counted.late;
    ++tally_.late_replies;
    return;
  }
  ++counted.answered;
  measure(call, reply, by);
  abandon_places(call);
  world().log.debug([&] { return call.method->name + ": answered by " + by.name; });
  book_.finish(call, reply);
}

void dispatcher::draw_return(placed_call const& call, member const& by, timeline::outcome const& how) {
  auto told = how;
  if (!call.is_live()) told.text = "late";
  trace_->calls.returned(call, by.name, told, world().clock.now());
}

void dispatcher::count_running(placed_call const& call, member const& by, std::uint32_t running_us) {
  if (methods_.is_brief(call.method_number))
    account_.ran(std::chrono::microseconds(running_us) * brief_watch::one_of);
  else if (running_us != 0)
    account_.ran(std::chrono::microseconds(running_us));
  else  // a coroutine, or on a Go node: it is taken to have run all the time
    account_.ran(by.heard_at - call.sent_at);
}

void dispatcher::measure(placed_call const& call, call_reply const& reply, member& by) {
  auto const took = std::chrono::duration_cast<std::chrono::microseconds>(by.heard_at - call.sent_at).count();
  auto const us = took > 0 ? static_cast<std::uint64_t>(took) : 0;
  by.tries.took.add(us);
  auto& of_method = tally_.of(call.method_number);
  of_method.took.add(us);
  if (reply.running_us != 0) of_method.ran.add(reply.running_us);
  remember(call, by, past::answered, by.heard_at);
}

void dispatcher::remember(placed_call const& call, member& by, past how, time_point now) {
  // Nobody sees what is shorter, nor what is behind another: a fast cluster neither pays for it nor fills the memory with it.
  constexpr auto visible = std::chrono::milliseconds(50);
  if (now - by.drawn_at < (how == past::answered ? visible : visible / 10)) return;
  by.drawn_at = now;
  past_.add(by.name, call.method_number, how, call.sent_at, now);
}

end_facts dispatcher::give_up(call_record& record, give_up_reason) {
  auto& call = static_cast<placed_call&>(record);
  end_facts left;
  left.cause = call.cause;
  if (call.may_have_run) left.known = progress::unknown;
  if (call.queued) withdraw(call);
  if (auto const one = find_unexplained(call); one != unexplained_.end()) {
    left.phase = "running";
    left.node = one->what.node;
  }
  if (!call.places.empty()) {
    left.known = progress::unknown;
    left.phase = "running";
    left.node = call.places.front().on->name;
    abandon_places(call);
  }
  return left;
}

void dispatcher::abandon_places(placed_call& call) {
  auto const places = std::move(call.places);
  call.places.clear();
  for (auto const& place : places) {
    place.on->abandoned.add(to_number(place.id), call.method->name, world().clock.now());
    place.on->abandon(place.id);
  }
  if (call.queued) withdraw(call);
}

void dispatcher::cancel_all(std::vector<call_ptr> calls) {
  // Cancelling one asks for those it has made: they join the list, so that a deep chain does not use up the stack.
  to_cancel_.insert(to_cancel_.end(), std::make_move_iterator(calls.begin()), std::make_move_iterator(calls.end()));
  if (std::exchange(cancelling_, true)) return;
  while (!to_cancel_.empty()) {
    auto const next = std::move(to_cancel_.back());
    to_cancel_.pop_back();
    book_.cancel(next);
  }
  cancelling_ = false;
}

std::optional<placed_call::place> dispatcher::take_place(placed_call& call, member const& on, call_id there) noexcept {
  for (auto& one : call.places) {
    if (one.on != &on || one.id != there) continue;
    auto const taken = one;
    one = call.places.back();
    call.places.pop_back();
    return taken;
  }
  return {};
}

void dispatcher::no_longer_abandoned(call_id there, member& by) {
  if (by.abandoned.size() == 0) return;
  auto const line = by.abandoned.remove(to_number(there), by.name, world().clock.now());
  if (line) world().log.info(*line);
}

void dispatcher::ended(call_record& record, call_reply const& reply) noexcept {
  auto& call = static_cast<placed_call&>(record);
  ++tally_.of(call.method_number).ended[reply.failed ? static_cast<std::size_t>(reply.failed->code) : 0];
  if (reply.failed && reply.failed->code != errc::cancelled && reply.failed->code != errc::stopped)
    failures_.add(*reply.failed, world().clock.now());
  if (reply.failed && failure_file_) failure_file_->put(call, *reply.failed);
  if (trace_)
    trace_->calls.ended(call, reply.failed ? dist::to_text(reply.failed->code) : "answered", world().clock.now());
  blame_.ended(ref_of(call));
  if (auto const one = find_unexplained(call); one != unexplained_.end()) take_unexplained(one);
  end_pause(call);
  end_wait(call);
}

void dispatcher::stop() {
  book_.stop();
  own_nodes_.go_on();
  trace_.reset();
  auto const stopped = make_fault(errc::stopped, "the cluster was stopped");
  for (auto const& one : std::exchange(waiting_for_nodes_, {}))
    if (auto const waiter = one.lock()) std::exchange(waiter->done, nullptr)(&stopped);
  unexplained_.clear();
  unheard_.clear();
  renamed_.clear();
  stranded_.clear();
  limited_.clear();
}

}  // namespace dist
