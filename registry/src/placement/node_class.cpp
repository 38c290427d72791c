#include "placement/node_class.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace dist {

bool class_key::lists(method_ref method) const noexcept { return std::ranges::binary_search(methods, method); }

bool class_key::may_have(method_ref method) const noexcept {
  return lists(method) || (kind == node_kind::go && !std::ranges::binary_search(unknown, method));
}

namespace {

std::uint32_t suspended(node_load const& load) noexcept {
  return load.holders > load.in_use ? load.holders - load.in_use : 0;
}

/// No room for a top-level call without a window.
bool is_full(node_load const& load) noexcept {
  return load.in_use >= load.slots || suspended(load) >= most_suspended_calls;
}

}  // namespace

bool less_used(node_load const& a, node_load const& b) noexcept {
  bool const a_full = is_full(a);
  bool const b_full = is_full(b);
  if (a_full != b_full) return b_full;
  // In this order a node without room never stands above one with room, so the top alone shows whether there is any.
  // Only a nested call may find its node below the top; then what runs on the top, and does not wait, ends and makes
  // room.
  auto const over = [](node_load const& load) { return std::uint64_t{std::max(load.in_use, load.slots)} - load.slots; };
  auto const left = a_full ? over(a) : std::uint64_t{a.in_use} * b.slots;
  auto const right = b_full ? over(b) : std::uint64_t{b.in_use} * a.slots;
  return left != right ? left < right : a.last_picked < b.last_picked;
}

bool has_room(node_load const& load, call_needs const& needs, std::uint32_t window) noexcept {
  if (needs.alone) return load.in_use == load.lent;
  auto const beyond = needs.may_use_window() ? window : 0U;
  if (needs.nested) return load.in_use < load.slots + std::max(beyond, std::min(load.lent, load.slots));
  return load.in_use < load.slots + beyond && suspended(load) < most_suspended_calls;
}

node_load* node_class::best(call_needs const& needs, std::uint32_t window) const noexcept {
  if (needs.is_choosy()) return best_below(0, needs, window);
  auto* load = top();
  return load && has_room(*load, needs, window) ? load : nullptr;
}

node_load* node_class::best_below(std::size_t index, call_needs const& needs, std::uint32_t window) const noexcept {
  // Nodes below another are not better, so the search continues only below shunned nodes.
  if (index >= heap_.size() || !has_room(*heap_[index], needs, window)) return nullptr;
  if (!needs.shuns(heap_[index]->id)) return heap_[index];
  auto* left = best_below(2 * index + 1, needs, window);
  auto* right = best_below(2 * index + 2, needs, window);
  if (!left || !right) return left ? left : right;
  return less_used(*right, *left) ? right : left;
}

void node_class::insert(node_load& load) {
  assert(load.position == ~0U);
  load.position = static_cast<std::uint32_t>(heap_.size());
  heap_.push_back(&load);
  moved_up(load);
}

void node_class::erase(node_load& load) noexcept {
  auto const index = std::exchange(load.position, ~0U);
  auto* last = heap_.back();
  heap_.pop_back();
  if (last == &load) return;
  place(index, last);
  moved_up(*last);
  moved_down(*last);
}

void node_class::moved_up(node_load& load) noexcept {
  std::size_t index = load.position;
  while (index > 0) {
    auto const parent = (index - 1) / 2;
    ++steps_;
    if (!less_used(load, *heap_[parent])) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, &load);
}

void node_class::moved_down(node_load& load) noexcept {
  std::size_t index = load.position;
  for (auto child = 2 * index + 1; child < heap_.size(); child = 2 * index + 1) {
    if (child + 1 < heap_.size() && less_used(*heap_[child + 1], *heap_[child])) ++child;
    ++steps_;
    if (!less_used(*heap_[child], load)) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, &load);
}

void node_class::place(std::size_t index, node_load* load) noexcept {
  heap_[index] = load;
  load->position = static_cast<std::uint32_t>(index);
}

}  // namespace dist
