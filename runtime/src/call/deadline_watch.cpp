#include <dist/runtime/detail/deadline_watch.hpp>

namespace dist {

void deadline_watch::give_timer(call_record& call) {
  call.in_deadlines_.own = clock_.schedule(call.deadline.at(), [this, &call] {
    call.in_deadlines_.own = timer_id::none;
    due_(call);
  });
}

void deadline_watch::arm() {
  disarm();
  armed_for_ = first_->deadline.at();
  timer_ = clock_.schedule(armed_for_, [this] { on_timer(); });
}

void deadline_watch::on_timer() {
  timer_ = timer_id::none;
  // A call that comes meanwhile does not arm it: that is done below.
  armed_for_ = time_point::min();
  auto const now = clock_.now();
  while (first_ && first_->deadline.at() <= now) {
    auto& call = *first_;
    remove(call);
    due_(call);
  }
  armed_for_ = time_point::max();
  if (first_) arm();
}

void deadline_watch::disarm() noexcept {
  if (timer_ != timer_id::none) clock_.cancel(std::exchange(timer_, timer_id::none));
  armed_for_ = time_point::max();
}

}  // namespace dist
