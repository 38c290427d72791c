#pragma once

#include <dist/rpc/clock.hpp>
#include <dist/rpc/detail/event.hpp>

namespace dist {

/// Sets an event when a time has passed, unless destroyed before. Lives: the event and the clock outlive it.
class alarm {
 public:
  alarm(clock& time, duration after, event& what)
      : clock_(time), timer_(time.schedule(later(time.now(), after), [&what] { what.set(); })) {}
  alarm(alarm const&) = delete;
  alarm& operator=(alarm const&) = delete;
  ~alarm() { clock_.cancel(timer_); }

 private:
  clock& clock_;
  timer_id timer_;
};

}  // namespace dist
