#include <dist/rpc/detail/timer_heap.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace dist {
namespace {

/// A bin is 2^28 ns, about 0.27 s.
std::int64_t bin_number(time_point when) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count() >> 28;
}

/// As many as there are bins.
std::size_t index_of(std::int64_t number) noexcept { return static_cast<std::size_t>(number) % 1024; }

timer_id make_id(std::uint32_t slot, std::uint32_t generation) noexcept {
  return static_cast<timer_id>(std::uint64_t{generation} << 32 | slot);
}

}  // namespace

bool timer_heap::before(entry const& a, entry const& b) noexcept {
  return a.when != b.when ? a.when < b.when : a.order < b.order;
}

timer_heap::timer_heap(time_point now) noexcept : begun_(bin_number(now)) { bins_.fill(nowhere); }

timer_id timer_heap::add(time_point when, std::function<void()> action) {
  if (free_.empty()) {
    auto const made = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
    heap_.reserve(slots_.capacity());
    free_.reserve(slots_.capacity());
    free_.push_back(made);
  }
  auto const index = free_.back();
  free_.pop_back();
  auto& made = slots_[index];
  made.action = std::move(action);
  made.when = when;
  made.order = scheduled_++;
  if (auto* const bin = bin_of(when))
    enter_bin(*bin, index);
  else
    enter_heap(index);
  return make_id(index, made.generation);
}

bool timer_heap::cancel(timer_id timer) noexcept {
  auto const value = static_cast<std::uint64_t>(timer);
  auto const index = static_cast<std::uint32_t>(value);
  if (index >= slots_.size() || slots_[index].generation != value >> 32) return false;
  if (auto const position = slots_[index].position; position != nowhere)
    leave_heap(position);
  else
    leave_bin(index);
  // The action may own anything; it is destroyed after the heap is consistent again.
  auto const action = release(index);
  return true;
}

std::optional<time_point> timer_heap::next_due() const noexcept {
  auto first = heap_.empty() ? time_point::max() : heap_.front().when;
  if (ahead_ == 0) return heap_.empty() ? std::nullopt : std::optional(first);
  // Timers in a bin expire before those in a later one.
  for (auto number = begun_ + 1; number <= bin_number(first); ++number) {
    auto at = bins_[index_of(number)];
    if (at == nowhere) continue;
    for (; at != nowhere; at = slots_[at].next) first = std::min(first, slots_[at].when);
    break;
  }
  return first;
}

std::function<void()> timer_heap::take_due(time_point now) {
  move_bins_until(now);
  if (heap_.empty() || heap_.front().when > now) return {};
  auto const index = heap_.front().slot;
  leave_heap(0);
  return release(index);
}

/// Null for timers that expire soon, and for those so far ahead that their bin is still used for an earlier time.
std::uint32_t* timer_heap::bin_of(time_point when) noexcept {
  auto const number = bin_number(when);
  if (number <= begun_ || number - begun_ >= static_cast<std::int64_t>(bins_.size())) return nullptr;
  return &bins_[index_of(number)];
}

void timer_heap::move_bins_until(time_point now) noexcept {
  auto const last = bin_number(now);
  // Once around is all there is.
  for (auto left = bins_.size(); begun_ < last && ahead_ > 0 && left > 0; --left) {
    auto& bin = bins_[index_of(++begun_)];
    while (bin != nowhere) {
      auto const index = bin;
      leave_bin(index);
      enter_heap(index);
    }
  }
  begun_ = std::max(begun_, last);
}

void timer_heap::enter_bin(std::uint32_t& bin, std::uint32_t index) noexcept {
  auto& entering = slots_[index];
  entering.position = nowhere;
  entering.previous = nowhere;
  entering.next = bin;
  if (bin != nowhere) slots_[bin].previous = index;
  bin = index;
  ++ahead_;
}

void timer_heap::leave_bin(std::uint32_t index) noexcept {
  auto const& leaving = slots_[index];
  auto& before_it =
      leaving.previous == nowhere ? bins_[index_of(bin_number(leaving.when))] : slots_[leaving.previous].next;
  before_it = leaving.next;
  if (leaving.next != nowhere) slots_[leaving.next].previous = leaving.previous;
  --ahead_;
}

void timer_heap::enter_heap(std::uint32_t index) noexcept {
  heap_.emplace_back();  // never allocates: add() has reserved
  sift_up(heap_.size() - 1, {slots_[index].when, slots_[index].order, index});
}

void timer_heap::place(std::size_t position, entry const& what) noexcept {
  heap_[position] = what;
  slots_[what.slot].position = static_cast<std::uint32_t>(position);
}

void timer_heap::sift_up(std::size_t position, entry const& what) noexcept {
  while (position > 0) {
    auto const parent = (position - 1) / 2;
    if (!before(what, heap_[parent])) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, what);
}

void timer_heap::sift_down(std::size_t position, entry const& what) noexcept {
  for (;;) {
    auto child = position * 2 + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], what)) break;
    place(position, heap_[child]);
    position = child;
  }
  place(position, what);
}

void timer_heap::leave_heap(std::size_t position) noexcept {
  auto const last = heap_.back();
  heap_.pop_back();
  if (position == heap_.size()) return;
  if (position > 0 && before(last, heap_[(position - 1) / 2]))
    sift_up(position, last);
  else
    sift_down(position, last);
}

std::function<void()> timer_heap::release(std::uint32_t index) noexcept {
  auto& freed = slots_[index];
  if (++freed.generation == 0) freed.generation = 1;
  free_.push_back(index);
  return std::exchange(freed.action, nullptr);
}

}  // namespace dist
