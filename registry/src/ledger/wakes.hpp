#pragma once

#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <optional>
#include <vector>

#include "placement/indexed_heap.hpp"

namespace dist {

/// What a call waits for, when that has an end in time. A call waits for at most one of these at once.
enum class wake_reason : std::uint8_t {
  pause,        ///< before its next attempt
  node_wait,    ///< no node is here that could take it
  post_mortem,  ///< how the process that ran it ended
};

/// The times at which calls are to be looked at again, the earliest first; those of one time in the order in which they
/// were set. Reads no clock.
class wakes {
  struct entry {
    time_point due{};
    std::uint64_t order = 0;
    std::uint32_t position = not_in_heap;
    wake_reason why{};
  };

  auto before() const noexcept {
    return [this](std::uint32_t a, std::uint32_t b) {
      auto const& first = entries_[a];
      auto const& second = entries_[b];
      return first.due != second.due ? first.due < second.due : first.order < second.order;
    };
  }
  auto put() noexcept {
    return [this](std::uint32_t one, std::uint32_t position) { entries_[one].position = position; };
  }

 public:
  /// In the place of the one that the call has.
  void set(std::uint32_t call, time_point at, wake_reason why) {
    clear(call);
    if (call >= entries_.size()) entries_.resize(call + std::size_t{1});
    entries_[call] = {at, ++last_, not_in_heap, why};
    insert(heap_, call, before(), put());
  }
  void clear(std::uint32_t call) noexcept {
    if (is_set(call)) erase(heap_, entries_[call].position, before(), put());
  }
  bool is_set(std::uint32_t call) const noexcept {
    return call < entries_.size() && entries_[call].position != not_in_heap;
  }
  bool is_set(std::uint32_t call, wake_reason why) const noexcept { return is_set(call) && entries_[call].why == why; }
  /// max(): nothing is due.
  time_point next() const noexcept { return heap_.empty() ? time_point::max() : entries_[heap_.front()].due; }

  struct due {
    std::uint32_t call;
    wake_reason why;
  };
  /// Takes the earliest out if its time has come.
  std::optional<due> take(time_point now) noexcept {
    if (heap_.empty() || entries_[heap_.front()].due > now) return std::nullopt;
    auto const call = heap_.front();
    clear(call);
    return due{call, entries_[call].why};
  }

 private:
  std::vector<entry> entries_;  ///< by call
  std::vector<std::uint32_t> heap_;
  std::uint64_t last_ = 0;
};

}  // namespace dist
