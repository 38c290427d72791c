#include <dist/rpc/detail/system_clock.hpp>

#include <algorithm>

namespace dist {

system_clock::system_clock(asio::io_context& io) : timer_(io), timers_(now()) {}

timer_id system_clock::schedule(time_point when, std::function<void()> action) {
  auto const made = timers_.add(when, std::move(action));
  if (when < armed_for_ || armed_for_ == time_point::max()) arm(when);
  return made;
}

void system_clock::cancel(timer_id timer) noexcept {
  // The system's timer stays as it is and finds nothing due; it is cancelled only with the last one, since it would
  // keep the io_context running.
  if (!timers_.cancel(timer) || !timers_.empty() || armed_for_ == time_point::max()) return;
  self_.reset();
  armed_for_ = time_point::max();
  timer_.cancel();
}

void system_clock::arm(time_point when) {
  // One step short of "not armed", for a timer that is never due.
  armed_for_ = std::min(when, time_point::max() - duration(1));
  self_.emplace(*this);
  timer_.expires_at(when);
  timer_.async_wait([weak = self_->ref()](std::error_code) {
    if (auto* const self = weak.get()) self->fired();
  });
}

void system_clock::fired() {
  armed_for_ = time_point::max();
  // Bounded by the timers that exist now: an action that schedules another for "at once" must not hold the thread.
  auto const time = now();
  for (auto left = timers_.size(); left > 0; --left) {
    auto const action = timers_.take_due(time);
    if (!action) break;
    action();
  }
  // An action may have armed it already.
  if (auto const next = timers_.next_due(); next && (*next < armed_for_)) arm(*next);
}

}  // namespace dist
