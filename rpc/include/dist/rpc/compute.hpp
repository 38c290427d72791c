#pragma once

#include <asio/any_io_executor.hpp>
#include <cstddef>
#include <functional>

namespace dist {

/// The seam of computing: who runs a method. The real one is a pool of threads, a test's runs on the I/O thread.
class compute {
 public:
  virtual ~compute() = default;

  /// Where coroutine methods live and resume.
  virtual asio::any_io_executor executor() = 0;
  /// Runs `work` on some compute thread; from any thread. It must not throw.
  virtual void post(std::function<void()> work) = 0;
  /// The calling thread is about to block in a method: another may run in its place, at most one spare a slot, so that
  /// methods that wait for each other's calls cannot hold all threads. From any thread; nothing on others than ours.
  virtual void about_to_block() {}
  /// How many methods run at once.
  virtual std::size_t slots() const noexcept = 0;
};

}  // namespace dist
