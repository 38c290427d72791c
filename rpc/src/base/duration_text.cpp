#include "base/duration_text.hpp"

namespace dist {

std::string ms_text(duration time) {
  auto const ms = to_ms(time);
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

std::string whole_seconds_text(duration time) { return std::to_string(to_ms(time) / 1000) + " s"; }

std::string short_text(std::chrono::seconds time) {
  auto const seconds = time.count();
  if (seconds < 60) return std::to_string(seconds) + " s";
  if (seconds < 3600) return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
  return std::to_string(seconds / 3600) + " h " + std::to_string(seconds / 60 % 60) + " min";
}

}  // namespace dist
