#pragma once

#include <dist/rpc/deadline.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace dist {

/// One running call, shared by its method and the serving side. Made by the serving side, shared with the method's
/// contexts, which may outlive the call.
class call_scope {
 public:
  /// Of the method and of the node that runs it: the same for many calls.
  struct names {
    std::string method;
    std::string node;
  };

  call_scope(std::shared_ptr<names const> of, dist::deadline until);
  call_scope(std::string method, std::string node, dist::deadline until);
  call_scope(call_scope const&) = delete;
  call_scope& operator=(call_scope const&) = delete;
  virtual ~call_scope();

  /// Tells the method that its result is no longer needed; from any thread, idempotent, returns at once.
  void cancel() noexcept;
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire); }

  /// The method is about to run. False: it must not, try_withdraw() came first.
  bool try_begin() noexcept { return leave_waiting(stage::begun); }
  /// Prevents the method from starting. False: it has started.
  bool try_withdraw() noexcept { return leave_waiting(stage::withdrawn); }
  bool has_begun() const noexcept { return stage_.load(std::memory_order_acquire) == stage::begun; }

  dist::deadline deadline() const noexcept { return deadline_; }
  std::string const& method() const noexcept { return names_->method; }
  std::string const& node() const noexcept { return names_->node; }

  /// Calls `hook` once when the call is cancelled, on the thread that cancels, or here and now if it is cancelled
  /// already. It must not throw. One hook at a time; an empty one takes it away, and waits while it is running.
  void on_cancel(std::function<void()> hook);

  /// Attached by the runtime so that the method's own calls find the master.
  std::shared_ptr<void> cluster;
  /// Of the trace that the call belongs to; empty: none. Set before the method begins.
  std::string traceparent;

 private:
  enum class stage : unsigned char { waiting, begun, withdrawn };
  bool leave_waiting(stage next) noexcept {
    auto expected = stage::waiting;
    return stage_.compare_exchange_strong(expected, next, std::memory_order_acq_rel);
  }

  std::shared_ptr<names const> const names_;
  dist::deadline const deadline_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<stage> stage_ = stage::waiting;
  std::mutex mutex_;
  std::function<void()> hook_;
};

/// The call that a method serves: an optional first parameter of every method, never on the wire. A handle
/// that is cheap to copy, may be used from any thread and may outlive the call.
class context {
 public:
  explicit context(std::shared_ptr<call_scope> scope) noexcept : scope_(std::move(scope)) {}

  /// Whether the call was cancelled, its deadline passed at the caller, or the caller is gone.
  bool cancelled() const noexcept { return scope_->cancelled(); }
  /// Throws call_error with errc::cancelled; the call then ends as cancelled.
  void throw_if_cancelled() const;

  dist::deadline deadline() const noexcept { return scope_->deadline(); }
  std::string const& node() const noexcept { return scope_->node(); }
  std::string const& method() const noexcept { return scope_->method(); }
  /// Of the trace that the call belongs to, for the tracer of the method's own program; empty: none. Calls that the method
  /// makes belong to the same trace by themselves.
  std::string const& traceparent() const noexcept { return scope_->traceparent; }

  std::shared_ptr<call_scope> const& scope() const noexcept { return scope_; }

 private:
  std::shared_ptr<call_scope> scope_;
};

}  // namespace dist
