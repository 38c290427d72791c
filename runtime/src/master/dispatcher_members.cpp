#include <dist/rpc/detail/large_blocks.hpp>

#include <algorithm>

#include "master/dispatcher.hpp"

namespace dist {

std::shared_ptr<void> dispatcher::when_nodes(std::size_t count, nodes_waiter done) {
  if (registry_.counts().living >= count) {
    done(nullptr);
    return {};
  }
  auto made = std::make_shared<node_waiter>(count, std::move(done));
  // Before it would grow: as many as wait, and no more than twice as many, are kept.
  if (waiting_for_nodes_.size() == waiting_for_nodes_.capacity())
    std::erase_if(waiting_for_nodes_, [](auto const& one) { return one.expired(); });
  waiting_for_nodes_.push_back(made);
  return made;
}

void dispatcher::tell_node_waiters() {
  if (waiting_for_nodes_.empty()) return;
  auto const living = registry_.counts().living;
  for (auto const& one : std::exchange(waiting_for_nodes_, {})) {
    auto const waiter = one.lock();
    if (waiter && living >= waiter->count)
      std::exchange(waiter->done, nullptr)(nullptr);
    else if (waiter)
      waiting_for_nodes_.push_back(one);
  }
}

result<joined> dispatcher::join(member& node, node_info info) {
  auto const offers = info.methods;
  node.slots = info.slots;
  node.incarnation = info.incarnation;
  auto const lists_methods = info.kind != node_kind::go;
  auto in = registry_.join(std::move(info), world().clock.now());
  keep_stranded();
  // A node that is turned away says nothing about methods.
  if (!in) return in;
  for (auto const& offer : offers) methods_.offered(offer);
  node.id = in->id;
  node.name = in->name;
  node.most_calls = std::uint64_t{node.slots} + window_;
  node.lists_methods = lists_methods;
  members_[in->id] = &node;
  account_.joined(node.name);
  if (trace_) trace_->calls.happened(node.name, "joined", world().clock.now());
  silent_on_methods_ += !lists_methods;
  budget_.nodes_hold(nodes_hold_ += node.most_calls);
  return in;
}

void dispatcher::ready(joined const& in) {
  auto const& now = *members_.at(in.id);
  if (auto const old = in.replaced ? members_.find(*in.replaced) : members_.end(); old != members_.end()) {
    auto const same_process = old->second->incarnation != 0 && old->second->incarnation == now.incarnation;
    auto const why = same_process ? "node " + in.name + " has connected anew"
                                  : "a newer process of node " + in.name + " has joined";
    old->second->close(why);
    // Nobody knows what became of a process that was silent.
    leave(*old->second, !same_process && in.replaced_silent ? departure::silent : departure::left, why);
  }
  relieve(now.incarnation);
  said_.clear();
  judge_unheard();
  judge_waits();
  own_nodes_.joined(registry_.counts().living);
  tell_node_waiters();
  send_waiting();
}

void dispatcher::leave(member& node, departure how, std::string const& why) {
  if (members_.erase(node.id) == 0) return;
  if (how != departure::left) account_.lost(node.name, node.incarnation, why);
  silent_on_methods_ -= !node.lists_methods;
  budget_.nodes_hold(nodes_hold_ -= node.most_calls);
  registry_.leave(node.id);
  if (trace_) trace_->calls.happened(node.name, "left: " + why, world().clock.now());
  keep_stranded();
  auto const there = node.in_flight();
  // Where one runs that is alone in its object, others may wait for it and leave their slots to those behind them.
  auto const in_order = std::ranges::all_of(there, [&](auto const& one) { return node.repeatable(*one.call); });
  begun_calls begun(node.slots);
  for (auto const& one : there) {
    auto const& call = one.call;
    ++node.tries.of(call->method_number).lost;
    remember(*call, node, past::lost, world().clock.now());
    auto const holds_slot = in_order && !one.suspended && registry_.takes_long(call->method_number);
    auto lost = loss::unwritten;
    if (one.written) lost = one.suspended || begun.next(holds_slot) ? loss::begun : loss::waited;
    if (trace_) draw_return(*call, node, {"lost", why, {}, 0});
    auto const was = take_place(*call, node, one.id);
    if (was && call->is_live()) lost_with(call, *was, how, why, lost);
  }
  judge_waits();
  tally_.keep(node.tries);
  tally_.beats_heard += node.beats_heard;
  tally_.received_bytes += node.received_bytes();
  tally_.sent_bytes += node.sent_bytes();
  send_waiting();
  send_home();
}

void dispatcher::heard(member& node) {
  node.heard_at = world().clock.now();
  if (!registry_.heard(node.id, node.heard_at)) return;
  withdraw_copies(node);
  judge_waits();
  tell_node_waiters();
  send_waiting();
}

void dispatcher::drain(member& node) {
  node.drains = true;
  registry_.drain(node.id);
  judge_waits();
  send_waiting();
  send_home();
}

void dispatcher::send_home() {
  for (auto const& [id, node] : members_)
    if (node->drains) send_home(*node);
}

void dispatcher::send_home(member& node) {
  for (auto const& record : node.nested_calls()) {
    placed_ptr const call(static_cast<placed_call*>(record.get()));
    if (!call->is_live() || !call->queued) continue;
    auto held = registry_.take_while_draining(node.id, call->needs);
    if (!held) continue;
    world().log.debug([&] {
      return call->method->name + ": no other than node " + node.name + ", which drains, can take it";
    });
    registry_.withdraw(std::exchange(call->queued, {}));
    send(call, node.id, std::move(held));
  }
}

bool dispatcher::drain(std::string_view name) {
  for (auto const& node : registry_.nodes()) {
    if (node.info->name != name) continue;
    auto& there = *members_.at(node.id);
    // First nothing more is sent; the node takes the frame for the end of the requests where it drains already.
    drain(there);
    there.drain();
    return true;
  }
  return false;
}

void dispatcher::beat() {
  large_blocks::return_unused();
  for (auto const& [id, node] : members_) {
    ++tally_.beats_sent;
    node->beat();
    for (auto const& line : node->abandoned.due(node->name, world().clock.now())) world().log.warn(line);
  }
  auto const now = world().clock.now();
  auto const counts = registry_.counts();
  account_.there(counts.slots, now - beat_at_);
  if (trace_) trace_->beat(counts.queued, counts.in_use, now);
  auto const events = registry_.tick(beat_at_ = now);
  keep_stranded();
  for (auto const& event : events) {
    auto const found = members_.find(event.node);
    if (found == members_.end()) continue;
    auto& node = *found->second;
    switch (event.change) {
      case liveness_change::became_suspect:
        world().log.warn("node " + node.name + " is silent: it gets no new calls; repeatable ones go elsewhere");
        for (auto const& one : node.in_flight()) issue_copy(one.call);
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
  judge_waits();
  tell_node_waiters();
  send_waiting();
  send_home();
}

}  // namespace dist
