#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/deadline.hpp>

namespace dist {

/// When a node that only fails is set aside, and for how long.
struct ejection_settings {
  unsigned failures = 5;                               ///< in a row, until a node is set aside; 0: none ever is
  duration first_pause = std::chrono::seconds(1);  ///< until it is tried with one call; doubles with each failed trial
  duration longest_pause = std::chrono::seconds(60);
};

/// One node's failures. A node on which every call fails at once is always the least used: it would attract all calls. So
/// after some failures in a row it is set aside, for a while, and then tried with one call at a time.
class ejection {
 public:
  /// A call failed there, and quickly. True, once in `calls`: it should be set aside if the others can do without it.
  bool failed(ejection_settings const& settings) noexcept;
  /// A call succeeded there: nothing is held against it any more. True if it was set aside.
  bool succeeded() noexcept;
  /// From now on, or again because a trial failed. Returns for how long: between half of the pause and all of it, by
  /// `random`, so that many nodes do not return at once.
  duration set_aside(ejection_settings const& settings, time_point now, std::uint64_t random) noexcept;

  bool is_aside() const noexcept { return aside_; }
  bool is_failing() const noexcept { return failures_ > 0; }
  unsigned failures() const noexcept { return failures_; }
  time_point since() const noexcept { return since_; }
  /// Whether it may be tried.
  bool is_due(time_point now) const noexcept { return aside_ && now >= until_; }

 private:
  std::uint32_t failures_ = 0;
  std::uint32_t pauses_ = 0;
  bool aside_ = false;
  time_point since_{};
  time_point until_{};
};

/// Whether one more of the nodes that have a method may be set aside: never more than half of them are.
constexpr bool may_do_without(std::size_t nodes, std::size_t aside) noexcept { return 2 * (aside + 1) <= nodes; }

}  // namespace dist
