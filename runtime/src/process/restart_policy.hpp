#pragma once

#include <chrono>
#include <dist/rpc/deadline.hpp>

#include "process/child_process.hpp"
#include "program/exit_code.hpp"

namespace dist {

/// Whether a node process that has ended is started again. Pure; one for each place that a process fills.
class restart_policy {
 public:
  enum class answer {
    at_once,
    after_a_pause,  ///< pause_before_retry(failures())
    never,          ///< it would only end the same way
  };
  /// A process that ends so often before one has ever joined has something wrong with it.
  static constexpr unsigned most_false_starts = 3;
  /// A process that has lived for this long was healthy.
  static constexpr duration healthy = std::chrono::seconds(10);

  answer after(exit_report const& ended, bool joined, duration lived) noexcept {
    if (ended.signal == 0 && ended.code == exit_code::wrong_use) return answer::never;
    has_joined_ = has_joined_ || joined;
    if (!has_joined_ && ++false_starts_ >= most_false_starts) return answer::never;
    // Neither a drain nor an end that a call asked for counts as a failure.
    if (joined && (ended.is_success() || ended.is_kill_after())) return answer::at_once;
    if (lived >= healthy) failures_ = 0;
    return failures_++ == 0 ? answer::at_once : answer::after_a_pause;
  }
  /// Pauses so far in a row, at least 1 after the first.
  unsigned failures() const noexcept { return failures_ - 1; }

 private:
  bool has_joined_ = false;
  unsigned false_starts_ = 0;
  unsigned failures_ = 0;
};

}  // namespace dist
