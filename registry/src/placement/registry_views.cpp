#include <algorithm>
#include <ostream>

#include "placement/registry.hpp"

namespace dist {

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
