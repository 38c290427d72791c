#include <dist/rpc/detail/compute_pool.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <utility>

namespace dist {
namespace {

/// So many pieces of work a thread runs before it lets coroutines have their turn.
constexpr int most_in_a_row = 8;

}  // namespace

compute_pool::compute_pool(std::size_t slots) : slots_(std::max<std::size_t>(slots, 1)), pool_(slots_) {}

compute_pool::~compute_pool() { stop(); }

void compute_pool::post(work_ptr work) {
  {
    std::lock_guard const lock(mutex_);
    waiting_.push(std::move(work));
    if (runners_ == slots_ + spares_.size()) return;
    ++runners_;
  }
  post_runner();
}

void compute_pool::post_runner() {
  asio::post(pool_, [this] { run_waiting(); });
}

void compute_pool::run_waiting() {
  for (int i = 0; i < most_in_a_row; ++i) {
    work_ptr next;
    {
      std::lock_guard const lock(mutex_);
      next = waiting_.pop();
      if (!next) {
        --runners_;
        return;
      }
    }
    ++running_;
    run(std::move(next));
    --running_;
  }
  post_runner();
}

/// With the lock.
void compute_pool::add_spare() {
  // Queued work may be waiting for just this thread. It posts its runner itself: work posted by the only thread of an
  // asio pool stays with that thread until its current work returns.
  spares_.emplace_back([this] {
    post_runner();
    pool_.attach();
  });
  ++runners_;
}

bool compute_pool::begin_block() {
  if (!pool_.get_executor().running_in_this_thread()) return true;
  std::lock_guard const lock(mutex_);
  if (blocked_ + 1 >= 2 * slots_) return false;
  ++blocked_;
  // A spare thread stays once it was needed: the master limits the work by its leases.
  if (!stopped_ && spares_.size() < std::min(slots_, blocked_)) add_spare();
  return true;
}

void compute_pool::end_block() noexcept {
  if (!pool_.get_executor().running_in_this_thread()) return;
  std::lock_guard const lock(mutex_);
  --blocked_;
}

void compute_pool::replace_thread() {
  std::lock_guard const lock(mutex_);
  if (!stopped_) add_spare();
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
  work_queue dropped;
  std::lock_guard const lock(mutex_);
  dropped.swap(waiting_);
}

void inline_compute::post(work_ptr work) {
  asio::post(io_, [work = std::move(work)]() mutable { run(std::move(work)); });
}

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
