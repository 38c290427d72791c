#include "placement/queue.hpp"

#include <algorithm>
#include <cassert>

namespace dist {
namespace {

constexpr std::uint32_t none = ~0U;
constexpr std::size_t kept_entries = 4096;

std::size_t index_of(method_ref method) { return static_cast<std::size_t>(method); }

}  // namespace

result<ticket> call_queue::push(call_ref call, call_needs const& needs) {
  if (auto why = refusal(needs)) return *std::move(why);
  if (index_of(needs.method) >= methods_.size()) methods_.resize(index_of(needs.method) + 1);
  auto const line = line_for({needs.method, needs.labels, needs.pin, needs.caller, needs.repeatable});
  auto const index = take_entry();
  auto& e = entries_[index];
  e.call = call;
  e.needs = needs;
  e.line = line;
  e.order = needs.moved ? --front_order_ : ++last_order_;
  e.used = true;
  link(index);
  count(needs, 1);
  bytes_ += needs.bytes;
  heads_changed(line);
  return ticket{index, e.order};
}

void call_queue::take(std::uint32_t index) noexcept {
  auto& caller = callers_[lines_[entries_[index].line].caller];
  turn_ = std::max(turn_, caller.turn);
  // A caller that could not be served for a while has saved up one turn, not all of them.
  caller.turn = std::max(caller.turn + 1, turn_);
  withdraw(ticket_of(index));
}

bool call_queue::contains(ticket place) const noexcept {
  return place.index < entries_.size() && entries_[place.index].used && entries_[place.index].order == place.order;
}

bool call_queue::withdraw(ticket place) noexcept {
  if (!contains(place)) return false;
  unlink(place.index);
  auto& e = entries_[place.index];
  count(e.needs, std::size_t{0} - 1);
  bytes_ -= e.needs.bytes;
  heads_changed(e.line);
  e.used = false;
  e.next = free_;
  free_ = place.index;
  if (size_ == 0) shrink();
  return true;
}

std::size_t call_queue::waiting(method_ref method) const noexcept {
  return index_of(method) < methods_.size() ? methods_[index_of(method)].all : 0;
}

std::size_t call_queue::waiting_plain(method_ref method) const noexcept {
  return index_of(method) < methods_.size() ? methods_[index_of(method)].all - methods_[index_of(method)].particular
                                            : 0;
}

call_queue::lane call_queue::lane_of(call_needs const& needs) noexcept {
  if (needs.nested) return is_particular(needs) ? nested_particular : nested;
  return is_particular(needs) ? top_level_particular : top_level;
}

std::optional<fault> call_queue::refusal(call_needs const& needs) const {
  if (needs.moved) return {};
  std::string text;
  if (size_ >= bounds_.count) {
    text = "the queue holds " + std::to_string(size_) + " calls, its limit is " + std::to_string(bounds_.count) +
           "; start fewer calls at once (fan_out().window limits a fan-out)";
  } else if (size_ != 0 && bytes_ + needs.bytes > bounds_.bytes) {
    text = "the queue holds " + std::to_string(bytes_) + " bytes of arguments, this call has " +
           std::to_string(needs.bytes) + ", the limit is " + std::to_string(bounds_.bytes) +
           "; start fewer calls at once, or with smaller arguments (fan_out().window_bytes limits a fan-out)";
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
  auto& line = lines_[e.line];
  auto& l = line.lanes[lane_of(e.needs)];
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
  if (line.count++ == 0) ++filled_lines_;
  // A new caller starts one turn after those that wait.
  if (auto& caller = callers_[line.caller]; caller.count++ == 0) caller.turn = turn_ + 1;
}

void call_queue::unlink(std::uint32_t index) noexcept {
  auto const& e = entries_[index];
  auto& line = lines_[e.line];
  auto& l = line.lanes[lane_of(e.needs)];
  (e.previous == none ? l.head : entries_[e.previous].next) = e.next;
  (e.next == none ? l.tail : entries_[e.next].previous) = e.previous;
  if (--line.count == 0) --filled_lines_;
  --callers_[line.caller].count;
}

void call_queue::count(call_needs const& needs, std::size_t change) noexcept {
  size_ += change;
  methods_[index_of(needs.method)].all += change;
  if (is_particular(needs)) methods_[index_of(needs.method)].particular += change;
  if (needs.alone) alone_ += change;
  if (needs.may_use_window()) window_ += change;
}

void call_queue::shrink() noexcept {
  // A burst of a million calls must not hold its memory indefinitely. Orders are never reused, so old tickets stay
  // stale.
  if (entries_.size() <= kept_entries) return;
  entries_ = {};
  free_ = none;
}

}  // namespace dist
