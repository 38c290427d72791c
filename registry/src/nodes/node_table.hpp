#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/result.hpp>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "nodes/liveness.hpp"
#include "nodes/node_info.hpp"
#include "placement/lease.hpp"

namespace dist {

/// One node while it is here.
struct node_entry {
  node_id id{};
  node_info info;
  node_load* load = nullptr;
  pulse beat;
  time_point joined_at{};
  bool draining = false;
  std::string asked_name;    ///< before it got a suffix
  std::uint32_t suffix = 0;  ///< 0: none
  std::optional<node_state> counted_as;

  node_state state() const noexcept {
    if (draining) return node_state::draining;
    if (beat.suspect) return node_state::suspect;
    return load && load->record.is_aside() ? node_state::set_aside : node_state::living;
  }
};

/// The nodes, by id and by name; decides which of two nodes with one name stays.
class node_table {
 public:
  /// The steps needed before a node can be added.
  struct admission {
    std::string name;                 ///< the name it gets
    std::uint32_t suffix = 0;         ///< the number after its `#`, 0 if there is none
    std::optional<node_id> replaces;  ///< an older stay that ends first
  };

  /// The same process again, or a Go node that registered again, replaces itself; a suspect node gives way to another
  /// process that was given the same name; otherwise a default name gets a suffix `#2`, `#3`, ...
  ///
  /// Errors  errc::denied for a chosen name that a living node has; errc::limit_exceeded for a slot count of nonsense.
  result<admission> admit(node_info const& info) const;

  /// `how` is the result of admit(); the replaced entry must be gone.
  node_entry& add(node_info info, admission how, time_point now);
  void erase(node_entry& entry) noexcept;

  node_entry* find(node_id id) noexcept {
    auto const index = static_cast<std::uint64_t>(id) >> 32;
    if (index >= entries_.size()) return nullptr;
    auto* entry = entries_[index].get();
    return entry && entry->id == id ? entry : nullptr;
  }
  node_entry const* find(node_id id) const noexcept { return const_cast<node_table*>(this)->find(id); }
  node_entry const* by_name(std::string const& name) const noexcept;
  std::size_t size() const noexcept { return size_; }
  /// Counts the entry by its current state, which may have changed.
  void count(node_entry& entry) noexcept;
  /// How many are in this state.
  std::size_t count_of(node_state state) const noexcept { return counts_[static_cast<std::size_t>(state)]; }
  /// Slots of all living nodes.
  std::uint64_t living_slots() const noexcept { return living_slots_; }
  /// With holes: null for free ids.
  std::vector<std::unique_ptr<node_entry>> const& entries() const noexcept { return entries_; }

 private:
  /// Nodes that share a default name, which is common: many of them on one machine.
  struct default_name {
    std::uint32_t nodes = 0;
    std::uint32_t lowest = 2;  ///< no suffix below it is free
  };

  void uncount(node_entry& entry) noexcept;
  admission free_name(std::string const& base) const;

  std::vector<std::unique_ptr<node_entry>> entries_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::string, node_id> names_;
  std::unordered_map<std::uint64_t, node_id> incarnations_;
  std::unordered_map<std::string, default_name> defaults_;
  std::uint32_t joins_ = 0;
  std::size_t size_ = 0;
  std::array<std::size_t, 5> counts_{};  ///< by node_state
  std::uint64_t living_slots_ = 0;
};

}  // namespace dist
