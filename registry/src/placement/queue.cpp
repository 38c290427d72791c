#include "placement/queue.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>

#include "placement/indexed_heap.hpp"

namespace dist {
namespace {

constexpr std::uint32_t none = ~0U;
constexpr std::size_t kept_entries = 4096;
constexpr std::size_t kept_lines = 64;

std::size_t index_of(method_ref method) { return static_cast<std::size_t>(method); }

}  // namespace

result<ticket> call_queue::push(call_no call, call_needs const& needs) {
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

std::size_t call_queue::key_hash::operator()(line_key const& key) const noexcept {
  auto mixed = static_cast<std::uint64_t>(key.pin) + (key.repeatable ? 1 : 0);
  for (auto const part : {static_cast<std::uint64_t>(key.method), static_cast<std::uint64_t>(key.labels),
                          static_cast<std::uint64_t>(key.caller)}) {
    mixed = (mixed ^ part) * 0x9E3779B97F4A7C15U;
    mixed ^= mixed >> 29;
  }
  return static_cast<std::size_t>(mixed);
}

std::uint32_t call_queue::line_for(line_key const& key) {
  if (last_line_ != none && lines_[last_line_].key == key) return last_line_;
  if (auto const known = line_numbers_.find(key); known != line_numbers_.end()) return last_line_ = known->second;
  if (line_numbers_.size() >= kept_lines + 2 * filled_lines_) forget_empty_lines();
  auto number = static_cast<std::uint32_t>(lines_.size());
  if (free_lines_.empty()) {
    lines_.emplace_back();
    free_lines_.reserve(lines_.size());
  } else {
    number = free_lines_.back();
    free_lines_.pop_back();
  }
  auto& made = lines_[number];
  made = {};
  made.key = key;
  made.used = true;
  made.caller = caller_for(key.caller);
  ++callers_[made.caller].line_count;
  line_numbers_.emplace(key, number);
  return last_line_ = number;
}

std::uint32_t call_queue::caller_for(caller_ref name) {
  // Only for a new line, and there are few callers: a scan is enough.
  auto at =
      std::ranges::find_if(callers_, [&](caller_entry const& one) { return one.line_count > 0 && one.name == name; });
  if (at == callers_.end()) {
    at = std::ranges::find(callers_, 0U, &caller_entry::line_count);
    if (at == callers_.end()) at = callers_.emplace(at);
    *at = {};
    at->name = name;
  }
  return static_cast<std::uint32_t>(at - callers_.begin());
}

void call_queue::forget_empty_lines() {
  for (std::uint32_t number = 0; number < lines_.size(); ++number) {
    auto& one = lines_[number];
    if (!one.used || one.count > 0) continue;
    line_numbers_.erase(one.key);
    --callers_[one.caller].line_count;
    one.used = false;
    free_lines_.push_back(number);
  }
  last_line_ = none;
}

void call_queue::heads_changed(std::uint32_t number) {
  auto& line = lines_[number];
  auto first = std::pair(true, INT64_MAX);
  for (auto const& l : line.lanes)
    if (l.head != none) first = std::min(first, std::pair(!entries_[l.head].needs.nested, entries_[l.head].order));
  std::tie(line.top_level, line.order) = first;
  if (line.key.pin == no_node_id)
    settle_in_turns(number);
  else
    settle_at_node(number);
  settle_caller(line.caller);
}

void call_queue::settle_at_node(std::uint32_t number) {
  auto& line = lines_[number];
  if (line.count > 0 && line.position == none) {
    auto& there = at_node_[line.key.pin];
    line.position = static_cast<std::uint32_t>(there.size());
    there.push_back(number);
  } else if (line.count == 0 && line.position != none) {
    auto const found = at_node_.find(line.key.pin);
    auto& there = found->second;
    lines_[there.back()].position = line.position;
    there[line.position] = there.back();
    there.pop_back();
    line.position = none;
    if (there.empty()) at_node_.erase(found);
  }
}

void call_queue::settle_in_turns(std::uint32_t number) {
  auto& line = lines_[number];
  auto& heap = callers_[line.caller].lines;
  auto const before = [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(lines_[a].top_level, lines_[a].order) < std::pair(lines_[b].top_level, lines_[b].order);
  };
  auto const put = [&](std::uint32_t one, std::uint32_t position) { lines_[one].position = position; };
  if (line.count == 0)
    erase(heap, line.position, before, put);
  else if (line.position == none)
    insert(heap, number, before, put);
  else
    restore(heap, line.position, before, put);
}

void call_queue::settle_caller(std::uint32_t number) {
  auto& one = callers_[number];
  auto const before = [&](std::uint32_t a, std::uint32_t b) { return urgency_of_caller(a) < urgency_of_caller(b); };
  auto const put = [&](std::uint32_t who, std::uint32_t position) { callers_[who].position = position; };
  if (!one.lines.empty()) {
    if (one.position == none)
      insert(turns_, number, before, put);
    else
      restore(turns_, one.position, before, put);
  } else if (one.position != none) {
    erase(turns_, one.position, before, put);
  }
}

std::span<std::uint32_t const> call_queue::lines_for(node_id node) const noexcept {
  auto const found = at_node_.find(node);
  return found == at_node_.end() ? std::span<std::uint32_t const>() : std::span<std::uint32_t const>(found->second);
}

void call_queue::rename_pin(node_id before, node_id now) {
  auto moved = at_node_.extract(before);
  if (!moved) return;
  assert(!at_node_.contains(now));
  for (auto const number : moved.mapped()) {
    auto& line = lines_[number];
    line_numbers_.erase(line.key);
    line.key.pin = now;
    line_numbers_.emplace(line.key, number);
    for (auto const& l : line.lanes)
      for (auto index = l.head; index != none; index = entries_[index].next) entries_[index].needs.pin = now;
  }
  moved.key() = now;
  at_node_.insert(std::move(moved));
}

}  // namespace dist
