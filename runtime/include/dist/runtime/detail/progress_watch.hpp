#pragma once

#include <cstddef>
#include <dist/rpc/detail/lifetime.hpp>
#include <dist/runtime/detail/cluster_core.hpp>
#include <dist/runtime/detail/fan_out_report.hpp>
#include <dist/runtime/fan_out.hpp>
#include <dist/runtime/progress_bar.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dist {

/// The progress of a fan-out and its observers; its cluster lists it as long as it lives. Counting is all that a call
/// costs: observers are served by a timer, and without them there is none. I/O thread.
class progress_watch {
 public:
  /// `name` is for a fan-out without a label; `failed` is called when an observer has thrown.
  progress_watch(std::shared_ptr<cluster_core> on, fan_out const& how, std::string name, std::optional<std::size_t> total,
                 std::function<void()> failed);
  progress_watch(progress_watch const&) = delete;
  progress_watch& operator=(progress_watch const&) = delete;
  /// Shows the end to all observers.
  ~progress_watch();

  void ended(bool with_fault) noexcept {
    ++done_;
    if (with_fault) ++failed_;
  }
  fan_out_report report() const;
  /// No timer from now on.
  void stop() noexcept;
  /// Rethrows the exception of an observer.
  void rethrow() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  struct view {
    duration every;
    time_point due;
    fan_out_observer show;
    bool is_shown = false;  ///< right now: it may end the fan-out, and then hears no more of it
  };

  fan_out_progress measure() const;
  void add(duration every, fan_out_observer show);
  void arm();
  void tick();

  std::shared_ptr<cluster_core> on_;
  call_book& calls_;
  std::string name_;
  std::optional<std::size_t> total_;
  std::function<void()> on_error_;
  std::optional<progress_bar> bar_;
  std::shared_ptr<std::vector<view>> views_ = std::make_shared<std::vector<view>>();  ///< those that run outlive this
  time_point started_;
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
  timer_id timer_ = timer_id::none;
  std::exception_ptr error_;
  std::optional<lifetime<progress_watch>> self_;  ///< with observers: a timer may still be armed
  cluster_core::fan_out_place listed_;
};

/// With rate and time left from the counts and the time.
fan_out_progress measured(std::size_t done, std::size_t failed, std::optional<std::size_t> total, duration elapsed);

}  // namespace dist
