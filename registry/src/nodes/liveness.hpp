#pragma once

#include <dist/rpc/deadline.hpp>
#include <iosfwd>
#include <optional>
#include <string_view>
#include <vector>

#include "nodes/node_info.hpp"

namespace dist {

/// How much silence a node may keep; both ends use the same heartbeat.
struct liveness_settings {
  duration heartbeat = std::chrono::seconds(1);    ///< between two beats; both ends; tick at least this often
  unsigned suspect_after_beats = 2;                ///< silence until no new calls go there
  duration lost_after = std::chrono::seconds(30);  ///< silence until it is given up
};

enum class liveness_change {
  became_suspect,  ///< no new calls; repeatable ones may be issued again elsewhere
  became_lost,     ///< its calls end now; it is out of the table
  came_back,       ///< it was suspect and has been heard
  needed_again,    ///< it was set aside, and too few others are left
};

/// The result of a round for one node.
struct liveness_event {
  node_id node{};
  liveness_change change{};

  friend bool operator==(liveness_event const&, liveness_event const&) = default;
};

std::string_view to_text(liveness_change change) noexcept;
std::ostream& operator<<(std::ostream& out, liveness_change change);
std::ostream& operator<<(std::ostream& out, liveness_event const& event);

/// One node's silence.
struct pulse {
  time_point last_heard{};
  bool suspect = false;
};

/// Judges silence. Time in which this process itself did not run does not count against a node: the delay of a tick
/// beyond one heartbeat is subtracted, and a tick late by more than two beats judges no node.
class liveness {
 public:
  explicit liveness(liveness_settings settings) noexcept : settings_(settings) {}

  /// Starts one round.
  void begin_round(time_point now) noexcept;
  /// The result of this round for one node; updates `beat`.
  std::optional<liveness_change> judge(pulse& beat, time_point now) const noexcept;
  /// Any frame of the node. True if it was suspect.
  static bool heard(pulse& beat, time_point now) noexcept;
  /// Whether this round judges no node, because the process was stalled.
  bool grace() const noexcept { return grace_; }

 private:
  liveness_settings settings_;
  std::optional<time_point> this_round_;
  time_point last_round_{};
  duration late_{};
  bool grace_ = false;
};

}  // namespace dist
