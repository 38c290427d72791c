#pragma once

#include <asio/io_context.hpp>
#include <atomic>
#include <concepts>
#include <dist/rpc/detail/work_item.hpp>
#include <memory>
#include <mutex>
#include <utility>

namespace dist {

/// Carries work from any thread to the I/O thread, many pieces with one wake-up. Once closed it drops further work.
class mailbox : public std::enable_shared_from_this<mailbox> {
 public:
  explicit mailbox(asio::io_context& io) : io_(io) {}

  /// False, and nothing is kept, once it is closed. What `work` throws leaves the I/O thread's run(), after the others
  /// of its turn have run.
  bool post(work_ptr work);
  template <std::invocable F>
  bool post(F work) {
    return post(make_work(std::move(work)));
  }
  /// Pending work is dropped; nothing runs after this returns. I/O thread, or when its loop has ended.
  void close() noexcept;
  bool closed() const noexcept { return closed_; }
  /// The same, but pending work runs here and now.
  void finish();

 private:
  void run_all();

  asio::io_context& io_;
  std::mutex mutex_;
  work_queue waiting_;
  std::atomic<bool> closed_ = false;
};

}  // namespace dist
