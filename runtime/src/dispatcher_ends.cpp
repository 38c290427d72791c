#include <algorithm>
#include <dist/rpc/value_error.hpp>
#include <utility>

#include "dispatcher.hpp"

namespace dist {
namespace {

/// How long a call that failed waits for the reason. Who supervises a node starts another within a fraction of that.
constexpr auto longest_wait = std::chrono::seconds(2);
/// Of what a node says.
constexpr std::size_t longest_text = 500;

}  // namespace

void dispatcher::fail_when_explained(placed_ptr const& call, member const& node, next_step step, fault what) {
  unexplained_.push_back({call, node.incarnation, step, std::move(what), {}});
  call->again_timer = world().clock.schedule(world().clock.now() + longest_wait, [this, raw = call.get()] {
    raw->again_timer = timer_id::none;
    auto const found = std::ranges::find(unexplained_, raw, [](auto const& one) { return one.call.get(); });
    auto one = std::move(*found);
    unexplained_.erase(found);
    fail_explained(std::move(one));
  });
}

/// A list of nodes that died waits for the last of them.
bool dispatcher::is_explained(unexplained_call const& one) const noexcept {
  return !one.by.end.empty() && (one.step.what != next_step::kind::poisoned || blame_.is_explained(ref_of(*one.call)));
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
  for (auto& one : std::exchange(unexplained_, {})) {
    if (one.incarnation == by.incarnation) one.by = by;
    (is_explained(one) ? explained : unexplained_).push_back(std::move(one));
  }
  for (auto& one : explained) fail_explained(std::move(one));
}

}  // namespace dist
