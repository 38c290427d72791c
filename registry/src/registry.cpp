#include <dist/registry/registry.hpp>

#include <algorithm>
#include <cassert>

namespace dist {
namespace {

// Calls with particular wishes that are looked at for one freed slot; the others wait until these are gone.
constexpr unsigned most_looked_at = 16;

}  // namespace

registry::registry(registry_settings settings)
    : settings_(settings), methods_(settings.method_count), queue_(settings.queue), liveness_(settings.liveness) {}

result<joined> registry::join(node_info info, time_point now) {
  auto how = table_.admit(info);
  if (!how) return how.error();
  auto key = key_of(info);
  if (!key) return key.error();
  auto const replaced = how->replaces;
  if (replaced) remove(*table_.find(*replaced));
  auto& entry = table_.add(std::move(info), *std::move(how), now);
  entry.load = &selector_.join(entry.id, entry.info.slots, settings_.window, *std::move(key));
  members_changed();
  return joined{entry.id, entry.info.name, replaced};
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
  return !entry->draining;
}

void registry::drain(node_id node) {
  auto* entry = table_.find(node);
  if (!entry) return;
  entry->draining = true;
  update_eligible(*entry);
  members_changed();
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
  members_changed();
}

void registry::known_method(node_id node, method_ref method) {
  auto* entry = table_.find(node);
  if (entry && entry->info.kind == node_kind::go) selector_.learn(*entry->load, method, true);
}

placement registry::submit(call_ref call, call_needs const& needs) {
  assert(static_cast<std::size_t>(needs.method) < methods_.size());
  placement out;
  // Nobody overtakes the calls of the same method that wait already.
  if (queue_.empty() || queue_.waiting(needs.method) == 0) {
    if (auto* load = selector_.find(needs)) {
      out.what = placing::placed;
      out.node = load->id;
      out.held = selector_.take(*load, needs);
      return out;
    }
  }
  auto kept = needs;
  kept.avoided = {};
  for (auto const node : needs.avoided.all())
    if (table_.find(node)) kept.avoided.add(node);
  auto place = queue_.push(call, kept);
  if (!place) {
    out.why = place.error();
    out.why->method = methods_.name(needs.method);
    return out;
  }
  out.what = placing::queued;
  out.place = *place;
  // It may go at once nevertheless: ahead of those that wait, or because they wait for something particular.
  if (queue_.waiting(needs.method) > 1 && selector_.find(needs)) selector_.mark_freed(needs.method);
  return out;
}

std::optional<assignment> registry::next() {
  if (selector_.reserved()) end_stale_reservation();
  while (auto* group = selector_.freed()) {
    if (queue_.empty()) {
      selector_.settle_all();
      break;
    }
    candidate found;
    if (may_take_one(*group)) find_oldest(*group, 0, found);
    if (!found.load) {
      selector_.settle(*group);
      continue;
    }
    auto const needs = queue_.at(found.index).needs;
    assignment out{queue_.at(found.index).call, found.load->id, {}};
    queue_.withdraw(queue_.ticket_of(found.index));
    out.held = selector_.take(*found.load, needs);
    return out;
  }
  if (queue_.waiting_alone() > 0 && !selector_.reserved()) reserve_for_alone();
  return {};
}

bool registry::withdraw(ticket place) noexcept {
  auto const method = queue_.contains(place) ? queue_.at(place.index).needs.method : method_ref{};
  if (!queue_.withdraw(place)) return false;
  // The one behind it may have fewer wishes.
  if (queue_.waiting(method) > 0) selector_.mark_freed(method);
  return true;
}

std::string registry::why_waiting(method_ref method) const {
  if (table_.size() == 0) return "no node has joined";
  auto const living = selector_.living(method);
  if (living == 0) {
    auto text = "no living node has the method " + methods_.name(method);
    auto const all = counts();
    if (all.suspect > 0) text += "; silent nodes: " + std::to_string(all.suspect);
    if (all.draining > 0) text += "; draining nodes: " + std::to_string(all.draining);
    return text;
  }
  auto const slots = selector_.slots(method);
  return "all " + std::to_string(slots) + (slots == 1 ? " slot of " : " slots of ") + std::to_string(living) +
         (living == 1 ? " node are in use, " : " nodes are in use, ") + std::to_string(queue_.waiting(method)) +
         " calls of " + methods_.name(method) + " wait";
}

void registry::remove(node_entry& entry) noexcept {
  selector_.leave(*entry.load);
  table_.erase(entry);
}

void registry::update_eligible(node_entry& entry) {
  selector_.set_eligible(*entry.load, entry.state() == node_state::living);
}

void registry::members_changed() {
  // What a queued call avoids may be all that is left, so every class is looked at again.
  if (!queue_.empty()) selector_.mark_all_freed();
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

bool registry::may_take_one(node_class const& group) const noexcept {
  if (selector_.reserved() || queue_.waiting_alone() > 0) return true;
  call_needs least;
  least.brief = least.repeatable = queue_.waiting_for_window() > 0;
  return group.top() && has_room(*group.top(), least);
}

void registry::find_oldest(node_class const& group, std::size_t position, candidate& best) const noexcept {
  auto const waiting = queue_.waiting_methods();
  auto const before = [&](call_queue::urgency one) {
    return !best.load || one < call_queue::urgency_of(queue_.at(best.index));
  };
  if (position >= waiting.size() || !before(queue_.urgency_of(waiting[position]))) return;
  if (auto const method = waiting[position]; group.key().may_have(method)) {
    for (auto const lane :
         {call_queue::nested, call_queue::nested_particular, call_queue::top_level, call_queue::top_level_particular}) {
      auto const head = queue_.first(method, lane);
      if (head == ~0U || !before(call_queue::urgency_of(queue_.at(head)))) continue;
      auto const one = first_that_fits(method, lane);
      if (one.load && before(call_queue::urgency_of(queue_.at(one.index)))) best = one;
    }
  }
  // What lies below is less urgent: looked at only as far as nothing better was found.
  find_oldest(group, 2 * position + 1, best);
  find_oldest(group, 2 * position + 2, best);
}

registry::candidate registry::first_that_fits(method_ref method, call_queue::lane lane) const noexcept {
  bool const particular = lane == call_queue::nested_particular || lane == call_queue::top_level_particular;
  auto index = queue_.first(method, lane);
  for (unsigned looked = particular ? most_looked_at : 1; index != ~0U && looked > 0; --looked) {
    if (auto* load = selector_.find(queue_.at(index).needs)) return {index, load};
    index = queue_.at(index).next;
  }
  return {};
}

void registry::end_stale_reservation() {
  if (!queue_.contains(reserved_for_)) selector_.cancel_reservation();
}

void registry::reserve_for_alone() {
  std::uint32_t oldest = ~0U;
  for (auto const method : queue_.waiting_methods()) {
    for (auto const lane : {call_queue::nested_particular, call_queue::top_level_particular}) {
      auto index = queue_.first(method, lane);
      while (index != ~0U && !queue_.at(index).needs.alone) index = queue_.at(index).next;
      if (index == ~0U || !available(method)) continue;
      if (oldest == ~0U || queue_.at(index).order < queue_.at(oldest).order) oldest = index;
    }
  }
  if (oldest == ~0U) return;
  reserved_for_ = queue_.ticket_of(oldest);
  selector_.reserve(queue_.at(oldest).needs);
}

}  // namespace dist
