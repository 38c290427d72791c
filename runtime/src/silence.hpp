#pragma once

#include <dist/registry/liveness.hpp>

namespace dist {

/// How long a master has been silent, as its peers judge it. Time in which this process itself did not run counts for
/// nothing.
class silence {
 public:
  /// A master may be silent for this many beats on an open connection before it is looked for anew.
  static constexpr unsigned most_beats = 10;

  silence(duration heartbeat, time_point now) noexcept
      : rounds_({heartbeat, most_beats, most_beats * heartbeat}), pulse_{now, false} {
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
