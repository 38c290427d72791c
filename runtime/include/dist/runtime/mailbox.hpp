#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace dist {

/// Carries work from any thread to the I/O thread, many pieces with one wake-up. Once closed it drops what comes.
class mailbox : public std::enable_shared_from_this<mailbox> {
 public:
  explicit mailbox(asio::io_context& io) : io_(io) {}

  void post(std::function<void()> work);
  /// What waits is dropped; nothing runs after this returns. I/O thread, or when its loop has ended.
  void close() noexcept;

 private:
  void run_all();

  asio::io_context& io_;
  std::mutex mutex_;
  std::vector<std::function<void()>> waiting_;
  std::vector<std::function<void()>> running_;
  bool closed_ = false;
};

}  // namespace dist
