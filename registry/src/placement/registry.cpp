#include "placement/registry.hpp"

#include <algorithm>
#include <cassert>
#include <ostream>
#include <set>

namespace dist {
namespace {

/// Never used by the table: placeholders for absent nodes have this index.
constexpr auto no_index = std::uint64_t{0xFFFFFFFF} << 32;

bool is_absent(node_id id) { return (static_cast<std::uint64_t>(id) & no_index) == no_index; }

}  // namespace

registry::registry(registry_settings settings)
    : settings_(settings),
      methods_(settings.method_count),
      windows_(settings.window, settings.brief_window),
      label_filters_(settings.label_filter_count),
      queue_(settings.queue),
      matcher_(queue_, selector_),
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

void registry::declare_brief(method_ref method, bool brief) {
  windows_.declare_brief(method, brief);
  set_window(method, windows_.of(method));
}

void registry::makes_calls(method_ref method) {
  if (windows_.makes_calls(method)) set_window(method, windows_.of(method));
}

void registry::measured(method_ref method, std::uint32_t microseconds) {
  set_window(method, windows_.measured(method, microseconds));
}

void registry::set_window(method_ref method, std::uint32_t calls) {
  if (calls != selector_.window(method)) selector_.set_window(method, calls);
}

std::optional<duration> registry::failed(lease const& held, method_ref method, std::uint32_t microseconds,
                                         time_point now, std::uint64_t random) {
  auto* load = held.load_;
  auto* entry = load && load->home ? table_.find(load->id) : nullptr;
  if (!entry) return {};
  // Slow failures do not attract calls.
  if (!windows_.is_quick(method, microseconds)) return {};
  // A method that fails everywhere does not count against a node.
  auto const is_method = selector_.others_fail(*load, method);
  selector_.failed(*load, method);
  if (is_method) return {};
  auto& record = load->record;
  if (record.is_aside()) {
    // Calls that ran there when it was set aside tell nothing new.
    if (!held.use_.is_try) return {};
    return record.set_aside(settings_.ejection, now, random);
  }
  if (!record.failed(settings_.ejection) || !selector_.may_set_aside(*load)) return {};
  auto const pause = record.set_aside(settings_.ejection, now, random);
  aside_.push_back(load->id);
  update_eligible(*entry);
  members_changed();
  return pause;
}

bool registry::recovered(node_load& load, method_ref method) {
  selector_.succeeded(load, method);
  if (!load.record.succeeded()) return false;
  std::erase(aside_, load.id);
  if (auto* entry = table_.find(load.id)) update_eligible(*entry);
  members_changed();
  return true;
}

void registry::offer_tries(time_point now) {
  for (auto const id : aside_) {
    auto* entry = table_.find(id);
    if (!entry || entry->state() != node_state::set_aside) continue;
    auto& load = *entry->load;
    if (load.record.is_due(now) && !load.tried && !load.to_be_tried) selector_.offer_try(load);
  }
}

void registry::take_back_excess() {
  std::erase_if(aside_, [&](node_id id) { return !table_.find(id); });
  // Silent and draining nodes take no calls anyway.
  for (std::size_t n = 0; n < aside_.size();) {
    auto& entry = *table_.find(aside_[n]);
    if (entry.state() != node_state::set_aside || selector_.may_set_aside(*entry.load)) {
      ++n;
      continue;
    }
    came_back_.push_back({entry.id, liveness_change::needed_again});
    aside_.erase(aside_.begin() + static_cast<std::ptrdiff_t>(n));
    entry.load->record.succeeded();
    update_eligible(entry);
  }
}

placement registry::submit(call_no call, call_needs const& needs) {
  assert(static_cast<std::size_t>(needs.method) < methods_.size());
  placement out;
  if (needs.pin != no_node_id) {
    if (auto why = refusal(needs)) {
      out.why = std::move(why);
      return out;
    }
  }
  // No call overtakes waiting calls of the same method.
  if (queue_.empty() || queue_.waiting_plain(needs.method) == 0) {
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
  if (needs.pin != no_node_id)
    if (auto* load = selector_.find(needs.pin)) selector_.set_waited_for(*load, true);
  // It may go at once nevertheless: ahead of those that wait, or because they wait for something else.
  if (queue_.waiting(needs.method) > 1 && selector_.find(needs)) matcher_.mark_freed(needs);
  return out;
}

std::optional<fault> registry::ask(std::span<std::string const> written, call_needs& needs) {
  auto const read = read_needs(written);
  if (!read) return read.error();
  auto const labels = label_filters_.intern(read->labels);
  if (!labels) return labels.error();
  if (selector_.label_filter_count() < label_filters_.size()) selector_.add_label_filter(read->labels);
  needs.labels = *labels;
  needs.pin = read->node ? pin_of(*read->node) : no_node_id;
  return {};
}

node_id registry::pin_of(std::string const& name) {
  if (auto const* entry = table_.by_name(name)) return entry->id;
  if (auto const known = absent_.find(name); known != absent_.end()) return known->second;
  if (absent_.size() > 64 + 2 * queue_.size())
    std::erase_if(absent_, [&](auto const& one) { return queue_.lines_for(one.second).empty(); });
  auto const stands_for = static_cast<node_id>(no_index | ++last_absent_);
  absent_.emplace(name, stands_for);
  return stands_for;
}

std::optional<fault> registry::refusal(call_needs const& needs) const {
  auto const* entry = table_.find(needs.pin);
  if (!entry) {
    if (is_absent(needs.pin) && !needs.moved) return {};
    return make_fault(errc::no_node,
                      is_absent(needs.pin) ? why_pinned(needs) : "the node to which the call was pinned has left");
  }
  auto const& group = *entry->load->group;
  if (!group.key().may_have(needs.method))
    return make_fault(errc::unknown_method,
                      "node " + entry->info.name + " has no method " + methods_.name(needs.method));
  if (!group.meets(needs.labels))
    return make_fault(errc::no_node,
                      "node " + entry->info.name + " does not have the " + to_text(label_filters_.at(needs.labels)));
  return {};
}

void registry::bind_pins(node_entry& entry) {
  auto const waited = absent_.extract(entry.info.name);
  if (!waited) return;
  queue_.rename_pin(waited.mapped(), entry.id);
  strand_hopeless(entry.id);
  if (!queue_.lines_for(entry.id).empty()) selector_.set_waited_for(*entry.load, true);
}

void registry::strand_hopeless(node_id node) {
  std::vector<std::uint32_t> hopeless;
  for (auto const line : queue_.lines_for(node)) hopeless.push_back(line);
  for (auto const line : hopeless) {
    call_needs needs;
    needs.method = queue_.key_of(line).method;
    needs.labels = queue_.key_of(line).labels;
    needs.pin = node;
    if (auto const why = refusal(needs)) strand(line, *why);
  }
}

void registry::strand(std::uint32_t line, fault const& why) {
  for (std::size_t lane = 0; lane < call_queue::lane_count; ++lane) {
    for (;;) {
      auto const index = queue_.first(line, static_cast<call_queue::lane>(lane));
      if (index == ~0U) break;
      stranded_.push_back({queue_.at(index).call, why});
      stranded_.back().why.method = methods_.name(queue_.at(index).needs.method);
      stranded_.back().why.phase = "queueing";
      queue_.withdraw(queue_.ticket_of(index));
    }
  }
}

std::string registry::why_pinned(call_needs const& needs) const {
  auto const* entry = table_.find(needs.pin);
  if (!entry) {
    for (auto const& [name, id] : absent_)
      if (id == needs.pin) return "no node has the name " + name;
    return "the node to which it is pinned has left";
  }
  if (entry->state() != node_state::living)
    return "node " + entry->info.name + " is " + std::string(to_text(entry->state()));
  auto const slots = entry->load->slots;
  return (slots == 1 ? "the slot of node " : "all " + std::to_string(slots) + " slots of node ") + entry->info.name +
         (slots == 1 ? " is in use" : " are in use");
}

std::string registry::why_waiting(call_needs const& needs) const {
  if (table_.size() == 0) return "no node has joined";
  if (needs.pin != no_node_id) return why_pinned(needs);
  auto const living = selector_.able(needs);
  auto const with = needs.labels == no_label_filter ? std::string() : to_text(label_filters_.at(needs.labels));
  if (living == 0) {
    if (!with.empty() && !selector_.anybody_meets(needs.labels)) return "no node has " + with;
    auto text = "no living node " + (with.empty() ? "" : "with " + with + " ") +
                (needs.not_in_go ? "other than Go nodes " : "") + "has the method " +
                methods_.name(needs.method);
    auto const all = counts();
    if (all.suspect > 0) text += "; silent nodes: " + std::to_string(all.suspect);
    if (all.set_aside > 0) text += "; set aside for failures: " + std::to_string(all.set_aside);
    if (all.draining > 0) text += "; draining nodes: " + std::to_string(all.draining);
    return text;
  }
  auto const slots = selector_.slots(needs.method, needs.labels);
  return "all " + std::to_string(slots) + (slots == 1 ? " slot of " : " slots of ") + std::to_string(living) +
         (living == 1 ? " node" : " nodes") + (with.empty() ? "" : " with " + with) + " are in use, " +
         std::to_string(queue_.waiting(needs.method)) + " calls of " + methods_.name(needs.method) + " wait";
}

/// The reasons of those lines of the queue that `concerns` is true of.
template <class Concerns>
std::vector<std::string> registry::reasons_of(std::size_t most, Concerns concerns) const {
  std::set<std::string> reasons;
  for (std::uint32_t line = 0; line < queue_.line_count() && reasons.size() < most; ++line) {
    if (queue_.waiting_in(line) == 0) continue;
    auto const& key = queue_.key_of(line);
    call_needs needs;
    needs.method = key.method;
    needs.labels = key.labels;
    needs.pin = key.pin;
    if (concerns(needs)) reasons.insert(why_waiting(needs));
  }
  return {reasons.begin(), reasons.end()};
}

std::vector<std::string> registry::why_waiting(std::size_t most) const {
  return reasons_of(most, [](call_needs const&) { return true; });
}

std::vector<std::string> registry::why_without_node(std::size_t most) const {
  return reasons_of(most, [this](call_needs const& needs) { return !available(needs); });
}

std::vector<node_view> registry::nodes() const {
  std::vector<node_view> out;
  out.reserve(table_.size());
  for (auto const& entry : table_.entries()) {
    if (!entry) continue;
    out.push_back({entry->id, &entry->info, entry->state(), entry->load->in_use, entry->load->abandoned,
                   entry->joined_at, entry->beat.last_heard});
  }
  return out;
}

std::vector<node_info const*> registry::nodes_for(call_needs const& needs) const {
  std::vector<node_info const*> found;
  for (auto const& entry : table_.entries())
    if (entry && !entry->draining && (needs.pin == no_node_id || needs.pin == entry->id) &&
        entry->load->group->serves(needs.method, needs.labels))
      found.push_back(&entry->info);
  std::ranges::sort(found, {}, &node_info::name);
  return found;
}

registry_counts registry::counts() const noexcept {
  registry_counts out;
  out.nodes = table_.size();
  out.queued = queue_.size();
  out.queued_bytes = queue_.bytes();
  out.living = table_.count_of(node_state::living);
  out.suspect = table_.count_of(node_state::suspect);
  out.draining = table_.count_of(node_state::draining);
  out.set_aside = table_.count_of(node_state::set_aside);
  out.slots = table_.living_slots();
  out.in_use = selector_.in_use();
  out.abandoned = selector_.abandoned();
  return out;
}

node_info const* registry::find(node_id node) const noexcept {
  auto const* entry = table_.find(node);
  return entry ? &entry->info : nullptr;
}

std::optional<node_state> registry::state(node_id node) const noexcept {
  auto const* entry = table_.find(node);
  return entry ? std::optional(entry->state()) : std::nullopt;
}

bool registry::is_silent(node_id node) const noexcept {
  auto const* entry = table_.find(node);
  return entry && entry->beat.suspect;
}

std::string_view to_text(placing what) noexcept {
  switch (what) {
    case placing::placed:
      return "placed";
    case placing::queued:
      return "queued";
    case placing::refused:
      return "refused";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, placing what) { return out << to_text(what); }

}  // namespace dist
