#pragma once

#include <dist/rpc/clock.hpp>
#include <dist/rpc/error.hpp>
#include <dist/rpc/stream.hpp>
#include <string>
#include <utility>

namespace dist {

/// Closes a stream at a point in time and remembers why: a pending read or write then fails with operation_aborted, and
/// `fired()` distinguishes that from a cancellation. One stream, one timer at a time.
///
/// Lives    clock and stream outlive it; its destructor disarms.
class stream_timer {
 public:
  stream_timer(dist::clock& clock, dist::stream& stream) noexcept : clock_(clock), stream_(stream) {}
  stream_timer(stream_timer const&) = delete;
  stream_timer& operator=(stream_timer const&) = delete;
  ~stream_timer() { disarm(); }

  /// Replaces the armed time. `reason` names the wait and the limit: "no request head within 10 s, the limit
  /// (handshake)". It is kept as a whole sentence for the log.
  void arm(time_point when, std::string reason) {
    disarm();
    if (fired_) return;
    reason_ = std::move(reason);
    timer_ = clock_.schedule(when, [this] {
      timer_ = timer_id::none;
      fired_ = true;
      stream_.close();
    });
  }
  void arm(duration after, std::string reason) { arm(later(clock_.now(), after), std::move(reason)); }

  void disarm() noexcept {
    if (timer_ != timer_id::none) clock_.cancel(std::exchange(timer_, timer_id::none));
  }

  bool fired() const noexcept { return fired_; }
  /// Why the stream was closed; meaningful once fired.
  std::string const& reason() const noexcept { return reason_; }
  /// In a catch handler: throws errc::deadline_exceeded with the reason if the timer closed the stream, otherwise
  /// rethrows.
  [[noreturn]] void rethrow() const {
    if (!fired_) throw;
    throw std::system_error(errc::deadline_exceeded, reason_);
  }

 private:
  dist::clock& clock_;
  dist::stream& stream_;
  timer_id timer_ = timer_id::none;
  bool fired_ = false;
  std::string reason_;
};

}  // namespace dist
