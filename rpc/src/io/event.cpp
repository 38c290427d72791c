#include <dist/rpc/detail/event.hpp>

#include <asio/execution/context.hpp>
#include <asio/query.hpp>

namespace dist {

asio::execution_context::id event_waiters::id;

event_waiters& event_waiters::of(asio::any_io_executor const& executor) {
  return asio::use_service<event_waiters>(asio::query(executor, asio::execution::context));
}

void event_waiters::add(event_waiter& waiter) noexcept {
  std::lock_guard const lock(mutex_);
  waiter.next_ = first_;
  if (first_) first_->previous_ = &waiter;
  first_ = &waiter;
}

void event_waiters::remove(event_waiter& waiter) noexcept {
  std::lock_guard const lock(mutex_);
  (waiter.previous_ ? waiter.previous_->next_ : first_) = waiter.next_;
  if (waiter.next_) waiter.next_->previous_ = waiter.previous_;
  waiter.previous_ = waiter.next_ = nullptr;
}

bool event_waiters::shutting_down() const noexcept {
  std::lock_guard const lock(mutex_);
  return shutting_down_;
}

void event_waiters::shutdown() {
  {
    std::lock_guard const lock(mutex_);
    shutting_down_ = true;
  }
  // Destroying one frame may destroy others that wait, so the list is looked at afresh each time. No thread runs the
  // context any more; the lock is for remove() alone.
  while (first_) {
    auto& waiter = *first_;
    remove(waiter);
    waiter.event_->waiting_ = nullptr;
    waiter.abandon();
  }
}

}  // namespace dist
