#pragma once

#include <chrono>
#include <dist/rpc/deadline.hpp>

namespace dist {

/// Detects by regular checks whether a thread is blocked: at each check it has done the task of the previous one, or
/// not. Time in which the whole process did not run counts for nothing. Pure.
class block_judge {
 public:
  static constexpr auto every = std::chrono::seconds(1);  ///< between two looks
  static constexpr auto patience = std::chrono::seconds(3);

  enum class verdict { nothing, blocked, free_again };

  explicit block_judge(time_point now) noexcept : answered_at_(now), looked_at_(now) {}

  verdict look(bool answered, time_point now) noexcept {
    if (now - looked_at_ > 2 * every) answered_at_ += now - looked_at_ - every;
    looked_at_ = now;
    if (answered) {
      auto const was_blocked = said_;
      said_ = false;
      blocked_for_ = now - answered_at_;
      answered_at_ = now;
      return was_blocked ? verdict::free_again : verdict::nothing;
    }
    blocked_for_ = now - answered_at_;
    if (said_ || blocked_for_ < patience) return verdict::nothing;
    said_ = true;
    return verdict::blocked;
  }
  duration blocked_for() const noexcept { return blocked_for_; }

 private:
  time_point answered_at_;
  time_point looked_at_;
  duration blocked_for_{};
  bool said_ = false;
};

}  // namespace dist
