#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/clock.hpp>
#include <functional>
#include <optional>
#include <vector>

namespace dist {

/// The timers of a clock, in order of their time; those of one time in order of their scheduling. Reads no clock.
/// Adding and cancelling cost O(log n), and a cancelled timer leaves nothing behind.
class timer_heap {
 public:
  timer_id add(time_point when, std::function<void()> action);
  /// False when the timer has been taken or cancelled before.
  bool cancel(timer_id timer) noexcept;

  std::size_t size() const noexcept { return heap_.size(); }
  bool empty() const noexcept { return heap_.empty(); }
  std::optional<time_point> next_due() const noexcept;

  /// Takes out the first timer that is due at `now`; an empty function when none is.
  std::function<void()> take_due(time_point now);

 private:
  struct entry {
    time_point when;
    std::uint64_t order;
    std::uint32_t slot;
  };
  /// A timer's place in `heap_` and its action; an id is a slot's index and how often the slot has been used.
  struct slot {
    std::function<void()> action;
    std::uint32_t position = 0;
    std::uint32_t generation = 1;
  };

  static bool before(entry const& a, entry const& b) noexcept;
  void place(std::size_t position, entry const& what) noexcept;
  void sift_up(std::size_t position, entry const& what) noexcept;
  void sift_down(std::size_t position, entry const& what) noexcept;
  std::function<void()> remove(std::size_t position) noexcept;

  std::vector<entry> heap_;
  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_;  // capacity for every slot is reserved, so that removing never allocates
  std::uint64_t scheduled_ = 0;
};

}  // namespace dist
