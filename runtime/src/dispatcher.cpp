#include "dispatcher.hpp"

#include <algorithm>
#include <dist/rpc/spelling.hpp>
#include <iterator>

namespace dist {
namespace {

/// How often a method may say that another try may succeed.
constexpr unsigned most_transient_issues = 4;
/// Different reasons to wait that are said at once; those beyond come with the ones of every ten seconds.
constexpr std::size_t most_said = 100;

}  // namespace

dispatcher::dispatcher(seams const& world, limits const& bounds, registry_settings const& settings,
                       std::span<method_description const> expected)
    : caller(world, bounds), registry_(settings) {
  // The first round begins now: what stalls before the first beat is a stall too.
  registry_.tick(beat_at_ = world.clock.now());
  for (auto const& method : expected)
    if (auto const number = registry_.intern(method.name)) {
      facts_of(*number).expected = true;
      learn_spelling(method.name, *number);
    }
}

dispatcher::method_facts& dispatcher::facts_of(method_ref method) {
  auto const index = static_cast<std::size_t>(method);
  if (index >= facts_.size()) facts_.resize(index + 1);
  return facts_[index];
}

void dispatcher::when_nodes(std::size_t count, nodes_waiter done) {
  if (registry_.counts().living >= count) return done(nullptr);
  waiting_for_nodes_.push_back({count, std::move(done)});
}

std::string dispatcher::address_of(std::string_view name) const {
  for (auto const& node : registry_.nodes())
    if (node.info->name == name) return node.info->address;
  return {};
}

void dispatcher::tell_node_waiters() {
  auto const living = registry_.counts().living;
  for (auto& waiter : std::exchange(waiting_for_nodes_, {})) {
    if (living >= waiter.count)
      waiter.done(nullptr);
    else
      waiting_for_nodes_.push_back(std::move(waiter));
  }
}

result<joined> dispatcher::join(member& node, node_info info) {
  auto const offers = info.methods;
  auto in = registry_.join(std::move(info), world().clock.now());
  keep_stranded();
  // A node that is turned away says nothing about methods.
  if (!in) return in;
  for (auto const& offer : offers) {
    auto const number = registry_.intern(offer.name);
    if (!number) continue;
    auto& facts = facts_of(*number);
    facts.listed = true;
    learn_spelling(offer.name, *number);
    // Where programs of several builds meet, the most careful one decides.
    facts.repeatable = facts.repeatable && offer.repeatable;
    facts.brief = facts.brief && offer.brief;
    registry_.declare_brief(*number, facts.brief);
  }
  node.id = in->id;
  node.name = in->name;
  members_[in->id] = &node;
  return in;
}

void dispatcher::ready(joined const& in) {
  if (auto const old = in.replaced ? members_.find(*in.replaced) : members_.end(); old != members_.end()) {
    auto const why = "a newer process of node " + in.name + " has joined";
    old->second->close(why);
    leave(*old->second, departure::left, why);
  }
  said_.clear();
  judge_unheard();
  tell_node_waiters();
  send_waiting();
}

void dispatcher::learn_spelling(std::string_view name, method_ref method) {
  auto const dot = name.find('.');
  if (dot == name.npos) return;
  auto spelled = std::string(name.substr(0, dot + 1)) + go_spelling(name.substr(dot + 1));
  if (spelled != name) spellings_.try_emplace(std::move(spelled), method);
}

/// The first node has come: of the calls whose method nobody had heard of, some have another name here, some none.
void dispatcher::judge_unheard() {
  for (auto const& call : std::exchange(unheard_, {})) {
    if (!is_live(*call) || !call->queued) continue;
    auto const number = number_of(*call->method);
    if (number && *number != call->method_number) {
      registry_.withdraw(std::exchange(call->queued, {}));
      renamed_.push_back(call);
    } else if (unheard_of(call->method_number)) {
      fail_unknown(*call);
    }
  }
}

void dispatcher::leave(member& node, departure how, std::string const& why) {
  if (members_.erase(node.id) == 0) return;
  registry_.leave(node.id);
  keep_stranded();
  for (auto const& call : node.in_flight()) {
    if (!forget_place(*call, node) || !is_live(*call)) continue;
    call->may_have_run = true;
    if (!call->places.empty()) continue;
    if (!call->queued)
      lost_with(call, node, how, why);
    else if (!registry_.available(call->needs))
      wait_for_node(call);
  }
  send_waiting();
}

void dispatcher::lost_with(placed_ptr const& call, member& node, departure how, std::string const& why) {
  auto what = make_fault(how == departure::silent ? errc::node_lost : errc::connection_lost, why);
  what.node = node.name;
  what.phase = "running";
  world().log.debug([&] { return call->method->name + ": lost with " + node.name + ": " + why; });
  // A call for this node only has nowhere else to go.
  if (call->once || call->needs.pin != no_node_id || !node.repeatable(*call)) return fail(*call, std::move(what));
  if (how == departure::died) {
    auto const said = blame_.died(ref_of(*call), node.name);
    if (said == verdict::poisoned) return fail(*call, blame_.poisoned(ref_of(*call), call->method->name));
    call->needs.alone = said == verdict::alone;
  }
  call->moved_because = "it was on node " + node.name + ": " + why;
  move(call, node);
}

void dispatcher::heard(member& node) {
  if (registry_.heard(node.id, world().clock.now())) send_waiting();
}

void dispatcher::drain(member& node) {
  registry_.drain(node.id);
  send_waiting();
}

void dispatcher::beat() {
  for (auto const& [id, node] : members_) {
    node->beat();
    for (auto const& line : node->abandoned.due(node->name, world().clock.now())) world().log.warn(line);
  }
  auto const events = registry_.tick(beat_at_ = world().clock.now());
  keep_stranded();
  for (auto const& event : events) {
    auto const found = members_.find(event.node);
    if (found == members_.end()) continue;
    auto& node = *found->second;
    switch (event.change) {
      case liveness_change::became_suspect:
        world().log.warn("node " + node.name + " is silent: it gets no new calls; repeatable ones go elsewhere");
        for (auto const& call : node.in_flight())
          if (is_live(*call) && !call->once && call->needs.pin == no_node_id && node.repeatable(*call) && call->places.size() == 1 &&
              !call->queued) {
            call->moved_because = "it was on node " + node.name + " only, which is silent";
            move(call, node);
          }
        break;
      case liveness_change::became_lost:
        world().log.warn("node " + node.name + " is lost: it was silent for too long");
        node.close("silent for too long");
        leave(node, departure::silent, "it was silent for too long");
        break;
      case liveness_change::needed_again:
        world().log.info("node " + node.name + " takes calls again: too few others are left");
        break;
      case liveness_change::came_back: world().log.info("node " + node.name + " is back"); break;
    }
  }
  send_waiting();
}

result<method_ref> dispatcher::number_of(method_key const& method) {
  if (auto const known = numbers_.find(&method); known != numbers_.end()) return known->second;
  auto const number = registry_.intern(method.name);
  // A name that is declared so is never hidden by another's Go spelling.
  if (number && !facts_of(*number).listed && !facts_of(*number).expected)
    if (auto const other = spellings_.find(method.name); other != spellings_.end()) return other->second;
  return number;
}

void dispatcher::dispatch(call_ptr const& call) {
  placed_ptr const placed(static_cast<placed_call*>(call.get()));
  auto const number = number_of(*placed->method);
  if (!number) return fail(*placed, number.error());
  if (!placed->own_method) numbers_.try_emplace(placed->method, *number);
  placed->method_number = *number;
  auto const facts = facts_of(*number);
  auto& needs = placed->needs;
  needs.method = *number;
  needs.repeatable = !placed->once && (facts.listed ? facts.repeatable : placed->method->repeatable);
  if (unheard_of(*number)) return fail_unknown(*placed);
  needs.caller = static_cast<caller_ref>(placed->origin);
  needs.nested = placed->parent.has_value();
  needs.bytes = static_cast<std::uint32_t>(std::min<std::size_t>(placed->arguments.size(), UINT32_MAX));
  submit(placed);
}

bool dispatcher::unheard_of(method_ref method) const {
  auto const& facts = facts_[static_cast<std::size_t>(method)];
  return !facts.expected && !facts.listed && registry_.counts().nodes > 0 && !registry_.available(method);
}

void dispatcher::fail_unknown(placed_call& call) {
  if (call.queued) registry_.withdraw(std::exchange(call.queued, {}));
  auto what = make_fault(errc::unknown_method, "no node has the method " + call.method->name +
                                                   "; the master's /status lists those there are");
  what.phase = "queueing";
  fail(call, std::move(what));
}

void dispatcher::say_early(placed_call const& call) {
  auto const& needs = call.needs;
  if (registry_.counts().nodes == 0 || (needs.labels == no_wish && needs.pin == no_node_id)) return;
  auto why = registry_.why_waiting(needs);
  if (said_.size() < most_said && said_.insert(why).second)
    world().log.warn(why + ": calls of " + call.method->name + " wait for one");
}

void dispatcher::wait_for_node(placed_ptr const& call) {
  if (registry_.counts().nodes == 0 && !facts_of(call->method_number).expected) {
    if (unheard_.size() > 64 + 2 * registry_.counts().queued)
      std::erase_if(unheard_, [](placed_ptr const& waiting) { return !is_live(*waiting); });
    unheard_.push_back(call);
  }
  if (call->node_wait == duration::max() || call->node_wait_timer != timer_id::none) return;
  call->node_wait_timer = world().clock.schedule(world().clock.now() + call->node_wait, [this, call] {
    call->node_wait_timer = timer_id::none;
    // A silent node may still answer: as long as it has the call, no other is missed.
    if (!is_live(*call) || !call->queued || !call->places.empty() || registry_.available(call->needs)) return;
    registry_.withdraw(std::exchange(call->queued, {}));
    auto what = make_fault(errc::no_node, registry_.why_waiting(call->needs));
    what.phase = "queueing";
    fail(*call, std::move(what));
  });
}

void dispatcher::fail(placed_call& call, fault what) {
  if (call.may_have_run && what.known == progress::not_started) what.known = progress::unknown;
  caller::fail(call, std::move(what));
}

void dispatcher::submit(placed_ptr const& call) {
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
      world().log.debug([&] { return call->method->name + ": waits: " + registry_.why_waiting(call->needs); });
      if (!registry_.available(call->needs)) {
        say_early(*call);
        wait_for_node(call);
      }
      // Others of its method may wait for what this one can do without.
      return send_waiting();
    case placing::refused:
      // It stays where it is, on a silent node.
      if (!call->places.empty()) return;
      where.why->phase = "queueing";
      return fail(*call, std::move(*where.why));
  }
}

