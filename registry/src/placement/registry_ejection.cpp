#include <algorithm>

#include "placement/registry.hpp"

namespace dist {

namespace {

constexpr std::uint32_t most_brief_us = 100;  ///< the limit that a brief method promises

}  // namespace

registry::method_facts& registry::facts_of(method_ref method) {
  auto const index = static_cast<std::size_t>(method);
  if (index >= facts_.size()) facts_.resize(index + 1);
  return facts_[index];
}

void registry::declare_brief(method_ref method, bool brief) {
  facts_of(method).brief = brief;
  update_window(method);
}

void registry::makes_calls(method_ref method) {
  if (!std::exchange(facts_of(method).makes_calls, true)) update_window(method);
}

void registry::measured(method_ref method, std::uint32_t microseconds) {
  auto& facts = facts_of(method);
  facts.brief ? facts.time.add_usual(std::min(microseconds, most_brief_us)) : facts.time.add(microseconds);
  update_window(method);
}

void registry::update_window(method_ref method) {
  auto const& facts = facts_of(method);
  auto window = facts.time.window(settings_.window);
  if (facts.brief && !facts.time.is_measured()) window = std::min(settings_.window, settings_.brief_window);
  if (facts.makes_calls && !facts.brief) window = 0;
  if (window != selector_.window(method)) selector_.set_window(method, window);
}

std::optional<duration> registry::failed(lease const& held, method_ref method, std::uint32_t microseconds,
                                         time_point now, std::uint64_t random) {
  auto* load = held.load_;
  auto* entry = load && load->home ? table_.find(load->id) : nullptr;
  if (!entry) return {};
  // Slow failures do not attract calls.
  if (!facts_of(method).time.is_quick(microseconds)) return {};
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

}  // namespace dist
