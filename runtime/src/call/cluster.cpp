#include <dist/runtime/cluster.hpp>

#include <algorithm>

#include "call/nested_calls.hpp"

namespace dist {

cluster::cluster(context const& running) {
  auto const& scope = running.scope();
  if (!scope->cluster)
    throw call_error(
        make_fault(errc::no_node, running.method() + " was not called through a dist master, so it cannot make calls"));
  auto const& nested = *static_cast<nested_calls const*>(scope->cluster.get());
  core_ = nested.on;
  inherited_ = running.deadline();
  parent_id_ = nested.parent;
  parent_blocks_ = nested.blocks;
  traceparent_ = running.traceparent();
}

call_options call_options::over(call_options const& defaults) const {
  call_options both = *this;
  if (!both.within_) both.within_ = defaults.within_;
  both.once_ = once_ || defaults.once_;
  if (!sent_ || !defaults.sent_) {
    if (!sent_) both.sent_ = defaults.sent_;
    return both;
  }
  auto sent = std::make_shared<request_options>(*sent_);
  sent->needs.insert(sent->needs.begin(), defaults.sent_->needs.begin(), defaults.sent_->needs.end());
  if (!sent->retries) sent->retries = defaults.sent_->retries;
  if (!sent->kill_after_us) sent->kill_after_us = defaults.sent_->kill_after_us;
  if (!sent->node_wait_us) sent->node_wait_us = defaults.sent_->node_wait_us;
  if (!sent->traceparent) sent->traceparent = defaults.sent_->traceparent;
  both.sent_ = std::move(sent);
  return both;
}

cluster cluster::with(call_options const& defaults) const {
  auto made = *this;
  made.defaults_ = defaults_ ? defaults.over(*defaults_) : defaults;
  return made;
}

call_ptr cluster::make_call(method_key const& method, call_options const& given) const {
  // Most calls have no defaults: nothing is copied for them.
  if (!defaults_ && traceparent_.empty()) return make_call_as_is(method, given);
  auto options = defaults_ ? given.over(*defaults_) : given;
  if (!traceparent_.empty()) options = options.over(call_options().traceparent(traceparent_));
  return make_call_as_is(method, options);
}

call_ptr cluster::make_call_as_is(method_key const& method, call_options const& options) const {
  auto call = caller().make_call();
  call->method = &method;
  call->once = options.is_once();
  if (options.sent()) call->set_options(options.sent());
  call->parent = parent_id_;
  call->parent_blocks = parent_blocks_;
  call->deadline = inherited_;
  if (auto const left = options.time_left())
    call->deadline = std::min(inherited_, dist::deadline(later(caller().world().clock.now(), *left)));
  return call;
}

}  // namespace dist
