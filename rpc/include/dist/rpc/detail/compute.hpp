#pragma once

#include <asio/any_io_executor.hpp>
#include <cstddef>
#include <dist/rpc/detail/work_item.hpp>

namespace dist {

/// The interface that decides where methods run. The real one is a pool of threads, a test's runs on the I/O thread.
class compute_threads {
 public:
  virtual ~compute_threads() = default;

  /// Where coroutine methods live and resume.
  virtual asio::any_io_executor executor() = 0;
  /// Runs `work` on some compute thread; from any thread. It must not throw.
  virtual void post(work_ptr work) = 0;
  /// The calling thread begins to block in a method, until end_block(): another may run in its place, at most one spare
  /// a slot. False, and it must not block, when it is the last that does not: nothing could run what the others wait
  /// for. From any thread; nothing on others than ours.
  virtual bool begin_block() { return true; }
  virtual void end_block() noexcept {}
  /// Replaces a thread that will never return from its work. From any thread; nothing on others
  /// than ours.
  virtual void replace_thread() {}
  /// How many methods run at once.
  virtual std::size_t slots() const noexcept = 0;
};

}  // namespace dist
