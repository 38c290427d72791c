#include <dist/rpc/task_group.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/this_coro.hpp>
#include <cassert>
#include <system_error>
#include <vector>

namespace dist {

bool is_cancellation(std::exception_ptr const& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (std::system_error const& e) {
    return e.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

/// Shared by the group's list and the coroutine's completion handler: the signal must outlive the holder of its slot.
struct task_group::child {
  explicit child(task_group& owner) : group(&owner) {}

  asio::cancellation_signal cancel;
  task_group* group;  // null once the group is gone or the coroutine has ended
  child_list::iterator position;
};

/// The completion handler. Destroyed without a call, as by an io_context that is destroyed, it removes the child from
/// the list.
class task_group::on_end {
 public:
  explicit on_end(std::shared_ptr<child> which) : child_(std::move(which)) {}
  on_end(on_end&&) noexcept = default;
  on_end& operator=(on_end&&) = delete;
  ~on_end() {
    if (child_ && child_->group) child_->group->forget(*child_);
  }

  void operator()(std::exception_ptr error) {
    auto const which = std::move(child_);
    if (which->group) which->group->ended(*which, std::move(error));
  }

 private:
  std::shared_ptr<child> child_;
};

task_group::task_group(asio::any_io_executor executor)
    : executor_(std::move(executor)), context_(event_waiters::of(executor_)) {}

task_group::~task_group() {
  assert((running_.empty() || context_.shutting_down()) && "join() the group before it goes");
  for (auto& which : running_) which->group = nullptr;
}

void task_group::spawn(task<void> work) {
  auto which = std::make_shared<child>(*this);
  which->position = running_.insert(running_.end(), which);
  asio::co_spawn(executor_, std::move(work), asio::bind_cancellation_slot(which->cancel.slot(), on_end(which)));
  // Stopped before or, when the coroutine runs at once, by its own beginning.
  if (stopped_) which->cancel.emit(asio::cancellation_type::terminal);
}

void task_group::stop() noexcept {
  if (std::exchange(stopped_, true)) return;
  // Handlers of the signals may end coroutines and spawn others, so the list itself is not walked.
  std::vector<std::shared_ptr<child>> const now(running_.begin(), running_.end());
  for (auto const& which : now) which->cancel.emit(asio::cancellation_type::terminal);
}

void task_group::forget(child& which) noexcept {
  which.group = nullptr;
  running_.erase(which.position);
  if (running_.empty() && !context_.shutting_down()) idle_.set();
}

void task_group::ended(child& which, std::exception_ptr error) noexcept {
  if (error && !first_error_ && !(stopped_ && is_cancellation(error))) {
    first_error_ = std::move(error);
    stop();
  }
  forget(which);
}

task<void> task_group::join() {
  bool const throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  bool cancelled = false;
  while (!running_.empty()) {
    idle_.reset();
    try {
      co_await idle_.wait();
    } catch (std::system_error const&) {
      cancelled = true;
      stop();
    }
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
  if (first_error_) std::rethrow_exception(std::exchange(first_error_, nullptr));
  if (cancelled) throw std::system_error(asio::error::operation_aborted);
}

}  // namespace dist
