#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/error.hpp>
#include <asio/execution_context.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <cassert>
#include <dist/rpc/task.hpp>
#include <memory>
#include <mutex>
#include <utility>

namespace dist {

class event;

/// One coroutine that waits for an event. Its handler owns the coroutine's frame, and the event often lives in that
/// very frame; so waiters belong to their execution context, which destroys those that are left when it goes.
class event_waiter {
 public:
  /// What becomes of the canceller in the cancellation slot. It lives in the slot's memory, so while it runs it stays.
  enum class slot_use { clear, leave };

  virtual ~event_waiter() = default;
  /// Posts the handler and deletes itself.
  virtual void resume(std::error_code error, slot_use use) = 0;
  /// Destroys the handler, and so the coroutine, and itself.
  virtual void abandon() noexcept = 0;

 private:
  friend class event;
  friend class event_waiters;
  event* event_ = nullptr;
  event_waiter* previous_ = nullptr;
  event_waiter* next_ = nullptr;
};

/// The waiters of one execution context; a service of it.
class event_waiters final : public asio::execution_context::service {
 public:
  using key_type = event_waiters;
  static asio::execution_context::id id;

  explicit event_waiters(asio::execution_context& context) : service(context) {}
  static event_waiters& of(asio::any_io_executor const& executor);

  void add(event_waiter& waiter) noexcept;
  void remove(event_waiter& waiter) noexcept;
  /// Whether the context is on its way out: what still waits is destroyed, not resumed.
  bool shutting_down() const noexcept;

 private:
  void shutdown() override;

  mutable std::mutex mutex_;
  event_waiter* first_ = nullptr;
  bool shutting_down_ = false;
};

/// A flag that one coroutine at a time can wait for. `set` before `wait` is remembered; `wait` clears the flag
/// again. Used on one thread, always in the same execution context; the waiting coroutine resumes through its executor,
/// never inside `set`. An event that goes ends its waiter with operation_aborted.
class event {
 public:
  event() = default;
  event(event const&) = delete;
  event& operator=(event const&) = delete;
  ~event() {
    if (waiting_) release()->resume(asio::error::operation_aborted, event_waiter::slot_use::clear);
  }

  void set() {
    if (waiting_)
      release()->resume({}, event_waiter::slot_use::clear);
    else
      set_ = true;
  }
  void reset() noexcept { set_ = false; }
  bool is_set() const noexcept { return set_; }

  /// Cancel: terminal, throws operation_aborted; a wait that was already ended by `set` succeeds.
  task<void> wait() {
    return asio::async_initiate<asio::use_awaitable_t<> const, void(std::error_code)>(
        [this](auto handler) { start(std::move(handler)); }, asio::use_awaitable);
  }

 private:
  friend class event_waiters;

  struct canceller {
    event* target;
    void operator()(asio::cancellation_type) {
      auto* const which = std::exchange(target, nullptr);
      if (which) which->release()->resume(asio::error::operation_aborted, event_waiter::slot_use::leave);
    }
  };

  template <class Handler>
  struct waiter_of final : event_waiter {
    explicit waiter_of(Handler h) : handler(std::move(h)) {}
    void resume(std::error_code error, slot_use use) override {
      std::unique_ptr<event_waiter> self(this);
      auto executor = asio::get_associated_executor(handler);
      if (use == slot_use::clear) clear_slot();
      asio::post(executor, [h = std::move(handler), error]() mutable { std::move(h)(error); });
    }
    void abandon() noexcept override {
      clear_slot();
      delete this;
    }
    void clear_slot() noexcept {
      if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) slot.clear();
    }
    Handler handler;
  };

  template <class Handler>
  void start(Handler handler) {
    assert(!waiting_ && "one coroutine at a time waits for an event");
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (!waiters_) waiters_ = &event_waiters::of(asio::get_associated_executor(handler));
    auto made = std::make_unique<waiter_of<Handler>>(std::move(handler));
    if (std::exchange(set_, false)) return made.release()->resume({}, event_waiter::slot_use::clear);
    if (slot.is_connected()) slot.assign(canceller{this});
    waiting_ = made.release();
    waiting_->event_ = this;
    waiters_->add(*waiting_);
  }

  event_waiter* release() noexcept {
    waiters_->remove(*waiting_);
    return std::exchange(waiting_, nullptr);
  }

  event_waiters* waiters_ = nullptr;
  event_waiter* waiting_ = nullptr;
  bool set_ = false;
};

}  // namespace dist
