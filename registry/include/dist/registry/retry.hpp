#pragma once

#include <cstdint>
#include <dist/rpc/deadline.hpp>

namespace dist {

struct retry_settings {
  unsigned percent = 20;     ///< of the calls may be issued again
  unsigned burst = 10;       ///< re-issues at once without any calls before
  unsigned per_second = 10;  ///< re-issues that time alone allows, so that a quiet cluster recovers
  unsigned most = 10'000;    ///< re-issues saved up at most
  duration first_delay = std::chrono::milliseconds(10);  ///< upper bound of the first back-off; doubles
  duration longest_delay = std::chrono::seconds(5);
};

/// A token bucket over all calls: retries never add more than a share to the load. Empty means later, not never: wait
/// retry_delay and ask again.
class retry_budget {
 public:
  explicit retry_budget(retry_settings settings) noexcept;

  /// Calls were issued for the first time.
  void called(std::uint64_t count = 1) noexcept;
  /// Takes one re-issue from the budget, or says no.
  bool try_take(time_point now) noexcept;
  std::uint64_t left() const noexcept { return hundredths_ / 100; }

 private:
  void refill(time_point now) noexcept;

  retry_settings settings_;
  std::uint64_t hundredths_;  ///< of one re-issue
  time_point filled_{};
  bool started_ = false;
};

/// Full jitter: evenly between nothing and first_delay * 2^(attempt - 1), at most longest_delay. `random` is any 64
/// bits; attempts count from 1.
duration retry_delay(retry_settings const& settings, unsigned attempt, std::uint64_t random) noexcept;

}  // namespace dist
