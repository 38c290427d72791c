#pragma once

#include <cstddef>
#include <dist/runtime/call_options.hpp>
#include <string>
#include <utility>

namespace dist {

/// How map, try_map and map_reduce spread their calls; their last argument:
/// `dist::map<&Pricer::price>(cluster, trades, dist::fan_out().window(64).progress("pricing"))`.
class fan_out {
 public:
  fan_out() noexcept {}

  /// Calls under way at once. Default 1024; at least 1.
  fan_out& window(std::size_t calls) noexcept {
    window_ = calls < 1 ? 1 : calls;
    return *this;
  }
  /// Bytes of results that are there but cannot be folded yet, because an earlier one is missing: beyond it no new call
  /// starts. Default 64 MB.
  fan_out& reorder(std::size_t bytes) noexcept {
    reorder_bytes_ = bytes;
    return *this;
  }
  /// Fold results as they come, not in the order of the inputs.
  fan_out& arrival_order() noexcept {
    in_order_ = false;
    return *this;
  }
  /// Show a bar with this label on a terminal.
  fan_out& progress(std::string label) {
    label_ = std::move(label);
    return *this;
  }
  /// For each call, such as its deadline.
  fan_out& each(call_options options) noexcept {
    options_ = options;
    return *this;
  }

  std::size_t window_count() const noexcept { return window_; }
  std::size_t reorder_bytes() const noexcept { return reorder_bytes_; }
  bool is_in_order() const noexcept { return in_order_; }
  std::string const& label() const noexcept { return label_; }
  call_options const& options() const noexcept { return options_; }

 private:
  std::size_t window_ = 1024;
  std::size_t reorder_bytes_ = std::size_t{64} << 20;
  bool in_order_ = true;
  std::string label_;
  call_options options_;
};

}  // namespace dist
