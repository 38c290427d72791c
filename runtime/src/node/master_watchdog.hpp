#pragma once

#include <algorithm>
#include <chrono>
#include <dist/rpc/clock.hpp>
#include <dist/rpc/task.hpp>
#include <functional>

#include "nodes/liveness.hpp"
#include "wire/connection.hpp"
#include "wire/hello.hpp"

namespace dist {

/// The times that a master sends its peer in its welcome.
struct beat_times {
  duration heartbeat = std::chrono::seconds(1);
  duration lost_after = std::chrono::seconds(30);  ///< silence until either end declares the other lost
};

inline beat_times times_of(welcome const& accepted) noexcept {
  using std::chrono::milliseconds;
  auto const heartbeat = milliseconds(std::max(1U, accepted.heartbeat_ms));
  return {heartbeat, std::max(milliseconds(accepted.lost_after_ms), 3 * heartbeat)};
}

/// How long the system waits for a silent peer: the ends themselves judge first, and log it.
inline std::chrono::milliseconds system_patience(duration heartbeat, duration lost_after) noexcept {
  constexpr auto longest = duration::max() / 4;
  return std::chrono::ceil<std::chrono::milliseconds>(std::min(lost_after, longest) + 2 * std::min(heartbeat, longest));
}

/// A peer's side of the heartbeats: sends its own, and closes the session once the master has been silent for too long.
/// Time in which this process itself did not run does not count.
class master_watchdog {
 public:
  master_watchdog(clock& time, connection& session, beat_times times);

  void heard(time_point now) noexcept { liveness::heard(pulse_, now); }
  /// Whether the session was closed because the master was silent.
  bool has_given_up() const noexcept { return given_up_; }

  /// Beats until the master is given up. `on_beat` may complete each beat before it is sent. Cancel: terminal.
  task<void> run(std::function<void(frame_header& beat)> on_beat);

 private:
  clock& clock_;
  connection& session_;
  duration heartbeat_;
  liveness rounds_;
  pulse pulse_;
  bool given_up_ = false;
};

}  // namespace dist
