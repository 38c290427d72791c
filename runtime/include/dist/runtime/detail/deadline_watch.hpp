#pragma once

#include <dist/runtime/detail/call_record.hpp>
#include <functional>
#include <utility>

namespace dist {

/// Says when the time limits of live calls have come. Nearly all calls of a process have the same limit and end long
/// before it: these stand in a list, in the order in which they came, with one timer for all, which is left armed when
/// they end. A call whose limit comes before that of the call ahead of it has a timer of its own. I/O thread.
class deadline_watch {
 public:
  /// `due` ends the call whose time has come.
  deadline_watch(clock& time, std::function<void(call_record&)> due) : clock_(time), due_(std::move(due)) {}
  deadline_watch(deadline_watch const&) = delete;
  deadline_watch& operator=(deadline_watch const&) = delete;
  ~deadline_watch() { disarm(); }

  /// The call has a limit, and stays live until remove().
  void add(call_record& call) {
    auto& place = call.in_deadlines_;
    auto const at = call.deadline.at();
    if (last_ && at < last_->deadline.at()) return give_timer(call);
    place.before = std::exchange(last_, &call);
    (place.before ? place.before->in_deadlines_.behind : first_) = &call;
    if (at < armed_for_) arm();
  }
  /// No effect for a call that is not here.
  void remove(call_record& call) noexcept {
    auto& place = call.in_deadlines_;
    if (place.before || first_ == &call) {
      (place.before ? place.before->in_deadlines_.behind : first_) = place.behind;
      (place.behind ? place.behind->in_deadlines_.before : last_) = place.before;
      place.before = place.behind = nullptr;
    } else if (place.own != timer_id::none) {
      clock_.cancel(std::exchange(place.own, timer_id::none));
    }
  }
  /// No call is here.
  void disarm() noexcept;

 private:
  void give_timer(call_record& call);
  void arm();
  void on_timer();

  clock& clock_;
  std::function<void(call_record&)> due_;
  call_record* first_ = nullptr;
  call_record* last_ = nullptr;
  timer_id timer_ = timer_id::none;
  time_point armed_for_ = time_point::max();
};

}  // namespace dist
