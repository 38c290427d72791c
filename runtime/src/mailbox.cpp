#include <dist/runtime/mailbox.hpp>

#include <asio/post.hpp>

namespace dist {

void mailbox::post(std::function<void()> work) {
  std::lock_guard const lock(mutex_);
  if (closed_) return;
  waiting_.push_back(std::move(work));
  // Posted under the lock: after close() the io_context may be gone.
  if (waiting_.size() == 1) asio::post(io_, [self = shared_from_this()] { self->run_all(); });
}

void mailbox::run_all() {
  {
    std::lock_guard const lock(mutex_);
    if (closed_) return;
    std::swap(waiting_, running_);
  }
  for (auto& work : running_) work();
  running_.clear();
}

void mailbox::close() noexcept {
  std::vector<std::function<void()>> dropped;
  std::lock_guard const lock(mutex_);
  closed_ = true;
  std::swap(dropped, waiting_);
}

}  // namespace dist
