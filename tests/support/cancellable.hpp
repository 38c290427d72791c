#pragma once

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>

#include "sim/world/run.hpp"

namespace dist::test {

/// A coroutine that a test can cancel.
template <class T>
class cancellable {
 public:
  cancellable(asio::any_io_executor executor, task<T> work) {
    auto shared = state_;
    if constexpr (std::is_void_v<T>)
      asio::co_spawn(executor, std::move(work),
                     asio::bind_cancellation_slot(shared->signal.slot(),
                                                  [shared](std::exception_ptr error) { shared->end(error); }));
    else
      asio::co_spawn(executor, std::move(work),
                     asio::bind_cancellation_slot(shared->signal.slot(), [shared](std::exception_ptr error, T value) {
                       shared->end(error, std::move(value));
                     }));
  }
  cancellable(asio::io_context& io, task<T> work)
      : cancellable(asio::any_io_executor(io.get_executor()), std::move(work)) {}

  void cancel() { state_->signal.emit(asio::cancellation_type::terminal); }
  bool done() const noexcept { return state_->end.done(); }
  /// Its value or exception; only once it is done.
  T get() {
    if (!done()) throw std::logic_error("the coroutine has not ended");
    return state_->end.get();
  }

 private:
  struct state {
    asio::cancellation_signal signal;
    outcome<T> end;
  };
  std::shared_ptr<state> state_ = std::make_shared<state>();
};

}  // namespace dist::test
