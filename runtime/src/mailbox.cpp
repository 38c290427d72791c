#include <dist/runtime/mailbox.hpp>

#include <asio/post.hpp>
#include <exception>

namespace dist {

bool mailbox::post(std::function<void()> work) {
  std::lock_guard const lock(mutex_);
  if (closed_) return false;
  waiting_.push_back(std::move(work));
  // Posted under the lock: after close() the io_context may be gone.
  if (waiting_.size() == 1) asio::post(io_, [self = shared_from_this()] { self->run_all(); });
  return true;
}

void mailbox::run_all() {
  {
    std::lock_guard const lock(mutex_);
    if (closed_) return;
    std::swap(waiting_, running_);
  }
  std::exception_ptr failed;
  for (auto& work : running_) {
    if (closed_) break;
    try {
      work();
    } catch (...) {
      if (!failed) failed = std::current_exception();
    }
  }
  running_.clear();
  if (failed) std::rethrow_exception(failed);
}

void mailbox::close() noexcept {
  std::vector<std::function<void()>> dropped;
  std::lock_guard const lock(mutex_);
  closed_ = true;
  std::swap(dropped, waiting_);
}

void mailbox::finish() {
  for (;;) {
    std::vector<std::function<void()>> last;
    {
      std::lock_guard const lock(mutex_);
      std::swap(last, waiting_);
      if (last.empty()) {
        closed_ = true;
        return;
      }
    }
    for (auto& work : last) work();
  }
}

}  // namespace dist
