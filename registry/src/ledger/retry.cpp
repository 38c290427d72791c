#include "ledger/retry.hpp"

#include <algorithm>
#include <utility>

namespace dist {

retry_budget::retry_budget(retry_settings settings) noexcept
    : settings_(settings), most_borne_(settings.burst), hundredths_(std::uint64_t{100} * settings.burst) {}

void retry_budget::bear(std::uint64_t burst) noexcept {
  constexpr std::uint64_t most = 10'000'000;
  auto const wanted = static_cast<unsigned>(std::clamp<std::uint64_t>(burst, retry_settings().burst, most));
  // What a new node can lose is there at once. Not again for one that goes and comes back: it could lose calls indefinitely.
  if (wanted > most_borne_) hundredths_ += std::uint64_t{100} * (wanted - std::exchange(most_borne_, wanted));
  settings_.burst = wanted;
  settings_.per_second = std::max(retry_settings().per_second, wanted / 10);
}

bool retry_budget::try_take(time_point now) noexcept {
  refill(now);
  if (hundredths_ < 100) return false;
  hundredths_ -= 100;
  return true;
}

void retry_budget::refill(time_point now) noexcept {
  if (!started_) {
    started_ = true;
    filled_ = now;
    return;
  }
  // Time alone fills up to the burst only; what lies above it comes from calls.
  auto const cap = std::uint64_t{100} * settings_.burst;
  if (hundredths_ >= cap || now - filled_ >= std::chrono::hours(1)) {
    hundredths_ = std::max(hundredths_, cap);
    filled_ = now;
    return;
  }
  if (settings_.per_second == 0) return;
  auto const one = duration(std::chrono::seconds(1)) / (std::int64_t{100} * settings_.per_second);
  auto const count = (now - filled_) / one;
  if (count <= 0) return;
  hundredths_ = std::min(cap, hundredths_ + static_cast<std::uint64_t>(count));
  filled_ += count * one;
}

duration retry_delay(retry_settings const& settings, unsigned attempt, std::uint64_t random) noexcept {
  auto bound = std::min(settings.first_delay, settings.longest_delay);
  for (unsigned n = 1; n < attempt && bound < settings.longest_delay; ++n) {
    bound = bound > settings.longest_delay / 2 ? settings.longest_delay : 2 * bound;
  }
  if (bound <= duration::zero()) return duration::zero();
  return duration(static_cast<duration::rep>(random % (static_cast<std::uint64_t>(bound.count()) + 1)));
}

}  // namespace dist
