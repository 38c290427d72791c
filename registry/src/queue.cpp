#include <dist/registry/queue.hpp>

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace dist {
namespace {

constexpr std::uint32_t none = ~0U;
constexpr std::size_t kept_entries = 4096;

std::size_t index_of(method_ref method) { return static_cast<std::size_t>(method); }

}  // namespace

result<ticket> call_queue::push(call_ref call, call_needs const& needs) {
  if (auto why = refusal(needs)) return *std::move(why);
  if (index_of(needs.method) >= methods_.size()) methods_.resize(index_of(needs.method) + 1);
  auto const index = take_entry();
  auto& e = entries_[index];
  e.call = call;
  e.needs = needs;
  e.order = needs.moved ? --front_order_ : ++last_order_;
  e.used = true;
  link(index);
  heads_changed(needs.method);
  bytes_ += needs.bytes;
  count(needs, 1);
  return ticket{index, e.order};
}

bool call_queue::contains(ticket place) const noexcept {
  return place.index < entries_.size() && entries_[place.index].used && entries_[place.index].order == place.order;
}

bool call_queue::withdraw(ticket place) noexcept {
  if (!contains(place)) return false;
  unlink(place.index);
  auto& e = entries_[place.index];
  heads_changed(e.needs.method);
  bytes_ -= e.needs.bytes;
  count(e.needs, std::size_t{0} - 1);
  e.used = false;
  e.next = free_;
  free_ = place.index;
  if (size_ == 0) shrink();
  return true;
}

std::uint32_t call_queue::first(method_ref method, lane which) const noexcept {
  return index_of(method) < methods_.size() ? methods_[index_of(method)].lanes[which].head : none;
}

std::size_t call_queue::waiting(method_ref method) const noexcept {
  return index_of(method) < methods_.size() ? methods_[index_of(method)].count : 0;
}

call_queue::lane call_queue::lane_of(call_needs const& needs) noexcept {
  bool const particular = needs.alone || !needs.avoided.empty();
  if (needs.nested) return particular ? nested_particular : nested;
  return particular ? top_level_particular : top_level;
}

std::optional<fault> call_queue::refusal(call_needs const& needs) const {
  if (needs.moved) return {};
  std::string text;
  if (size_ >= bounds_.count) {
    text = "the queue holds " + std::to_string(size_) + " calls, its limit is " + std::to_string(bounds_.count);
  } else if (size_ != 0 && bytes_ + needs.bytes > bounds_.bytes) {
    text = "the queue holds " + std::to_string(bytes_) + " bytes of arguments, this call has " +
           std::to_string(needs.bytes) + ", the limit is " + std::to_string(bounds_.bytes);
  } else {
    return {};
  }
  auto why = make_fault(errc::overloaded, std::move(text));
  why.phase = "queueing";
  return why;
}

std::uint32_t call_queue::take_entry() {
  if (free_ == none) {
    assert(entries_.size() < none);
    entries_.emplace_back();
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }
  auto const index = free_;
  free_ = entries_[index].next;
  return index;
}

void call_queue::link(std::uint32_t index) noexcept {
  auto& e = entries_[index];
  auto& queue = methods_[index_of(e.needs.method)];
  auto& l = queue.lanes[lane_of(e.needs)];
  e.previous = e.next = none;
  if (l.head == none) {
    l.head = l.tail = index;
  } else if (e.needs.moved) {
    e.next = l.head;
    entries_[l.head].previous = index;
    l.head = index;
  } else {
    e.previous = l.tail;
    entries_[l.tail].next = index;
    l.tail = index;
  }
  ++queue.count;
}

void call_queue::unlink(std::uint32_t index) noexcept {
  auto const& e = entries_[index];
  auto& queue = methods_[index_of(e.needs.method)];
  auto& l = queue.lanes[lane_of(e.needs)];
  (e.previous == none ? l.head : entries_[e.previous].next) = e.next;
  (e.next == none ? l.tail : entries_[e.next].previous) = e.previous;
  --queue.count;
}

void call_queue::count(call_needs const& needs, std::size_t change) noexcept {
  size_ += change;
  if (needs.alone) alone_ += change;
  if (needs.may_use_window()) window_ += change;
}

void call_queue::heads_changed(method_ref method) {
  auto& queue = methods_[index_of(method)];
  if (queue.count == 0) {
    auto const position = std::exchange(queue.position, none);
    auto const last = waiting_.back();
    waiting_.pop_back();
    if (last == method) return;
    place(position, last);
    move_up(position);
    move_down(methods_[index_of(last)].position);
    return;
  }
  auto first = urgency{true, std::numeric_limits<std::int64_t>::max()};
  for (auto const& l : queue.lanes)
    if (l.head != none) first = std::min(first, urgency_of(entries_[l.head]));
  if (queue.position == none) {
    queue.position = static_cast<std::uint32_t>(waiting_.size());
    waiting_.push_back(method);
  } else if (first == queue.first) {
    return;
  }
  queue.first = first;
  move_up(queue.position);
  move_down(queue.position);
}

void call_queue::move_up(std::size_t position) noexcept {
  auto const method = waiting_[position];
  while (position > 0) {
    auto const parent = (position - 1) / 2;
    if (!(urgency_of(method) < urgency_of(waiting_[parent]))) break;
    place(position, waiting_[parent]);
    position = parent;
  }
  place(position, method);
}

void call_queue::move_down(std::size_t position) noexcept {
  auto const method = waiting_[position];
  for (auto child = 2 * position + 1; child < waiting_.size(); child = 2 * position + 1) {
    if (child + 1 < waiting_.size() && urgency_of(waiting_[child + 1]) < urgency_of(waiting_[child])) ++child;
    if (!(urgency_of(waiting_[child]) < urgency_of(method))) break;
    place(position, waiting_[child]);
    position = child;
  }
  place(position, method);
}

void call_queue::place(std::size_t position, method_ref method) noexcept {
  waiting_[position] = method;
  methods_[index_of(method)].position = static_cast<std::uint32_t>(position);
}

void call_queue::shrink() noexcept {
  // A burst of a million calls must not keep its memory for ever. Orders are never reused, so old tickets stay stale.
  if (entries_.size() <= kept_entries) return;
  entries_ = {};
  free_ = none;
}

}  // namespace dist
