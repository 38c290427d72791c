#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/detail/request_options.hpp>
#include <dist/rpc/detail/traceparent.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace dist {

/// How one call is made; the last argument of go, call and try_call:
/// `dist::go<&Arith::sum>(cluster, values, dist::call_options().within(200ms))`.
class call_options {
 public:
  call_options() noexcept {}

  /// The reply must arrive this long after the call was made. Default: none, or what is left of the calling method's
  /// own deadline.
  call_options& within(time_length left) noexcept {
    within_ = left;
    return *this;
  }
  /// With no node that can take the call for this long, it fails with errc::no_node. Default: it waits; the master's
  /// log tells for what.
  call_options& wait_for_node(time_length longest) {
    change().node_wait_us = microseconds(longest);
    return *this;
  }
  /// Never issue the call a second time, even if its method is repeatable.
  call_options& once() noexcept {
    once_ = true;
    return *this;
  }
  /// Only nodes with this label, `gpu=1`, or with any value of it, `gpu`; `node=NAME` is the node of that name. Several
  /// must all hold. Default: any node that has the method.
  call_options& needs(std::string label) {
    change().needs.push_back(std::move(label));
    return *this;
  }
  /// How often the call may be issued again when its method throws dist::transient. Default 3.
  call_options& retry(std::uint32_t times) {
    change().retries = times;
    return *this;
  }
  /// Ends the node's process when its plain method still runs this long after the call has ended without it: it was
  /// cancelled, its deadline passed, another's answer was taken. For methods that cannot ask their context. Only in
  /// processes of one slot that are started again, as those of --procs and --local: there nothing else suffers; other
  /// nodes log why they cannot. Coroutines are cancelled, never killed. Default: never; the slot stays in
  /// use until the method returns.
  call_options& kill_after(time_length patience) {
    change().kill_after_us = microseconds(patience);
    return *this;
  }
  /// The trace that the call belongs to, in the words of W3C Trace Context: the method reads it as
  /// `context.traceparent()`, the calls that it makes have it too, and --trace writes it down. A text that is no
  /// traceparent is as none. Default: that of the calling method.
  call_options& traceparent(std::string text) {
    if (is_traceparent(text)) change().traceparent = std::move(text);
    return *this;
  }
  /// These options, and those of `defaults` where unset; labels add up.
  call_options over(call_options const& defaults) const;

  std::optional<duration> time_left() const noexcept { return within_; }
  bool is_once() const noexcept { return once_; }
  /// The options sent with the call; null if all are defaults.
  std::shared_ptr<request_options const> const& sent() const noexcept { return sent_; }

 private:
  static std::uint64_t microseconds(duration d) noexcept {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::microseconds>(d).count()));
  }
  /// Calls share the set options, so setting makes a copy.
  request_options& change() {
    auto changed = sent_ ? std::make_shared<request_options>(*sent_) : std::make_shared<request_options>();
    auto& made = *changed;
    sent_ = std::move(changed);
    return made;
  }

  std::optional<duration> within_;
  bool once_ = false;
  std::shared_ptr<request_options const> sent_;
};

}  // namespace dist
