#pragma once

#include <condition_variable>
#include <dist/rpc/seams.hpp>
#include <mutex>
#include <thread>

namespace dist {

/// A thread that detects when the I/O thread is blocked, and logs it with the remedy: a blocked one cannot.
///
/// Lives    while the I/O thread runs.
class io_watchdog {
 public:
  explicit io_watchdog(seams const& world);
  ~io_watchdog();
  io_watchdog(io_watchdog const&) = delete;
  io_watchdog& operator=(io_watchdog const&) = delete;

 private:
  void watch();

  seams world_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace dist
