#pragma once

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/dispatch.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <dist/rpc/detail/freelist.hpp>
#include <dist/rpc/detail/thrown.hpp>
#include <dist/runtime/detail/call_book.hpp>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace dist {

/// The value of a reply, or its fault.
template <class R>
result<R> read_reply(method_key const& method, call_reply const& reply, std::size_t depth_limit) {
  fault what;
  if (reply.failed) {
    what = *reply.failed;
  } else {
    std::string problem;
    // An exception of a value's type, or lack of memory, must not end the process: it becomes this call's fault.
    try {
      if constexpr (std::is_void_v<R>) {
        return {};
      } else {
        R value{};
        problem = decode_result(reply.codec, reply.bytes, depth_limit, value);
        if (problem.empty()) return value;
      }
    } catch (...) {
      problem = text_of_exception(std::current_exception());
    }
    what = make_fault(errc::bad_result, "the result is not what the caller expects: " + problem);
    what.node = reply.node;
  }
  if (what.method.empty()) what.method = method.name;
  return what;
}

inline bool is_executor_of(call_book const& calls, asio::any_io_executor const& one) noexcept {
  auto const* own = one.target<asio::io_context::executor_type>();
  return own && *own == calls.get_executor();
}
template <class Executor>
bool is_executor_of(call_book const&, Executor const&) noexcept {
  return false;
}

/// The result of a pending<R>: an R, throwing the fault; or, for a result<T>, value or fault.
template <class R>
struct reply_of {
  using signature = void(std::exception_ptr, R);
  template <class Handler>
  static void hand_over(Handler handler, call_record const& call, call_reply const& reply, std::size_t depth_limit) {
    auto got = read_reply<R>(*call.method, reply, depth_limit);
    std::exception_ptr error;
    R value{};
    if (got.has_error())
      error = std::make_exception_ptr(call_error(got.error()));
    else
      value = std::move(*got);
    resume(call, reply, std::move(handler), std::move(error), std::move(value));
  }
  template <class Handler, class... Value>
  static void resume(call_record const& call, call_reply const& reply, Handler handler, std::exception_ptr error,
                     Value... value) {
    auto const executor = asio::get_associated_executor(handler);
    // Most wait where calls end, on the I/O thread: they need no executor to get there.
    if (!reply.at_once && is_executor_of(*call.home, executor))
      return std::move(handler)(std::move(error), std::move(value)...);
    auto go_on = [h = std::move(handler), e = std::move(error), ... v = std::move(value)]() mutable {
      std::move(h)(std::move(e), std::move(v)...);
    };
    // A coroutine that awaits one call after another that have all ended must not stack them up.
    if (reply.at_once)
      asio::post(executor, std::move(go_on));
    else
      asio::dispatch(executor, std::move(go_on));
  }
};
template <>
struct reply_of<void> {
  using signature = void(std::exception_ptr);
  template <class Handler>
  static void hand_over(Handler handler, call_record const& call, call_reply const& reply, std::size_t depth_limit) {
    auto const got = read_reply<void>(*call.method, reply, depth_limit);
    std::exception_ptr error;
    if (got.has_error()) error = std::make_exception_ptr(call_error(got.error()));
    reply_of<int>::resume(call, reply, std::move(handler), std::move(error));
  }
};
template <class T>
struct reply_of<result<T>> {
  using signature = void(std::exception_ptr, result<T>);
  template <class Handler>
  static void hand_over(Handler handler, call_record const& call, call_reply const& reply, std::size_t depth_limit) {
    reply_of<int>::resume(call, reply, std::move(handler), std::exception_ptr(),
                          read_reply<T>(*call.method, reply, depth_limit));
  }
};

/// Holds one started call; dropping it ends the call.
class call_handle {
 public:
  call_handle() = default;
  call_handle(std::shared_ptr<call_book> calls, call_ptr call) : call_(std::move(call)) { call_->home = std::move(calls); }
  call_handle(call_handle&& other) noexcept = default;
  call_handle& operator=(call_handle&& other) noexcept {
    if (this != &other) {
      drop();
      call_ = std::move(other.call_);
    }
    return *this;
  }
  ~call_handle() { drop(); }

