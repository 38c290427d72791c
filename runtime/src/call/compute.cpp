#include <dist/runtime/compute.hpp>

#include <asio/error.hpp>
#include <dist/rpc/detail/work_item.hpp>

namespace dist {

void computation::begin() noexcept {
  auto fresh = state::fresh;
  if (!state_.compare_exchange_strong(fresh, state::begun)) return;
  try {
    run();
  } catch (...) {
    error_ = std::current_exception();
  }
  asio::post(home_, [self = shared_from_this()] {
    self->ended_ = true;
    self->done_.set();
  });
}

task<void> computation::run_on(compute_threads& on) {
  auto const self = shared_from_this();
  home_ = co_await asio::this_coro::executor;
  bool const throws = co_await asio::this_coro::throw_if_cancelled();
  on.post(make_work([self] { self->begin(); }));
  co_await asio::this_coro::throw_if_cancelled(false);
  bool unwanted = false;
  while (!ended_ && !unwanted) {
    try {
      co_await done_.wait();
    } catch (std::system_error const&) {
      auto fresh = state::fresh;
      unwanted = state_.compare_exchange_strong(fresh, state::unwanted);
    }
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
  if (unwanted) throw std::system_error(asio::error::operation_aborted);
  if (error_) std::rethrow_exception(error_);
}

}  // namespace dist
