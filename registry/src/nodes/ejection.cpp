#include "nodes/ejection.hpp"

#include <algorithm>
#include <utility>

namespace dist {

bool ejection::failed(ejection_settings const& settings) noexcept {
  ++failures_;
  return settings.failures > 0 && failures_ % settings.failures == 0;
}

bool ejection::succeeded() noexcept {
  failures_ = 0;
  pauses_ = 0;
  return std::exchange(aside_, false);
}

duration ejection::set_aside(ejection_settings const& settings, time_point now, std::uint64_t random) noexcept {
  auto pause = std::min(settings.first_pause, settings.longest_pause);
  for (std::uint32_t n = 0; n < pauses_ && pause < settings.longest_pause; ++n)
    pause = pause > settings.longest_pause / 2 ? settings.longest_pause : 2 * pause;
  ++pauses_;
  auto const half = static_cast<std::uint64_t>(std::max<duration::rep>(pause.count() / 2, 1));
  pause -= duration(static_cast<duration::rep>(random % half));
  if (!std::exchange(aside_, true)) since_ = now;
  until_ = later(now, pause);
  return pause;
}

}  // namespace dist