void dispatcher::send(placed_ptr const& call, node_id to, lease held) {
  call->queued = {};
  ++call->issues;
  call->in_use_then = held.in_use();
  call->slots_then = held.slots();
  auto& node = *members_.at(to);
  world().log.debug([&] { return call->method->name + ": to " + node.name; });
  auto const method = static_cast<std::size_t>(call->method_number);
  if (method >= node.sent.size()) node.sent.resize(method + 1);
  ++node.sent[method];
  node.send(call, std::move(held));
}

void dispatcher::keep_stranded() {
  for (auto& lost : registry_.stranded()) {
    auto& call = call_of(lost.call);
    call.queued = {};
    stranded_.emplace_back(placed_ptr(&call), std::move(lost.why));
  }
}

void dispatcher::send_waiting() {
  for (auto& [call, why] : std::exchange(stranded_, {}))
    if (is_live(*call)) fail(*call, std::move(why));
  for (auto const& call : std::exchange(renamed_, {}))
    if (is_live(*call)) dispatch(call);
  while (auto next = registry_.next()) send(placed_ptr(&call_of(next->call)), next->node, std::move(next->held));
}

void dispatcher::move(placed_ptr const& call, member const& avoid) {
  world().log.debug([&] { return call->method->name + ": away from " + avoid.name; });
  call->needs.avoided.add(avoid.id);
  call->needs.moved = true;
  submit(call);
}

