#include <dist/rpc/compute_pool.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <utility>

namespace dist {

compute_pool::compute_pool(std::size_t slots) : slots_(std::max<std::size_t>(slots, 1)), pool_(slots_) {}

compute_pool::~compute_pool() { stop(); }

void compute_pool::post(std::function<void()> work) {
  asio::post(pool_, [this, run = std::move(work)] {
    ++running_;
    run();
    --running_;
  });
}

bool compute_pool::begin_block() {
  if (!pool_.get_executor().running_in_this_thread()) return true;
  std::lock_guard const lock(mutex_);
  if (blocked_ + 1 >= 2 * slots_) return false;
  ++blocked_;
  // A spare stays once it was needed: who may run how much is the master's business, by leases.
  if (!stopped_ && spares_.size() < std::min(slots_, blocked_)) spares_.emplace_back([this] { pool_.attach(); });
  return true;
}

void compute_pool::end_block() noexcept {
  if (!pool_.get_executor().running_in_this_thread()) return;
  std::lock_guard const lock(mutex_);
  --blocked_;
}

void compute_pool::replace_thread() {
  std::lock_guard const lock(mutex_);
  if (!stopped_) spares_.emplace_back([this] { pool_.attach(); });
}

void compute_pool::stop() noexcept {
  pool_.stop();
  std::vector<std::thread> spares;
  {
    std::lock_guard const lock(mutex_);
    stopped_ = true;
    std::swap(spares, spares_);
  }
  for (auto& spare : spares) spare.join();
  pool_.join();
}

void inline_compute::post(std::function<void()> work) { asio::post(io_, std::move(work)); }

side_thread::side_thread(asio::any_io_executor executor, std::function<void()> work,
                         std::function<void(std::exception_ptr)> done)
    : thread_([guard = asio::make_work_guard(executor), executor, work = std::move(work),
               done = std::move(done)]() mutable {
        std::exception_ptr error;
        try {
          work();
        } catch (...) {
          error = std::current_exception();
        }
        asio::post(executor, [done = std::move(done), error = std::move(error)]() mutable { done(std::move(error)); });
      }) {}

side_thread::~side_thread() { thread_.join(); }

}  // namespace dist
