#include "master/dispatcher.hpp"

#include <algorithm>

namespace dist {
namespace {

/// Different reasons to wait that are said at once; those beyond come with the ones of every ten seconds.
constexpr std::size_t most_said = 100;

}  // namespace

/// The first node has come: of the calls whose method nobody had heard of, some have another name here, some none.
void dispatcher::judge_unheard() {
  for (auto const& call : std::exchange(unheard_, {})) {
    if (!call->is_live() || !call->queued) continue;
    auto const number = methods_.find(*call->method, true);
    if (number && *number != call->method_number) {
      withdraw(*call);
      renamed_.push_back(call);
    } else if (unheard_of(call->method_number)) {
      fail_unknown(*call);
    }
  }
}

bool dispatcher::unheard_of(method_ref method) const {
  return !methods_.is_declared(method) && !members_.empty() && !registry_.available(method);
}

bool dispatcher::may_be_heard_of() const {
  return members_.empty() || silent_on_methods_ > 0;
}

void dispatcher::fail_unknown(placed_call& call) {
  if (call.queued) withdraw(call);
  fail(call, known_methods::unknown(call.method->name));
}

void dispatcher::say_early(placed_call const& call) {
  auto const& needs = call.needs;
  if (members_.empty() || (needs.labels == no_wish && needs.pin == no_node_id)) return;
  auto why = registry_.why_waiting(needs);
  if (said_.size() < most_said && said_.insert(why).second)
    world().log.warn(why + ": calls of " + call.method->name + " wait for one");
}

void dispatcher::keep_unheard(placed_ptr const& call) {
  if (!members_.empty() || methods_.is_expected(call->method_number)) return;
  if (unheard_.size() > 64 + 2 * registry_.counts().queued)
    std::erase_if(unheard_, [](placed_ptr const& waiting) { return !waiting->is_live(); });
  unheard_.push_back(call);
}

void dispatcher::limit_wait(placed_ptr const& call) {
  if (!std::exchange(call->has_limited_wait, true)) {
    if (limited_.size() > 64 + 2 * registry_.counts().queued) forget_unlimited();
    limited_.push_back(call);
  }
  judge_wait(call);
}

void dispatcher::forget_unlimited() {
  std::erase_if(limited_, [](placed_ptr const& one) {
    if (one->is_live() && one->queued) return false;
    one->has_limited_wait = false;
    return true;
  });
}

void dispatcher::judge_waits() {
  if (limited_.empty()) return;
  forget_unlimited();
  for (auto const& call : limited_) judge_wait(call);
}

void dispatcher::judge_wait(placed_ptr const& call) {
  // A silent node may still answer: as long as it has the call, no other is missed.
  if (!call->places.empty() || registry_.available(call->queued)) return end_wait(*call);
  if (call->node_wait_timer != timer_id::none) return;
  call->node_wait_timer = world().clock.schedule(later(world().clock.now(), call->node_wait), [this, call] {
    call->node_wait_timer = timer_id::none;
    if (registry_.available(call->queued)) return;
    auto what = make_fault(errc::no_node, registry_.why_waiting(call->queued));
    what.phase = "queueing";
    withdraw(*call);
    fail(*call, std::move(what));
  });
}

void dispatcher::end_wait(placed_call& call) {
  if (call.node_wait_timer != timer_id::none)
    world().clock.cancel(std::exchange(call.node_wait_timer, timer_id::none));
}

}  // namespace dist
