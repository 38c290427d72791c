#include "dispatcher.hpp"

#include <algorithm>

namespace dist {

void dispatcher::when_nodes(std::size_t count, nodes_waiter done) {
  if (registry_.counts().living >= count) return done(nullptr);
  waiting_for_nodes_.push_back({count, std::move(done)});
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
  auto const most_calls = std::uint64_t{info.slots} + window_;
  auto const lists_methods = info.kind != node_kind::go;
  auto in = registry_.join(std::move(info), world().clock.now());
  keep_stranded();
  // A node that is turned away says nothing about methods.
  if (!in) return in;
  for (auto const& offer : offers) methods_.offered(offer);
  node.id = in->id;
  node.name = in->name;
  node.most_calls = most_calls;
  node.lists_methods = lists_methods;
  members_[in->id] = &node;
  silent_on_methods_ += !lists_methods;
  budget_.nodes_hold(nodes_hold_ += most_calls);
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

void dispatcher::leave(member& node, departure how, std::string const& why) {
  if (members_.erase(node.id) == 0) return;
  silent_on_methods_ -= !node.lists_methods;
  budget_.nodes_hold(nodes_hold_ -= node.most_calls);
  registry_.leave(node.id);
  keep_stranded();
  for (auto const& call : node.in_flight()) {
    auto const place = std::ranges::find(call->places, &node, &placed_call::place::on);
    auto const written = place == call->places.end() || node.has_written(place->id);
    if (!forget_place(*call, node) || !is_live(*call)) continue;
    if (call->queued && call->places.empty() && !registry_.available(call->needs)) wait_for_node(call);
    lost_with(call, node, how, why, written);
  }
  send_waiting();
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
          if (is_live(*call) && !call->once && call->needs.pin == no_node_id && node.repeatable(*call) &&
              call->places.size() == 1 && !call->queued) {
            call->moved_because = "it was on node " + node.name + " only, which is silent";
            issue(call, node, {next_step::kind::issue, issue_cost::loss, call->needs.alone});
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

}  // namespace dist
