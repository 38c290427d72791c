#pragma once

#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <string>
#include <utility>

namespace dist {

/// Whether a node asks for a master, stays with one, or leaves, and which of its failures to join are news. Pure.
class join_machine {
 public:
  /// How a node leaves.
  enum class farewell : std::uint8_t {
    none,           ///< it is leaving already
    at_once,        ///< no master knows it
    when_answered,  ///< the master may have let it in and sent calls: the session that starts next returns them
    by_draining,    ///< what it runs is finished first
  };

  explicit join_machine(bool rejoins) noexcept : rejoins_(rejoins) {}

  void asks() noexcept { phase_ = phase::asking; }
  void is_in() noexcept { phase_ = phase::joined; }
  /// The session, or the attempt to get one, has ended.
  void is_out() noexcept { phase_ = phase::apart; }
  bool is_asking() const noexcept { return phase_ == phase::asking; }
  bool joined() const noexcept { return phase_ == phase::joined; }

  /// A master has let it in, or has called it.
  void succeeded() noexcept {
    failures_ = 0;
    problem_.clear();
  }
  /// True if people should be told: once, not at every attempt.
  bool is_news(std::string const& problem) {
    if (!tries_again() || problem == problem_) return false;
    problem_ = problem;
    return true;
  }
  /// Attempts that failed since the last success, before this one.
  unsigned failed() noexcept { return failures_++; }
  bool tries_again() const noexcept { return rejoins_ && !leaving_; }

  /// It wants to leave in good order, by this time.
  farewell leave(time_point until) noexcept {
    if (std::exchange(leaving_, true)) return farewell::none;
    until_ = until;
    switch (phase_) {
      case phase::apart: return farewell::at_once;
      case phase::asking: return farewell::when_answered;
      case phase::joined: return farewell::by_draining;
    }
    return farewell::none;
  }
  void stop() noexcept { leaving_ = true; }
  bool leaving() const noexcept { return leaving_; }
  time_point until() const noexcept { return until_; }

  /// Its session has ended after a drain. Where this node did not want it, its master did: then it does not come back.
  void drained() noexcept { drained_by_master_ = !std::exchange(leaving_, true); }
  /// Its session has ended because a method does not end and the process must.
  void killed() noexcept {
    leaving_ = kills_ = true;
    drained_by_master_ = false;
  }
  bool was_drained_by_master() const noexcept { return drained_by_master_; }
  bool kills() const noexcept { return kills_; }

 private:
  enum class phase : std::uint8_t { apart, asking, joined };

  bool rejoins_;
  phase phase_ = phase::apart;
  bool leaving_ = false;
  bool drained_by_master_ = false;
  bool kills_ = false;
  unsigned failures_ = 0;
  std::string problem_;  ///< the last that was told
  time_point until_{};   ///< once leaving in good order
};

}  // namespace dist
