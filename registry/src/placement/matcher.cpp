#include "placement/matcher.hpp"

#include <utility>

namespace dist {
namespace {

// Most calls with labels that are examined for one freed slot; the others wait until these are gone.
constexpr unsigned most_looked_at = 16;

}  // namespace

bool matcher::available(call_needs const& needs) const noexcept {
  if (needs.pin == no_node_id) return selector_.able(needs) > 0;
  auto const* load = selector_.find(needs.pin);
  return load && load->eligible && needs.held_by != load->id && load->group->takes(needs);
}

std::optional<assignment> matcher::next() {
  if (selector_.reserved()) end_stale_reservation();
  if (queue_.empty()) {
    selector_.settle_all();
    return {};
  }
  while (auto* load = selector_.freed_node()) {
    candidate found;
    consider_node(*load, found);
    if (found.load) return assign(most_urgent(found));
    selector_.settle(*load);
  }
  while (auto* group = selector_.freed()) {
    candidate found;
    if (may_take_one(*group)) consider_callers(*group, 0, found);
    if (found.load) return assign(most_urgent(found));
    selector_.settle(*group);
  }
  if (queue_.waiting_alone() > 0 && !selector_.reserved()) reserve_for_alone();
  return {};
}

matcher::candidate matcher::most_urgent(candidate found) const noexcept {
  // Its node may be of another class than the one examined, where another caller's turn comes first.
  for (node_load const* looked = nullptr; found.load != looked;) {
    looked = found.load;
    consider_node(*looked, found);
    consider_callers(*looked->group, 0, found);
  }
  return found;
}

assignment matcher::assign(candidate const& found) {
  auto const needs = queue_.at(found.index).needs;
  assignment out{queue_.at(found.index).call, found.load->id, {}};
  queue_.take(found.index);
  if (needs.pin != no_node_id && queue_.lines_for(needs.pin).empty()) selector_.set_waited_for(*found.load, false);
  out.held = selector_.take(*found.load, needs);
  return out;
}

bool matcher::withdraw(ticket place) noexcept {
  auto const needs = queue_.contains(place) ? queue_.at(place.index).needs : call_needs();
  if (!queue_.withdraw(place)) return false;
  if (auto* load = needs.pin != no_node_id ? selector_.find(needs.pin) : nullptr)
    if (queue_.lines_for(needs.pin).empty()) selector_.set_waited_for(*load, false);
  // The next one may require fewer labels.
  if (queue_.waiting(needs.method) > 0) mark_freed(needs);
  return true;
}

void matcher::mark_freed(call_needs const& needs) {
  if (needs.pin == no_node_id)
    selector_.mark_freed(needs.method);
  else if (auto* load = selector_.find(needs.pin))
    selector_.mark_freed(*load);
}

bool matcher::may_take_one(node_class const& group) const noexcept {
  if (selector_.reserved() || queue_.waiting_alone() > 0) return true;
  call_needs least;
  least.repeatable = queue_.waiting_for_window() > 0;
  least.nested = true;
  return group.top() && has_room(*group.top(), least, selector_.widest_window());
}

void matcher::consider_callers(node_class const& group, std::size_t position, candidate& best) const noexcept {
  auto const callers = queue_.callers();
  if (position >= callers.size() || queue_.urgency_of_caller(callers[position]) >= best.when) return;
  consider_lines(group, callers[position], 0, best);
  // Calls below are less urgent: examined only until a better one is found.
  consider_callers(group, 2 * position + 1, best);
  consider_callers(group, 2 * position + 2, best);
}

void matcher::consider_lines(node_class const& group, std::uint32_t caller, std::size_t position,
                              candidate& best) const noexcept {
  auto const lines = queue_.lines_of(caller);
  if (position >= lines.size() || queue_.urgency_of_line(lines[position]) >= best.when) return;
  auto const& key = queue_.key_of(lines[position]);
  if (group.serves(key.method, key.labels)) consider_line(lines[position], best);
  consider_lines(group, caller, 2 * position + 1, best);
  consider_lines(group, caller, 2 * position + 2, best);
}

void matcher::consider_node(node_load const& load, candidate& best) const noexcept {
  for (auto const line : queue_.lines_for(load.id))
    if (queue_.urgency_of_line(line) < best.when) consider_line(line, best);
}

void matcher::consider_line(std::uint32_t line, candidate& best) const noexcept {
  for (auto const lane :
       {call_queue::nested, call_queue::nested_particular, call_queue::top_level, call_queue::top_level_particular}) {
    auto const head = queue_.first(line, lane);
    if (head == ~0U || queue_.urgency_of(queue_.at(head)) >= best.when) continue;
    auto const one = first_that_fits(line, lane);
    if (one.load && one.when < best.when) best = one;
  }
}

matcher::candidate matcher::first_that_fits(std::uint32_t line, call_queue::lane lane) const noexcept {
  bool const particular = lane == call_queue::nested_particular || lane == call_queue::top_level_particular;
  auto index = queue_.first(line, lane);
  for (unsigned looked = particular ? most_looked_at : 1; index != ~0U && looked > 0; --looked) {
    auto const& one = queue_.at(index);
    if (auto* load = selector_.find(one.needs)) return {index, load, queue_.urgency_of(one)};
    index = one.next;
  }
  return {};
}

void matcher::end_stale_reservation() {
  if (!queue_.contains(reserved_for_)) selector_.cancel_reservation();
}

void matcher::reserve_for_alone() {
  std::uint32_t oldest = ~0U;
  for (std::uint32_t line = 0; line < queue_.line_count(); ++line) {
    for (auto const lane : {call_queue::nested_particular, call_queue::top_level_particular}) {
      auto index = queue_.first(line, lane);
      while (index != ~0U && !queue_.at(index).needs.alone) index = queue_.at(index).next;
      if (index == ~0U || !available(queue_.at(index).needs)) continue;
      if (oldest == ~0U || queue_.at(index).order < queue_.at(oldest).order) oldest = index;
    }
  }
  if (oldest == ~0U) return;
  reserved_for_ = queue_.ticket_of(oldest);
  selector_.reserve(queue_.at(oldest).needs);
}

}  // namespace dist
