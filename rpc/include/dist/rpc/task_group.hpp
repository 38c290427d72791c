#pragma once

#include <asio/any_io_executor.hpp>
#include <cstddef>
#include <dist/rpc/event.hpp>
#include <dist/rpc/task.hpp>
#include <exception>
#include <list>

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
  /// Asserts that join() has seen everything end.
  ~task_group();

  /// Starts `work`. After stop() it is started and cancelled at once.
  void spawn(task<void> work);
  /// Cancels all (terminal); idempotent; returns at once.
  void stop() noexcept;
  /// Completes when every coroutine has ended; throws the first failure, unless it was the cancellation of stop().
  /// A caller that was itself cancelled must first `co_await asio::this_coro::reset_cancellation_state(...)`, or the
  /// await throws before it waits.
  task<void> join();

  std::size_t size() const noexcept { return running_.size(); }
  bool stopped() const noexcept { return stopped_; }

 private:
  struct child;

  void ended(std::list<child>::iterator which, std::exception_ptr error) noexcept;

  asio::any_io_executor executor_;
  std::list<child> running_;
  std::exception_ptr first_error_;
  event idle_;
  bool stopped_ = false;
};

}  // namespace dist
