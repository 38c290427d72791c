#include <set>

#include "placement/registry.hpp"

namespace dist {

bool registry::available(call_needs const& needs) const noexcept {
  if (needs.pin == no_node_id) return selector_.able(needs) > 0;
  auto const* load = selector_.find(needs.pin);
  return load && load->eligible && needs.held_by != load->id && load->group->takes(needs);
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

}  // namespace dist
