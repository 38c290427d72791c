#include <algorithm>
#include <dist/rpc/detail/value_error.hpp>
#include <utility>

#include "master/dispatcher.hpp"

namespace dist {
namespace {

/// Of what a node says.
constexpr std::size_t longest_text = 500;

}  // namespace

void dispatcher::fail_when_explained(placed_ptr const& call, next_step step, fault what, std::uint64_t incarnation) {
  unexplained_.push_back({call, incarnation, step, std::move(what), {}});
  auto const poisoned = step.what == next_step::kind::poisoned;
  limit_unexplained(unexplained_.back(),
                    poisoned ? blame_.certain_at(ref_of(*call)) : world().clock.now() + longest_wait_for_end);
}

std::vector<dispatcher::unexplained_call>::const_iterator dispatcher::find_unexplained(
    call_record const& call) const noexcept {
  return std::ranges::find(unexplained_, &call, [](auto const& one) -> call_record const* { return one.call.get(); });
}

dispatcher::unexplained_call dispatcher::take_unexplained(std::vector<unexplained_call>::const_iterator at) {
  auto const found = unexplained_.begin() + (at - unexplained_.cbegin());
  auto one = std::move(*found);
  unexplained_.erase(found);
  if (one.limit != timer_id::none) world().clock.cancel(std::exchange(one.limit, timer_id::none));
  return one;
}

void dispatcher::limit_unexplained(unexplained_call& one, time_point until) {
  if (one.limit != timer_id::none) world().clock.cancel(one.limit);
  one.limit = world().clock.schedule(std::max(until, world().clock.now()), [this, raw = one.call.get()] {
    auto const found = unexplained_.begin() + (find_unexplained(*raw) - unexplained_.cbegin());
    found->limit = timer_id::none;
    fail_explained(take_unexplained(found));
  });
}

void dispatcher::fail_explained(unexplained_call one) {
  auto& what = one.what;
  if (one.step.what == next_step::kind::poisoned)
    what = blame_.poisoned(ref_of(*one.call), one.call->method->name);
  else if (!one.by.end.empty())
    what.message = "its process ended: " + one.by.end;
  if (!one.by.running.empty())
    what.message += (what.code == errc::poisoned ? "; the last was running " : " while running ") + one.by.running;
  fail(*one.call, std::move(what));
}

void dispatcher::process_ended(predecessor const& which) {
  auto by = which;
  // Cut between characters: half a one would make the fault unreadable for a job that is connected.
  for (auto* text : {&by.end, &by.running}) *text = shortened(*text, longest_text);
  auto const old = std::ranges::find_if(members_, [&](auto const& one) {
    return one.second->incarnation == by.incarnation && one.second->is_supervised;
  });
  if (old != members_.end()) {
    // Its connection has not ended yet; the name is free for the next one from here on.
    auto& node = *old->second;
    auto const why = "its process ended: " + by.end;
    node.close(why);
    leave(node, departure::died, why);
  }
  blame_.explain(by.incarnation, by.end);
  account_.explain(by.incarnation, by.end);
  std::vector<unexplained_call> explained;
  for (std::size_t i = 0; i < unexplained_.size();) {
    auto& one = unexplained_[i];
    if (one.incarnation == by.incarnation) one.by = by;
    auto const poisoned = one.step.what == next_step::kind::poisoned;
    // A list of nodes that died waits for the last of them.
    auto const until = poisoned ? blame_.certain_at(ref_of(*one.call)) : time_point::max();
    if (poisoned ? until <= world().clock.now() : !one.by.end.empty()) {
      explained.push_back(take_unexplained(unexplained_.cbegin() + static_cast<std::ptrdiff_t>(i)));
      continue;
    }
    if (poisoned) limit_unexplained(one, until);
    ++i;
  }
  for (auto& one : explained) fail_explained(std::move(one));
}

}  // namespace dist
