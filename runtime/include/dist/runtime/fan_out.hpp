#pragma once

#include <chrono>
#include <cstddef>
#include <dist/runtime/call_options.hpp>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace dist {

/// A share of a whole, from 0 to 100: `dist::percent(2.5)`.
class percent {
 public:
  /// Throws std::invalid_argument if it is not from 0 to 100.
  explicit percent(double value) : value_(value) {
    if (!(value >= 0 && value <= 100)) throw std::invalid_argument("dist::percent: must be from 0 to 100");
  }
  double value() const noexcept { return value_; }

 private:
  double value_;
};

/// How many inputs may fail until a fan-out is given up.
class failure_limit {
 public:
  explicit failure_limit(std::size_t count = 0) noexcept : count_(count) {}
  explicit failure_limit(percent share) noexcept : share_(share.value()) {}

  /// Whether `failed` of the `ended` calls are too many. A share is of all inputs; where their number is not known, of
  /// those that have ended, at least 100 as long as there are `more`.
  enum class more { yes, no };
  bool is_passed(std::size_t failed, std::size_t ended, std::optional<std::size_t> total, more left) const noexcept;
  /// `3`, `5 %`.
  std::string text() const;

 private:
  std::size_t count_ = 0;
  std::optional<double> share_;
};

/// The progress of a fan-out.
struct fan_out_progress {
  std::size_t done = 0;  ///< calls that have ended, the failed ones too
  std::size_t failed = 0;
  std::optional<std::size_t> total;  ///< empty if the range of inputs has no known size
  duration elapsed{};
  double per_second = 0;         ///< calls that ended, on average since the start
  std::optional<duration> left;  ///< the time left at that rate; empty if unknown
};
using fan_out_observer = std::function<void(fan_out_progress const&)>;

/// How a fan-out spreads its calls; its last argument:
/// `dist::map<&Pricer::price>(cluster, trades, dist::fan_out().window(64).progress("pricing"))`.
class fan_out {
 public:
  fan_out() noexcept {}

  /// Calls under way at once. Default 1024; at least 1.
  fan_out& window(std::size_t calls) noexcept {
    window_ = calls < 1 ? 1 : calls;
    return *this;
  }
  /// Bytes of encoded arguments under way at once, the next input taken to be as large as the last one. Default 64 MB;
  /// a larger input goes alone.
  fan_out& window_bytes(std::size_t bytes) noexcept {
    window_bytes_ = bytes;
    return *this;
  }
  /// Bytes of results that have arrived but cannot be taken yet, because an earlier one is missing or they are not
  /// consumed: beyond it no new call starts. The overhead of keeping them counts too. Default 64 MB.
  fan_out& reorder(std::size_t bytes) noexcept {
    reorder_bytes_ = bytes;
    return *this;
  }
  /// map_reduce: fold results as they arrive, not in the order of the inputs.
  fan_out& arrival_order() noexcept {
    in_order_ = false;
    return *this;
  }
  /// collect: how many inputs may fail, or which share of them. Default 0. The other functions reject it: they could
  /// not report what their result lacks.
  fan_out& max_failures(std::size_t count) noexcept {
    failures_ = failure_limit(count);
    return *this;
  }
  fan_out& max_failures(percent share) noexcept {
    failures_ = failure_limit(share);
    return *this;
  }
  /// Shows a bar with this label on a terminal; elsewhere a line every ten seconds; with -q, nothing.
  fan_out& progress(std::string label) {
    label_ = std::move(label);
    return *this;
  }
  /// Reports the progress to `observer` at intervals, and once at the end. On the I/O thread; what it throws ends the
  /// fan-out.
  fan_out& observe(fan_out_observer observer, time_length every = std::chrono::seconds(1)) {
    observer_ = std::move(observer);
    observe_every_ = every;
    return *this;
  }
  /// For each call, such as its deadline.
  fan_out& each(call_options options) noexcept {
    options_ = std::move(options);
    return *this;
  }

  std::size_t window_count() const noexcept { return window_; }
  std::size_t most_window_bytes() const noexcept { return window_bytes_; }
  std::size_t reorder_bytes() const noexcept { return reorder_bytes_; }
  bool is_in_order() const noexcept { return in_order_; }
  std::optional<failure_limit> const& failures() const noexcept { return failures_; }
  std::optional<failure_limit> take_failures() noexcept { return std::exchange(failures_, std::nullopt); }
  std::string const& label() const noexcept { return label_; }
  fan_out_observer const& observer() const noexcept { return observer_; }
  duration observe_every() const noexcept { return observe_every_; }
  call_options const& options() const noexcept { return options_; }

 private:
  std::size_t window_ = 1024;
  std::size_t window_bytes_ = std::size_t{64} << 20;
  std::size_t reorder_bytes_ = std::size_t{64} << 20;
  bool in_order_ = true;
  std::optional<failure_limit> failures_;
  std::string label_;
  fan_out_observer observer_;
  duration observe_every_{};
  call_options options_;
};

}  // namespace dist
