#include "nodes/liveness.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

namespace dist {

void liveness::begin_round(time_point now) noexcept {
  last_round_ = this_round_.value_or(now);
  this_round_ = now;
  late_ = std::max(duration::zero(), now - last_round_ - settings_.heartbeat);
  grace_ = late_ > 2 * settings_.heartbeat;
}

std::optional<liveness_change> liveness::judge(pulse& beat, time_point now) const noexcept {
  // A frame that was read since the last round was read after the stall, or before it began: then the node has one
  // more round to be heard in.
  if (late_ > duration::zero()) beat.last_heard = std::min(beat.last_heard + late_, now);
  if (grace_) return {};
  auto const silence = now - beat.last_heard;
  if (silence > settings_.lost_after) return liveness_change::became_lost;
  if (!beat.suspect && silence > settings_.suspect_after_beats * settings_.heartbeat) {
    beat.suspect = true;
    return liveness_change::became_suspect;
  }
  return {};
}

bool liveness::heard(pulse& beat, time_point now) noexcept {
  beat.last_heard = std::max(beat.last_heard, now);
  return std::exchange(beat.suspect, false);
}

std::string_view to_text(liveness_change change) noexcept {
  switch (change) {
    case liveness_change::became_suspect:
      return "became_suspect";
    case liveness_change::became_lost:
      return "became_lost";
    case liveness_change::came_back:
      return "came_back";
    case liveness_change::needed_again:
      return "needed_again";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, liveness_change change) { return out << to_text(change); }

std::ostream& operator<<(std::ostream& out, liveness_event const& event) {
  return out << event.node << ' ' << event.change;
}

}  // namespace dist
