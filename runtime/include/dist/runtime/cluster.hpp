#pragma once

#include <dist/rpc/context.hpp>
#include <dist/runtime/call_options.hpp>
#include <dist/runtime/detail/cluster_core.hpp>
#include <memory>
#include <utility>

namespace dist {

/// The target of calls: a master's nodes, a connection to another program's master, or, made from a method's context,
/// the nodes that the running method's own node belongs to. A cheap handle that any thread may use and copy; calls fail
/// with errc::stopped once the object it came from has been stopped.
class cluster {
 public:
  explicit cluster(std::shared_ptr<cluster_core> core) : core_(std::move(core)) {}
  /// For nested calls: they inherit the running call's deadline. Throws call_error
  /// (errc::no_node) where the method was not called through a cluster, such as by a Go master.
  cluster(context const& running);  // NOLINT(google-explicit-constructor): `go<&M>(ctx, ...)` is meant to work

  /// Where its calls are made.
  call_book& caller() const noexcept { return *core_->book(); }
  std::shared_ptr<call_book> const& shared_caller() const noexcept { return core_->book(); }
  std::shared_ptr<cluster_core> const& core() const noexcept { return core_; }
  asio::io_context::executor_type get_executor() const noexcept { return caller().get_executor(); }

  /// The same nodes, for calls that start with these options: a call's own options take precedence, labels add up.
  /// `cluster.with(dist::call_options().within(5s))` gives every call, those of map and the like too, a deadline 5 s
  /// after it was made.
  cluster with(call_options const& defaults) const;

  /// A record with deadline, parent and `options` filled in, ready for its arguments.
  call_ptr make_call(method_key const& method, call_options const& options) const;

  /// Where a node joined from, `127.0.0.1:40112`, for the name that pending::node() gave; empty where that is not known,
  /// as for a connected job, or when it has left. I/O thread.
  std::string address_of(std::string_view node) const { return core_->nodes().address_of(node); }

  /// Completes when at least `count` nodes can take calls. On the I/O thread; elsewhere pass it to block_on or run_on.
  /// Cancel: terminal.
  task<void> wait_for_nodes(std::size_t count) const { return core_->wait_for_nodes(count); }

 private:
  call_ptr make_call_as_is(method_key const& method, call_options const& options) const;

  std::shared_ptr<cluster_core> core_;
  dist::deadline inherited_;
  std::optional<call_id> parent_id_;
  std::string traceparent_;  ///< of the running method
  bool parent_blocks_ = false;
  std::optional<call_options> defaults_;
};

}  // namespace dist