void dispatcher::move_later(placed_ptr const& call, member const& avoid) {
  call->needs.avoided.add(avoid.id);
  call->needs.moved = true;
  auto const pause = retry_delay(retry_settings(), call->issues, world().entropy.next());
  call->again_timer = world().clock.schedule(world().clock.now() + pause, [this, call] {
    call->again_timer = timer_id::none;
    submit(call);
  });
}

void dispatcher::answered(placed_call& call, call_reply const& reply, member& by, lease held) {
  placed_ptr const keep(&call);
  no_longer_abandoned(call, by);
  forget_place(call, by);
  if (registry_.succeeded(held, call.method_number, reply.running_us))
    world().log.info("node " + by.name + " has answered a call and takes calls again");
  held = {};
  send_waiting();
  if (!is_live(call)) {
    ++late_replies_;
    return;
  }
  abandon_places(call);
  world().log.debug([&] { return call.method->name + ": answered by " + by.name; });
  finish(call, reply);
}

void dispatcher::judge_failure(placed_call const& call, fault const& what, member const& by, lease const& held,
                               std::uint32_t running_us) {
  // A refusal, a cancelled call or unfit arguments say nothing against the node, nor does what failed elsewhere.
  if (what.known != progress::executed || !what.cause.empty() || (what.code != errc::method_failed && what.code != errc::transient)) return;
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
  judge_failure(call, what, by, held, running_us);
  held = {};
  if (!is_live(call) || !awaited) {
    ++late_replies_;
    return send_waiting();
  }
  what.node = by.name;
  world().log.debug([&] { return call.method->name + ": " + by.name + " says: " + to_text(what); });
  // Another node has the call, or will: what this one did not begin is no answer.
  if (what.known == progress::not_started && (!call.places.empty() || call.queued)) return send_waiting();
  if (what.known == progress::not_started) {
    if (what.code == errc::unknown_method) {
      registry_.unknown_method(by.id, call.method_number);
      keep_stranded();
    }
    // A node that refuses without having begun has done no harm: somebody else may take the call. Arguments that came back
    // to the node that could not take them have been everywhere.
    auto const everywhere = what.code == errc::bad_arguments && call.needs.avoided.contains(by.id);
    if (everywhere) what.may = remedy::never;
    if (what.code == errc::overloaded && call.needs.avoided.contains(by.id)) {
      // It has been there: at once it would only be refused again.
      move_later(keep, by);
      return send_waiting();
    }
    if (what.may == remedy::elsewhere || (what.code == errc::unknown_method && registry_.available(call.method_number))) {
      call.moved_because = "node " + by.name + " did not take it: " + what.message;
      move(keep, by);
      return send_waiting();
    }
  }
  send_waiting();
  abandon_places(call);
  call.may_have_run = call.may_have_run || what.known != progress::not_started;
  if (what.code == errc::transient && !call.once && call.issues < most_transient_issues) return move_later(keep, by);
  fail(call, std::move(what));
}

