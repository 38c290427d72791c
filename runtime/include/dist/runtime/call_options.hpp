#pragma once

#include <dist/rpc/deadline.hpp>
#include <optional>

namespace dist {

/// How one call is made; the last argument of go, call and try_call:
/// `dist::go<&Arith::sum>(cluster, values, dist::call_options().within(200ms))`.
class call_options {
 public:
  call_options() noexcept {}

  /// The answer must be there this long after the call was made. Default: none, or what is left of the calling method's
  /// own deadline.
  call_options& within(duration left) noexcept {
    within_ = left;
    return *this;
  }
  /// With no node that has the method for this long, the call fails with errc::no_node. Default: it waits; the master's
  /// log says for what. Calls made from a node or over a connection to somebody's master wait as that master does.
  call_options& wait_for_node(duration longest) noexcept {
    node_wait_ = longest;
    return *this;
  }
  /// Never issue the call a second time, even if its method is repeatable.
  call_options& once() noexcept {
    once_ = true;
    return *this;
  }

  std::optional<duration> time_left() const noexcept { return within_; }
  std::optional<duration> node_wait() const noexcept { return node_wait_; }
  bool is_once() const noexcept { return once_; }

 private:
  std::optional<duration> within_;
  std::optional<duration> node_wait_;
  bool once_ = false;
};

}  // namespace dist
