#include "service.hpp"

#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <thread>

namespace {

dist::task<void> wait_here(std::int64_t microseconds) {
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::microseconds(microseconds));
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

std::vector<double> Bench::give_vector() const {
  static auto const given = bench::make_vector();
  return given;
}
std::int64_t Bench::nap(std::int64_t microseconds) const {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  return microseconds;
}
dist::task<void> Bench::wait(std::int64_t microseconds) const { return wait_here(microseconds); }
dist::task<void> Bench::wait_on_pool(std::int64_t microseconds) const { return wait_here(microseconds); }
std::int64_t Bench::resident() const { return bench::resident_bytes("self"); }

dist::task<void> Bench::hold() const {
  dist::event released;
  gates_->push_back(&released);
  co_await released.wait();
}
