#include <dist/runtime/cluster.hpp>

#include <algorithm>

#include "nested_calls.hpp"

namespace dist {

cluster::cluster(context const& running) {
  auto const& scope = running.scope();
  if (!scope->cluster)
    throw call_error(make_fault(errc::no_node, running.method() + " was not called through a dist master, so it cannot "
                                                                  "call others"));
  auto const& nested = *static_cast<nested_calls const*>(scope->cluster.get());
  calls_ = nested.calls;
  inherited_ = running.deadline();
  parent_id_ = nested.parent;
}

call_ptr cluster::make_call(method_key const& method, call_options const& options) const {
  auto call = calls_->make_call();
  call->method = &method;
  call->once = options.is_once();
  call->set_options(options.sent());
  call->parent = parent_id_;
  call->deadline = inherited_;
  if (auto const left = options.time_left())
    call->deadline = std::min(inherited_, dist::deadline(calls_->world().clock.now() + *left));
  return call;
}

}  // namespace dist
