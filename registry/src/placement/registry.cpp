#include "placement/registry.hpp"

#include <algorithm>

namespace dist {
registry::registry(registry_settings settings)
    : settings_(settings),
      methods_(settings.method_count),
      label_filters_(settings.label_filter_count),
      queue_(settings.queue),
      liveness_(settings.liveness) {}

result<joined> registry::join(node_info info, time_point now) {
  auto how = table_.admit(info);
  if (!how) return how.error();
  auto key = key_of(info);
  if (!key) return key.error();
  auto const replaced = how->replaces;
  auto const replaced_silent = replaced && is_silent(*replaced);
  if (replaced) remove(*table_.find(*replaced));
  auto& entry = table_.add(std::move(info), *std::move(how), now);
  entry.load = &selector_.join(entry.id, entry.info.slots, *std::move(key));
  table_.count(entry);
  bind_pins(entry);
  members_changed();
  return joined{entry.id, entry.info.name, replaced, replaced_silent};
}

void registry::leave(node_id node) {
  auto* entry = table_.find(node);
  if (!entry) return;
  remove(*entry);
  members_changed();
}

bool registry::heard(node_id node, time_point now) {
  auto* entry = table_.find(node);
  if (!entry || !liveness::heard(entry->beat, now)) return false;
  came_back_.push_back({node, liveness_change::came_back});
  update_eligible(*entry);
  return true;
}

void registry::drain(node_id node) {
  auto* entry = table_.find(node);
  if (!entry) return;
  entry->draining = true;
  update_eligible(*entry);
  members_changed();
}

lease registry::take_while_draining(node_id node, call_needs const& needs) {
  auto const* entry = table_.find(node);
  auto* load = entry && entry->draining ? selector_.find(node) : nullptr;
  if (!load || available(needs) || needs.held_by == node || (needs.pin != no_node_id && needs.pin != node) ||
      !load->group->takes(needs))
    return {};
  lease held(*load);
  held.use_.counted = false;
  held.retake();
  return held;
}

std::vector<liveness_event> registry::tick(time_point now) {
  auto events = std::exchange(came_back_, {});
  std::erase_if(events, [&](liveness_event const& event) { return !table_.find(event.node); });
  liveness_.begin_round(now);
  bool changed = false;
  for (auto const& entry : table_.entries()) {
    if (!entry) continue;
    auto const change = liveness_.judge(entry->beat, now);
    if (!change) continue;
    changed = true;
    events.push_back({entry->id, *change});
    if (*change == liveness_change::became_lost) {
      remove(*entry);
    } else {
      update_eligible(*entry);
    }
  }
  if (changed) members_changed();
  if (!aside_.empty()) offer_tries(now);
  return events;
}

result<method_ref> registry::intern(std::string_view name) {
  auto const known = methods_.size();
  auto method = methods_.intern(name);
  if (methods_.size() != known) selector_.add_method(*method);
  return method;
}

void registry::unknown_method(node_id node, method_ref method) {
  auto* entry = table_.find(node);
  if (!entry) return;
  selector_.learn(*entry->load, method, false);
  strand_hopeless(node);
  members_changed();
}

void registry::known_method(node_id node, method_ref method) {
  auto* entry = table_.find(node);
  if (entry && entry->info.kind == node_kind::go) selector_.learn(*entry->load, method, true);
}

void registry::remove(node_entry& entry) {
  auto const gone = entry.id;
  selector_.leave(*entry.load);
  auto why = make_fault(errc::no_node, "node " + entry.info.name + ", to which the call was pinned, has left");
  table_.erase(entry);
  while (!queue_.lines_for(gone).empty()) strand(queue_.lines_for(gone).front(), why);
}

void registry::update_eligible(node_entry& entry) {
  table_.count(entry);
  auto const state = entry.state();
  selector_.set_eligible(*entry.load, state == node_state::living, state == node_state::set_aside);
}

void registry::members_changed() {
  if (!aside_.empty()) take_back_excess();
  // Which nodes a queued call may go to has changed, so every class is looked at again.
  if (queue_.empty()) return;
  selector_.mark_all_classes_freed();
  queue_.each_waited_for([this](node_id node) {
    if (auto* load = selector_.find(node)) selector_.mark_freed(*load);
  });
}

result<class_key> registry::key_of(node_info const& info) {
  if (info.methods.size() > settings_.method_count) {
    return make_fault(errc::limit_exceeded, "node " + info.name + " lists " + std::to_string(info.methods.size()) +
                                                " methods, the limit is " + std::to_string(settings_.method_count));
  }
  class_key key{info.kind, {}, {}, info.labels};
  key.methods.reserve(info.methods.size());
  for (auto const& offer : info.methods) {
    auto const method = intern(offer.name);
    if (!method) return method.error();
    key.methods.push_back(*method);
  }
  std::ranges::sort(key.methods);
  auto const repeated = std::ranges::unique(key.methods);
  key.methods.erase(repeated.begin(), repeated.end());
  return key;
}

}  // namespace dist
