#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dist {

// A binary heap of numbers whose owners know their positions: `before(a, b)` orders two of them, `put(number,
// position)` is told its current position.

inline constexpr std::uint32_t not_in_heap = ~0U;

/// The order of the one at `position` has changed.
template <class Before, class Put>
void restore(std::vector<std::uint32_t>& heap, std::size_t position, Before const& before, Put const& put) {
  auto const one = heap[position];
  auto const stand = [&](std::size_t at, std::uint32_t who) {
    heap[at] = who;
    put(who, static_cast<std::uint32_t>(at));
  };
  while (position > 0 && before(one, heap[(position - 1) / 2])) {
    stand(position, heap[(position - 1) / 2]);
    position = (position - 1) / 2;
  }
  for (auto child = 2 * position + 1; child < heap.size(); child = 2 * position + 1) {
    if (child + 1 < heap.size() && before(heap[child + 1], heap[child])) ++child;
    if (!before(heap[child], one)) break;
    stand(position, heap[child]);
    position = child;
  }
  stand(position, one);
}

template <class Before, class Put>
void insert(std::vector<std::uint32_t>& heap, std::uint32_t one, Before const& before, Put const& put) {
  heap.push_back(one);
  restore(heap, heap.size() - 1, before, put);
}

template <class Before, class Put>
void erase(std::vector<std::uint32_t>& heap, std::size_t position, Before const& before, Put const& put) {
  put(heap[position], not_in_heap);
  auto const last = heap.back();
  heap.pop_back();
  if (position == heap.size()) return;
  heap[position] = last;
  restore(heap, position, before, put);
}

}  // namespace dist