  call_ptr const& call() const noexcept { return call_; }
  /// The waiting coroutine now owns the call.
  call_ptr release() noexcept { return std::move(call_); }

 private:
  void drop() noexcept {
    if (auto const call = release()) call->home->cancel(call);
  }

  call_ptr call_;
};

/// Hands a reply to a completion handler, on the handler's own executor.
template <class R, class Handler>
class handler_waiter final : public call_waiter, public from_freelist<handler_waiter<R, Handler>> {
 public:
  handler_waiter(Handler handler, std::size_t depth_limit) : handler_(std::move(handler)), depth_limit_(depth_limit) {}

  void on_reply(call_record const& call, call_reply const& reply) noexcept override {
    reply_of<R>::hand_over(std::move(handler_), call, reply, depth_limit_);
  }

 private:
  Handler handler_;
  std::size_t depth_limit_;
};

/// Waits for a started call; any completion token.
template <class R, class Token>
auto async_wait_reply(call_handle handle, Token&& token) {
  auto initiation = [](auto handler, call_handle started) {
    auto const call = started.release();
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) slot.assign([call](asio::cancellation_type) { call->home->cancel(call); });
    using waiter = handler_waiter<R, decltype(handler)>;
    call->home->await(call, std::make_unique<waiter>(std::move(handler), call->home->bounds().depth));
  };
  return asio::async_initiate<Token, typename reply_of<R>::signature>(std::move(initiation), token, std::move(handle));
}

/// A call that is under way. `co_await std::move(p)` waits for its result and throws call_error when it failed.
///
/// Cancel   cancel(), dropping it, assigning over it and cancelling the awaiting coroutine all end the call: queued, it
///          is forgotten; running, its node is told. The awaiting coroutine gets errc::cancelled.
/// Lives    it may outlive the cluster it came from: awaiting then throws errc::stopped. It yields its result once: to
///          await one that was awaited or moved away is undefined, as for any asio::awaitable; valid() tells.
/// Threads  may be moved to, awaited and dropped on any thread, by one at a time.
template <class R>
class [[nodiscard("dropping a pending cancels its call; co_await it, or keep it")]] pending
    : public asio::awaitable<R> {
 public:
  explicit pending(call_handle started) : pending(started.call(), std::move(started)) {}
  pending(pending&&) noexcept = default;
  /// Ends the call that was here before.
  pending& operator=(pending&& other) noexcept {
    if (this != &other) {
      // awaitable's own assignment would leak the frame that was here.
      std::destroy_at(this);
      std::construct_at(this, std::move(other));
    }
    return *this;
  }

  /// Ends the call; a later await throws errc::cancelled, unless the answer was already there.
  void cancel() {
    if (call_) call_->home->cancel(call_);
  }
  /// The node that answered, also after the await; nothing before it did, and where only the master knows: for calls
  /// made from a node or over a connection to a running master.
  std::optional<std::string> node() const { return call_ ? call_->answered_by() : std::nullopt; }
  /// One sentence for people: why it waits, such as `waits for 3 s: no node has label gpu=1`, or why it went where it
  /// went, `sent to node a: the least loaded of 3 that can take it, 1 of 4 slots in use`. For calls made from a node or
  /// over a connection only the master knows. I/O thread.
  std::string why() const { return call_ ? call_->home->why(*call_) : "moved from"; }
  /// The call itself, for waiting on several at once; null once moved from.
  call_ptr const& record() const noexcept { return call_; }
  /// The cluster that it was made on; null once moved from.
  std::shared_ptr<call_book> shared_caller() const noexcept { return call_ ? call_->home : nullptr; }

 private:
  pending(call_ptr call, call_handle&& started)
      : asio::awaitable<R>(async_wait_reply<R>(std::move(started), asio::use_awaitable)), call_(std::move(call)) {}

  call_ptr call_;
};

}  // namespace dist
