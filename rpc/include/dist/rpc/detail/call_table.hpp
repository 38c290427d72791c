#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/call_id.hpp>
#include <optional>
#include <utility>
#include <vector>

namespace dist {

/// The calls that are in flight on one connection, found by their id in one step. An id is never valid twice: a late
/// answer finds nothing. Pure; `Entry` is the owner's data about a call and must be movable.
template <class Entry>
class call_table {
 public:
  call_table() noexcept = default;
  /// As after many calls: every place begins with this generation.
  explicit call_table(std::uint32_t first_generation) noexcept : first_generation_(first_generation) {}

  call_id open(Entry entry) {
    auto const id = take_free();
    places_[id.index].entry.emplace(std::move(entry));
    return id;
  }
  /// An entry to be filled in, good until the next open().
  std::pair<call_id, Entry&> open() {
    auto const id = take_free();
    return {id, places_[id.index].entry.emplace()};
  }

  /// Good until the next open().
  Entry* find(call_id id) noexcept {
    if (id.index >= places_.size()) return nullptr;
    auto& here = places_[id.index];
    return here.generation == id.generation && here.entry ? &*here.entry : nullptr;
  }

  Entry const* find(call_id id) const noexcept { return const_cast<call_table*>(this)->find(id); }

  /// Takes the call out; nothing when it is not there (any more).
  std::optional<Entry> close(call_id id) {
    auto* entry = find(id);
    if (!entry) return std::nullopt;
    std::optional<Entry> taken(std::move(*entry));
    erase(id);
    return taken;
  }

  /// Ends the call of an id that is here.
  void erase(call_id id) noexcept {
    auto& here = places_[id.index];
    here.entry.reset();
    here.generation = next_generation(here.generation);
    free_.push_back(id.index);
  }

  std::size_t size() const noexcept { return places_.size() - free_.size(); }
  bool empty() const noexcept { return size() == 0; }

  /// Takes all calls out, in no particular order.
  std::vector<Entry> close_all() {
    std::vector<Entry> taken;
    for (std::uint32_t index = 0; index < places_.size(); ++index)
      if (places_[index].entry) taken.push_back(std::move(*close({index, places_[index].generation})));
    return taken;
  }

  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::uint32_t index = 0; index < places_.size(); ++index)
      if (places_[index].entry) visit(call_id{index, places_[index].generation}, *places_[index].entry);
  }

 private:
  struct place {
    std::uint32_t generation = 1;
    std::optional<Entry> entry;
  };

  call_id take_free() {
    if (free_.empty()) {
      free_.reserve(places_.size() + 1);
      places_.emplace_back().generation = first_generation_;
      free_.push_back(static_cast<std::uint32_t>(places_.size() - 1));
    }
    auto const index = free_.back();
    free_.pop_back();
    return {index, places_[index].generation};
  }

  std::uint32_t first_generation_ = 1;
  std::vector<place> places_;
  std::vector<std::uint32_t> free_;
};

}  // namespace dist
