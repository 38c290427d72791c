#include "service/instance_gate.hpp"

#include <utility>

namespace dist {

turn turn_of(invocation const& what) noexcept { return what.nested ? turn::ahead : turn::in_order; }

bool instance_gate::is_open(access how, turn when) const noexcept {
  if (exclusive_) return false;
  // A waiter although no call is alone inside: a non-const call waits for the const ones to end. New const calls queue
  // behind it, or it might starve.
  if (how == access::shared) return waiting_.empty() || when == turn::ahead;
  return shared_ == 0 && (waiting_.empty() || when == turn::ahead);
}

void instance_gate::count(access how) noexcept {
  if (how == access::exclusive)
    exclusive_ = true;
  else
    ++shared_;
}

bool instance_gate::try_enter(access how, turn when) noexcept {
  std::lock_guard const lock(mutex_);
  if (!is_open(how, when)) return false;
  count(how);
  return true;
}

void instance_gate::leave(access how) noexcept {
  std::unique_lock lock(mutex_);
  if (how == access::exclusive)
    exclusive_ = false;
  else
    --shared_;
  while (!waiting_.empty() && is_open(waiting_.front().how, turn::ahead)) {
    auto next = std::move(waiting_.front().who);
    count(waiting_.front().how);
    waiting_.pop_front();
    lock.unlock();
    next->admitted();
    next.reset();
    lock.lock();
  }
}

}  // namespace dist
