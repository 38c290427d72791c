#pragma once

#include <algorithm>
#include <cstdint>
#include <dist/rpc/deadline.hpp>

#include "ledger/next_step.hpp"

namespace dist {

/// How many calls may be issued again, and after which pauses.
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

  /// A call was issued for the first time.
  void called() noexcept {
    hundredths_ = std::min(most(), hundredths_ + settings_.percent);
  }
  /// Raises the burst limit; the same number is refilled every ten seconds.
  void bear(std::uint64_t burst) noexcept;
  /// Takes one re-issue from the budget, or says no.
  bool try_take(time_point now) noexcept;
  /// What was taken was not needed.
  void give_back() noexcept { hundredths_ = std::min(most(), hundredths_ + 100); }
  std::uint64_t left() const noexcept { return hundredths_ / 100; }

 private:
  void refill(time_point now) noexcept;
  std::uint64_t most() const noexcept { return std::uint64_t{100} * std::max(settings_.most, settings_.burst); }

  retry_settings settings_;
  unsigned most_borne_;       ///< the largest burst so far
  std::uint64_t hundredths_;  ///< of one re-issue
  time_point filled_{};
  bool started_ = false;
};

/// What issuing calls again may cost the cluster, by why it is done. Empty means later, not never.
///
/// Losses   A re-issue replaces what its node did not finish, and the queue gives nodes no more than their slots, so the
///          load never grows by it; what has to be bounded is nodes that take calls and go, over and over. Whatever the
///          nodes can hold may be lost at once (a node with a full window, 40 of 100 nodes) and goes out again at once;
///          as much again every ten seconds, and a fifth of the new calls.
/// Retries  A method that throws dist::transient mostly stands for something outside that is overloaded: to that, each
///          retry is load on top. So a fifth of the new calls, 10 at once and 10 a second.
class reissue_budget {
 public:
  /// A call was issued for the first time.
  void called() noexcept {
    losses_.called();
    retries_.called();
  }
  /// So many calls the living nodes hold at most, slots and windows.
  void nodes_hold(std::uint64_t calls) noexcept { losses_.bear(calls); }
  bool try_take(issue_cost cost, time_point now) noexcept {
    if (cost == issue_cost::nothing) return true;
    return (cost == issue_cost::loss ? losses_ : retries_).try_take(now);
  }
  /// The call did not go out after all.
  void give_back(issue_cost cost) noexcept {
    if (cost != issue_cost::nothing) (cost == issue_cost::loss ? losses_ : retries_).give_back();
  }

 private:
  retry_budget losses_{{}};
  retry_budget retries_{{}};
};

/// Full jitter: evenly between nothing and first_delay * 2^(attempt - 1), at most longest_delay. `random` is any 64
/// bits; attempts count from 1.
duration retry_delay(retry_settings const& settings, unsigned attempt, std::uint64_t random) noexcept;

}  // namespace dist
