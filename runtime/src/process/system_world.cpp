#include <dist/runtime/system_world.hpp>

#include <sched.h>

#include "process/spin.hpp"

namespace dist {

system_world::system_world(std::size_t slots, dist::log to)
    : log_(std::move(to)), clock_(io_), network_(io_, clock_, log_) {
  if (slots == 0) {
    compute_ = std::make_unique<inline_compute>(io_);
  } else {
    auto pool = std::make_unique<compute_pool>(slots);
    pool_ = pool.get();
    compute_ = std::move(pool);
  }
}

void system_world::run(duration bound) {
  if (bound <= duration::zero()) {
    io_.run();
    return;
  }
  spin wait(bound);
  wait.worked(clock_.now());
  while (!io_.stopped()) {
    if (io_.poll() == 0) {
      auto const before = clock_.now();
      if (wait.looks_again(before)) {
        if (wait.yields_now(before)) {
          ::sched_yield();
          wait.yielded(before, clock_.now());
        }
        continue;
      }
      io_.run_one();
    }
    wait.worked(clock_.now());
  }
}

void system_world::join_compute() noexcept {
  if (pool_) pool_->stop();
}

bool system_world::is_computing() const noexcept { return pool_ && pool_->is_busy(); }

system_world::~system_world() = default;

}  // namespace dist
