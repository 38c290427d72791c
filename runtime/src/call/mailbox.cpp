#include <dist/runtime/detail/mailbox.hpp>

#include <asio/post.hpp>
#include <exception>

namespace dist {

bool mailbox::post(work_ptr work) {
  std::lock_guard const lock(mutex_);
  if (closed_) return false;
  auto const first = waiting_.empty();
  waiting_.push(std::move(work));
  // Posted under the lock: after close() the io_context may be gone.
  if (first) asio::post(io_, [self = shared_from_this()] { self->run_all(); });
  return true;
}

void mailbox::run_all() {
  work_queue now;
  {
    std::lock_guard const lock(mutex_);
    if (closed_) return;
    now.swap(waiting_);
  }
  std::exception_ptr failed;
  while (auto work = closed_ ? nullptr : now.pop()) {
    try {
      run(std::move(work));
    } catch (...) {
      if (!failed) failed = std::current_exception();
    }
  }
  if (failed) std::rethrow_exception(failed);
}

void mailbox::close() noexcept {
  work_queue dropped;
  std::lock_guard const lock(mutex_);
  closed_ = true;
  dropped.swap(waiting_);
}

void mailbox::finish() {
  for (;;) {
    work_queue last;
    {
      std::lock_guard const lock(mutex_);
      last.swap(waiting_);
      if (last.empty()) {
        closed_ = true;
        return;
      }
    }
    while (auto work = last.pop()) run(std::move(work));
  }
}

}  // namespace dist
