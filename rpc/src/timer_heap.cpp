#include <dist/rpc/timer_heap.hpp>

#include <utility>

namespace dist {
namespace {

timer_id make_id(std::uint32_t slot, std::uint32_t generation) noexcept {
  return static_cast<timer_id>(std::uint64_t{generation} << 32 | slot);
}

}  // namespace

bool timer_heap::before(entry const& a, entry const& b) noexcept {
  return a.when != b.when ? a.when < b.when : a.order < b.order;
}

timer_id timer_heap::add(time_point when, std::function<void()> action) {
  if (free_.empty()) {
    auto const made = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
    free_.reserve(slots_.capacity());
    free_.push_back(made);
  }
  heap_.emplace_back();
  auto const index = free_.back();
  free_.pop_back();
  slots_[index].action = std::move(action);
  sift_up(heap_.size() - 1, {when, scheduled_++, index});
  return make_id(index, slots_[index].generation);
}

bool timer_heap::cancel(timer_id timer) noexcept {
  auto const value = static_cast<std::uint64_t>(timer);
  auto const index = static_cast<std::uint32_t>(value);
  if (index >= slots_.size() || slots_[index].generation != value >> 32) return false;
  // The action may own anything; it goes after the heap is whole again.
  auto const action = remove(slots_[index].position);
  return true;
}

std::optional<time_point> timer_heap::next_due() const noexcept {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().when;
}

std::function<void()> timer_heap::take_due(time_point now) {
  if (heap_.empty() || heap_.front().when > now) return {};
  return remove(0);
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

std::function<void()> timer_heap::remove(std::size_t position) noexcept {
  auto const index = heap_[position].slot;
  auto const last = heap_.back();
  heap_.pop_back();
  if (position < heap_.size()) {
    if (position > 0 && before(last, heap_[(position - 1) / 2]))
      sift_up(position, last);
    else
      sift_down(position, last);
  }
  auto& freed = slots_[index];
  if (++freed.generation == 0) freed.generation = 1;
  free_.push_back(index);
  return std::exchange(freed.action, nullptr);
}

}  // namespace dist
