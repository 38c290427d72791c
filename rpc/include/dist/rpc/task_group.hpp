#pragma once

#include <asio/any_io_executor.hpp>
#include <cstddef>
#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/task.hpp>
#include <exception>
#include <list>
#include <memory>

namespace dist {

/// Whether an operation ended because it was cancelled.
bool is_cancellation(std::exception_ptr const& error) noexcept;

/// The owner of coroutines: every one that is started belongs to a group. The first that fails cancels the others and
/// join() rethrows its exception. Used on its executor's thread alone.
class task_group {
 public:
  explicit task_group(asio::any_io_executor executor);
  task_group(task_group const&) = delete;
  task_group& operator=(task_group const&) = delete;
  /// Asserts that everything has ended; only a group that goes together with its io_context may be busy.
  ~task_group();

  /// Starts `work`. After stop() it is started and cancelled at once.
  void spawn(task<void> work);
  /// Cancels all (terminal); idempotent; returns at once. Coroutines spawned later are cancelled too.
  void stop() noexcept;
  /// Completes when every coroutine has ended; throws the first failure, unless it was the cancellation of stop().
  ///
  /// Cancel   terminal: stops the group, still waits for all of it, then throws the first failure or operation_aborted.
  ///          A coroutine that has been cancelled before cannot await anything, so a clean-up that joins begins with
  ///          `co_await asio::this_coro::throw_if_cancelled(false)`.
  /// Overlap  one join at a time; more may be spawned while it waits.
  task<void> join();

  std::size_t size() const noexcept { return running_.size(); }
  bool stopped() const noexcept { return stopped_; }

 private:
  struct child;
  class on_end;
  using child_list = std::list<std::shared_ptr<child>>;

  void ended(child& which, std::exception_ptr error) noexcept;
  void forget(child& which) noexcept;

  asio::any_io_executor executor_;
  event_waiters& context_;
  child_list running_;
  std::exception_ptr first_error_;
  event idle_;
  bool stopped_ = false;
};

}  // namespace dist
