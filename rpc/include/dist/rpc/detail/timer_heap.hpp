#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/clock.hpp>
#include <functional>
#include <optional>
#include <vector>

namespace dist {

/// The timers of a clock, in order of their time; those of one time in order of their scheduling. Reads no clock.
///
/// Most timers are deadlines that are cancelled long before they expire. So those that lie ahead stand unsorted in bins
/// of about a quarter of a second, a hashed timing wheel (Varghese and Lauck, 1987), and cost O(1) there; a bin that
/// becomes due moves into the heap, which sorts it. Adding and cancelling cost O(log n) there, and a cancelled timer
/// leaves nothing behind.
class timer_heap {
 public:
  /// `now` is when it is made: bins are counted from there.
  explicit timer_heap(time_point now = {}) noexcept;

  timer_id add(time_point when, std::function<void()> action);
  /// False when the timer has been taken or cancelled before.
  bool cancel(timer_id timer) noexcept;

  std::size_t size() const noexcept { return heap_.size() + ahead_; }
  bool empty() const noexcept { return size() == 0; }
  std::optional<time_point> next_due() const noexcept;

  /// Takes out the first timer that is due at `now`; an empty function when none is.
  std::function<void()> take_due(time_point now);

 private:
  static constexpr std::uint32_t nowhere = ~0U;

  struct entry {
    time_point when;
    std::uint64_t order;
    std::uint32_t slot;
  };
  /// A timer's place, in `heap_` or in a bin's list, and its action; an id is a slot's index and how often it was used.
  struct slot {
    std::function<void()> action;
    time_point when;
    std::uint64_t order = 0;
    std::uint32_t position = nowhere;  ///< in heap_; nowhere for one in a bin
    std::uint32_t previous = nowhere;
    std::uint32_t next = nowhere;
    std::uint32_t generation = 1;
  };

  static bool before(entry const& a, entry const& b) noexcept;
  std::uint32_t* bin_of(time_point when) noexcept;
  void enter_heap(std::uint32_t slot) noexcept;
  void leave_heap(std::size_t position) noexcept;
  void enter_bin(std::uint32_t& bin, std::uint32_t slot) noexcept;
  void leave_bin(std::uint32_t slot) noexcept;
  void move_bins_until(time_point now) noexcept;
  void place(std::size_t position, entry const& what) noexcept;
  void sift_up(std::size_t position, entry const& what) noexcept;
  void sift_down(std::size_t position, entry const& what) noexcept;
  std::function<void()> release(std::uint32_t slot) noexcept;

  // Capacity for every slot is reserved in the first two, so that only adding allocates.
  std::vector<entry> heap_;
  std::vector<std::uint32_t> free_;
  std::vector<slot> slots_;
  std::array<std::uint32_t, 1024> bins_;  ///< first slots of their lists
  std::int64_t begun_;                    ///< the bin of the latest time seen: it and those before are empty
  std::size_t ahead_ = 0;                 ///< timers in bins
  std::uint64_t scheduled_ = 0;
};

}  // namespace dist
