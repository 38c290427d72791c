#include "nodes/node_table.hpp"

#include <algorithm>
#include <cassert>

namespace dist {
namespace {

constexpr std::uint32_t most_slots = 1'000'000;
/// Every failure on the node has its name in it.
constexpr std::size_t name_bytes = 255;

}  // namespace

result<node_table::admission> node_table::admit(node_info const& info) const {
  if (info.name.empty()) return make_fault(errc::denied, "a node needs a name");
  if (info.name.size() > name_bytes)
    return make_fault(errc::limit_exceeded, "a node name has at most " + std::to_string(name_bytes) + " bytes, not " +
                                                std::to_string(info.name.size()));
  if (info.slots == 0 || info.slots > most_slots) {
    return make_fault(errc::limit_exceeded, "node " + info.name + " reports " + std::to_string(info.slots) +
                                                " slots; it must be 1 to " + std::to_string(most_slots));
  }
  if (auto const same = incarnations_.find(info.incarnation); info.incarnation != 0 && same != incarnations_.end()) {
    auto const& entry = *find(same->second);
    if (entry.asked_name == info.name) return admission{entry.info.name, entry.suffix, entry.id};
  }
  auto const* other = by_name(info.name);
  if (!other) return admission{info.name, 0, {}};
  if (info.kind == node_kind::go && other->info.kind == node_kind::go) return admission{info.name, 0, other->id};
  if (info.name_is_default) return free_name(info.name);
  if (other->state() == node_state::suspect) return admission{info.name, 0, other->id};
  return make_fault(errc::denied, "a " + std::string(to_text(other->state())) + " node at " + other->info.address +
                                      " already has the name " + info.name);
}

node_entry& node_table::add(node_info info, admission how, time_point now) {
  if (free_.empty()) {
    free_.reserve(entries_.size() + 1);
    free_.push_back(static_cast<std::uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  auto entry = std::make_unique<node_entry>();
  auto const index = free_.back();
  entry->id = static_cast<node_id>((std::uint64_t{index} << 32) | ++joins_);
  entry->asked_name = std::exchange(info.name, std::move(how.name));
  entry->suffix = how.suffix;
  entry->info = std::move(info);
  entry->beat.last_heard = entry->joined_at = now;
  assert(!names_.contains(entry->info.name));
  names_.emplace(entry->info.name, entry->id);
  if (entry->info.incarnation != 0) incarnations_[entry->info.incarnation] = entry->id;
  if (entry->info.name_is_default) {
    auto& shared = defaults_[entry->asked_name];
    ++shared.nodes;
    if (entry->suffix != 0) shared.lowest = std::max(shared.lowest, entry->suffix + 1);
  }
  free_.pop_back();
  ++size_;
  return *(entries_[index] = std::move(entry));
}

void node_table::uncount(node_entry& entry) noexcept {
  if (!entry.counted_as) return;
  --counts_[static_cast<std::size_t>(*entry.counted_as)];
  if (*entry.counted_as == node_state::living) living_slots_ -= entry.info.slots;
  entry.counted_as.reset();
}

void node_table::count(node_entry& entry) noexcept {
  uncount(entry);
  auto const now = entry.state();
  ++counts_[static_cast<std::size_t>(now)];
  if (now == node_state::living) living_slots_ += entry.info.slots;
  entry.counted_as = now;
}

void node_table::erase(node_entry& entry) noexcept {
  uncount(entry);
  names_.erase(entry.info.name);
  if (auto const own = incarnations_.find(entry.info.incarnation);
      own != incarnations_.end() && own->second == entry.id) {
    incarnations_.erase(own);
  }
  if (auto const shared = defaults_.find(entry.asked_name); entry.info.name_is_default && shared != defaults_.end()) {
    if (entry.suffix != 0) shared->second.lowest = std::min(shared->second.lowest, entry.suffix);
    if (--shared->second.nodes == 0) defaults_.erase(shared);
  }
  auto const index = static_cast<std::uint32_t>(static_cast<std::uint64_t>(entry.id) >> 32);
  entries_[index].reset();
  free_.push_back(index);  // never allocates: add() has reserved
  --size_;
}

node_entry const* node_table::by_name(std::string const& name) const noexcept {
  auto const found = names_.find(name);
  return found == names_.end() ? nullptr : find(found->second);
}

node_table::admission node_table::free_name(std::string const& base) const {
  auto const shared = defaults_.find(base);
  for (auto suffix = shared == defaults_.end() ? 2U : shared->second.lowest;; ++suffix) {
    auto name = base + '#' + std::to_string(suffix);
    if (!names_.contains(name)) return {std::move(name), suffix, {}};
  }
}

}  // namespace dist
