#pragma once

#include <algorithm>
#include <chrono>

#include "nodes/liveness.hpp"
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

/// How long a peer has been silent, judged once each heartbeat. Time in which this process itself did not run does not
/// count.
class silence {
 public:
  silence(duration heartbeat, duration lost_after, time_point now) noexcept
      : rounds_({heartbeat, 2, lost_after}), pulse_{now, false} {
    rounds_.begin_round(now);
  }

  void heard(time_point now) noexcept { liveness::heard(pulse_, now); }
  /// Once each heartbeat; whether it was silent for too long.
  bool is_too_long(time_point now) noexcept {
    rounds_.begin_round(now);
    return rounds_.judge(pulse_, now) == liveness_change::became_lost;
  }

 private:
  liveness rounds_;
  pulse pulse_;
};

}  // namespace dist
