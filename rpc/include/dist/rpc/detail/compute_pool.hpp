#pragma once

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <atomic>
#include <cstddef>
#include <dist/rpc/detail/compute.hpp>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dist {

/// Methods on threads of their own, one per slot.
///
/// Errors   an exception that escapes posted work or a handler ends the process: work must not throw.
/// Lives    stop() or the destructor waits for the work that runs; work that has not started is destroyed without
///          running. Whatever may still post must be gone by then.
class compute_pool final : public compute_threads {
 public:
  /// Starts max(slots, 1) threads.
  explicit compute_pool(std::size_t slots);
  ~compute_pool() override;

  /// Also drives asio timers that are made on it.
  asio::any_io_executor executor() override { return pool_.get_executor(); }
  void post(work_ptr work) override;
  bool begin_block() override;
  void end_block() noexcept override;
  void replace_thread() override;
  std::size_t slots() const noexcept override { return slots_; }
  /// Whether posted work is running now.
  bool is_busy() const noexcept { return running_.load() != 0; }
  /// Joins the threads; idempotent.
  void stop() noexcept;

 private:
  /// The loop of one thread.
  void run_waiting();
  void add_spare();
  void post_runner();

  std::size_t slots_;
  asio::thread_pool pool_;
  std::atomic<std::size_t> running_ = 0;
  std::mutex mutex_;
  std::vector<std::thread> spares_;
  work_queue waiting_;
  std::size_t runners_ = 0;  ///< threads that take or will take work, idle ones too
  std::size_t blocked_ = 0;
  bool stopped_ = false;
};

/// Methods on the I/O thread, between its other handlers: for tests and debuggers.
class inline_compute final : public compute_threads {
 public:
  explicit inline_compute(asio::io_context& io, std::size_t slots = 1) : io_(io), slots_(slots) {}

  asio::any_io_executor executor() override { return io_.get_executor(); }
  void post(work_ptr work) override;
  std::size_t slots() const noexcept override { return slots_; }

 private:
  asio::io_context& io_;
  std::size_t slots_;
};

/// One function on a thread of its own, such as a job that blocks.
class side_thread {
 public:
  /// Runs `work`, then posts `done` to `executor` with what `work` threw, or null. The executor is kept busy until
  /// then.
  side_thread(asio::any_io_executor executor, std::function<void()> work, std::function<void(std::exception_ptr)> done);
  side_thread(side_thread const&) = delete;
  side_thread& operator=(side_thread const&) = delete;
  /// Waits for `work` to end; `done` may still be on its way.
  ~side_thread();

 private:
  std::thread thread_;
};

}  // namespace dist
