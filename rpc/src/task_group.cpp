#include <dist/rpc/task_group.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <cassert>

namespace dist {

bool is_cancellation(std::exception_ptr const& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (std::system_error const& e) {
    return e.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

struct task_group::child {
  asio::cancellation_signal cancel;
};

task_group::task_group(asio::any_io_executor executor) : executor_(std::move(executor)) {}

task_group::~task_group() { assert(running_.empty() && "join() the group before it goes"); }

void task_group::spawn(task<void> work) {
  auto which = running_.emplace(running_.end());
  asio::co_spawn(executor_, std::move(work),
                 asio::bind_cancellation_slot(which->cancel.slot(), [this, which](std::exception_ptr error) {
                   ended(which, std::move(error));
                 }));
  if (stopped_) which->cancel.emit(asio::cancellation_type::terminal);
}

void task_group::stop() noexcept {
  stopped_ = true;
  // Emitting may end coroutines and so change the list: every element is looked at before it can go.
  for (auto which = running_.begin(); which != running_.end();) (which++)->cancel.emit(asio::cancellation_type::terminal);
}

void task_group::ended(std::list<child>::iterator which, std::exception_ptr error) noexcept {
  running_.erase(which);
  if (error && !first_error_ && !(stopped_ && is_cancellation(error))) {
    first_error_ = std::move(error);
    stop();
  }
  if (running_.empty()) idle_.set();
}

task<void> task_group::join() {
  while (!running_.empty()) {
    idle_.reset();
    co_await idle_.wait();
  }
  if (first_error_) std::rethrow_exception(std::exchange(first_error_, nullptr));
}

}  // namespace dist
