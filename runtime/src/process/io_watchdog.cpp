#include "process/io_watchdog.hpp"

#include <asio/post.hpp>
#include <atomic>
#include <memory>
#include <string>

#include "base/duration_text.hpp"
#include "process/block_judge.hpp"

namespace dist {

io_watchdog::io_watchdog(seams const& world) : world_(world), thread_([this] { watch(); }) {}

io_watchdog::~io_watchdog() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void io_watchdog::watch() {
  block_judge judge(world_.clock.now());
  auto const answered = std::make_shared<std::atomic<bool>>(true);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, block_judge::every, [this] { return stopping_; })) {
    auto const free = answered->load();
    auto const verdict = judge.look(free, world_.clock.now());
    if (free) {
      *answered = false;
      asio::post(world_.io, [answered] { *answered = true; });
    }
    if (verdict == block_judge::verdict::nothing) continue;
    auto const time = whole_seconds_text(judge.blocked_for());
    lock.unlock();
    if (verdict == block_judge::verdict::blocked)
      world_.log.warn("the I/O thread has been blocked for " + time +
                      ": the job's coroutine, a fold, an input range or an observer computes on it, and no node is "
                      "served meanwhile; move that work to a compute thread: co_await dist::compute(f)");
    else
      world_.log.warn("the I/O thread was blocked for " + time);
    lock.lock();
  }
}

}  // namespace dist