caller::abandoned dispatcher::abandon(call_record& record) {
  auto& call = static_cast<placed_call&>(record);
  abandoned left;
  if (call.may_have_run) left.known = progress::unknown;
  if (call.queued) {
    registry_.withdraw(call.queued);
    call.queued = {};
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
    place.on->abandoned.add(static_cast<std::uint64_t>(ref_of(call)), call.method->name, world().clock.now());
    place.on->abandon(place.id);
  }
  if (call.queued) registry_.withdraw(std::exchange(call.queued, {}));
}

void dispatcher::cancel_all(std::vector<call_ptr> calls) {
  // Cancelling one asks for those it has made: they join the list, so that a deep chain does not use up the stack.
  to_cancel_.insert(to_cancel_.end(), std::make_move_iterator(calls.begin()), std::make_move_iterator(calls.end()));
  if (std::exchange(cancelling_, true)) return;
  while (!to_cancel_.empty()) {
    auto const next = std::move(to_cancel_.back());
    to_cancel_.pop_back();
    cancel(next);
  }
  cancelling_ = false;
}

bool dispatcher::forget_place(placed_call& call, member const& on) noexcept {
  auto& places = call.places;
  auto const before = places.size();
  places.erase(std::remove_if(places.begin(), places.end(), [&](placed_call::place const& p) { return p.on == &on; }),
               places.end());
  return places.size() != before;
}

void dispatcher::no_longer_abandoned(placed_call& call, member& by) {
  if (by.abandoned.size() == 0) return;
  auto const line = by.abandoned.remove(static_cast<std::uint64_t>(ref_of(call)), by.name, world().clock.now());
  if (line) world().log.info(*line);
}

std::size_t dispatcher::in_flight_on(node_id node) const {
  auto const found = members_.find(node);
  return found == members_.end() ? 0 : found->second->in_flight().size();
}

std::vector<abandoned_calls::stay> dispatcher::abandoned_on(node_id node) const {
  auto const found = members_.find(node);
  return found == members_.end() ? std::vector<abandoned_calls::stay>() : found->second->abandoned.stays();
}

std::vector<std::pair<std::string, std::uint64_t>> dispatcher::calls_sent_to(node_id node) const {
  std::vector<std::pair<std::string, std::uint64_t>> sent;
  auto const found = members_.find(node);
  if (found == members_.end()) return sent;
  auto const& calls = found->second->sent;
  for (std::size_t method = 0; method < calls.size(); ++method)
    if (calls[method] > 0) sent.emplace_back(registry_.method_name(static_cast<method_ref>(method)), calls[method]);
  return sent;
}

void dispatcher::ended(call_record& record) noexcept {
  auto& call = static_cast<placed_call&>(record);
  blame_.ended(ref_of(call));
  if (call.again_timer != timer_id::none) world().clock.cancel(std::exchange(call.again_timer, timer_id::none));
  if (call.node_wait_timer != timer_id::none) world().clock.cancel(std::exchange(call.node_wait_timer, timer_id::none));
}

void dispatcher::stop() {
  stop_calls();
  auto const stopped = make_fault(errc::stopped, "the cluster was stopped");
  for (auto const& waiter : std::exchange(waiting_for_nodes_, {})) waiter.done(&stopped);
  unheard_.clear();
  renamed_.clear();
  stranded_.clear();
}

}  // namespace dist
