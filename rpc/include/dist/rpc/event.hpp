#pragma once

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <dist/rpc/task.hpp>
#include <memory>
#include <utility>

namespace dist {

/// A flag that one coroutine can wait for. `set` before `wait` is remembered; `wait` takes the flag down again. Used on
/// one thread; the waiting coroutine resumes through its executor, never inside `set`.
class event {
 public:
  event() = default;
  event(event const&) = delete;
  event& operator=(event const&) = delete;

  void set() {
    if (waiting_) return waiting_.release()->resume({});
    set_ = true;
  }
  void reset() noexcept { set_ = false; }
  bool is_set() const noexcept { return set_; }

  /// Cancel: terminal, throws operation_aborted.
  task<void> wait() {
    return asio::async_initiate<asio::use_awaitable_t<> const, void(std::error_code)>(
        [this](auto handler) { start(std::move(handler)); }, asio::use_awaitable);
  }

 private:
  struct waiter {
    virtual ~waiter() = default;
    /// Deletes itself.
    virtual void resume(std::error_code error) = 0;
  };

  template <class Handler>
  struct waiter_of final : waiter {
    explicit waiter_of(Handler h) : handler(std::move(h)) {}
    void resume(std::error_code error) override {
      auto executor = asio::get_associated_executor(handler);
      std::unique_ptr<waiter> self(this);
      if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) slot.clear();
      asio::post(executor, [h = std::move(handler), error]() mutable { std::move(h)(error); });
    }
    Handler handler;
  };

  template <class Handler>
  void start(Handler handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    auto made = std::make_unique<waiter_of<Handler>>(std::move(handler));
    if (std::exchange(set_, false)) return made.release()->resume({});
    waiting_ = std::move(made);
    if (slot.is_connected())
      slot.assign([this](asio::cancellation_type) {
        if (waiting_) waiting_.release()->resume(asio::error::operation_aborted);
      });
  }

  std::unique_ptr<waiter> waiting_;
  bool set_ = false;
};

}  // namespace dist
