#pragma once

#include <dist/rpc/service.hpp>

#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/service_list.hpp>
#include <dist/rpc/task.hpp>

#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdint>
#include <future>
#include <latch>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

// Shared by the tests of services: threads to run on, a service of plain methods, and helpers to make and read calls.

namespace dist::test {

class pool final : public dist::compute_threads {
 public:
  explicit pool(std::size_t threads) : threads_(threads), pool_(threads) {}
  ~pool() override { pool_.join(); }
  /// Work that has not started is dropped.
  void stop() { pool_.stop(); }

  asio::any_io_executor executor() override { return pool_.get_executor(); }
  void post(work_ptr work) override {
    asio::post(pool_, [work = std::move(work)]() mutable { run(std::move(work)); });
  }
  std::size_t slots() const noexcept override { return threads_; }

 private:
  std::size_t threads_;
  asio::thread_pool pool_;
};

/// Suspends coroutines until it is opened, once, from any thread.
class latch_timer {
 public:
  explicit latch_timer(asio::any_io_executor executor) : timer_(executor, asio::steady_timer::time_point::max()) {}
  dist::task<void> wait() { return timer_.async_wait(asio::use_awaitable); }

 private:
  asio::steady_timer timer_;
};

struct Base {
  int inherited(int a) const { return a + 1; }
};
BOOST_DESCRIBE_STRUCT(Base, (), (inherited))

struct Plain : Base {
  std::int64_t add(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
  std::int64_t sum(std::vector<std::int64_t> const& values) const noexcept {
    std::int64_t total = 0;
    for (auto v : values) total += v;
    return total;
  }
  int none() const { return 7; }
  void nothing() const {}
  std::string join_two(std::string_view a, std::string&& b) const { return std::string(a) + b; }
  std::string where(dist::context ctx, int n) const {
    return ctx.method() + '@' + ctx.node() + ':' + std::to_string(n);
  }
  bool cancelled(dist::context const& ctx) const {
    ctx.throw_if_cancelled();
    return ctx.cancelled();
  }
  void fail(std::string how) const {
    if (how == "runtime") throw std::runtime_error("out of luck");
    if (how == "transient") throw dist::transient("busy for now");
    if (how == "int") throw 42;
    if (how == "memory") throw std::bad_alloc();
    if (how == "aborted") throw std::system_error(asio::error::operation_aborted);
    auto inner = dist::make_fault(dist::errc::node_lost, "no beat for 30 s");
    inner.method = "Other.work";
    if (how == "caused") inner.cause = "the disk is full";
    throw dist::call_error(inner);
  }
  std::string not_text() const { return "abc\xfe"; }
  std::string long_text() const { return std::string(100, 'x'); }
};
BOOST_DESCRIBE_STRUCT(Plain, (Base), (add, sum, none, nothing, join_two, where, cancelled, fail, not_text, long_text))

inline dist::task<void> yield_once() {
  auto const executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
}

template <class... A>
dist::invocation make_call(A const&... arguments) {
  dist::invocation what;
  what.codec = dist::codec::cbor;
  BOOST_TEST_REQUIRE(dist::encode_arguments(what.codec, what.spelling, what.storage, arguments...) == "");
  what.arguments = what.storage.bytes();
  return what;
}

/// Starts a call; the future becomes ready when it ends.
inline std::future<dist::outcome> start(dist::service_table& table, std::string_view name, dist::invocation what,
                                 dist::compute_threads& on) {
  auto promise = std::make_shared<std::promise<dist::outcome>>();
  auto result = promise->get_future();
  table.start(table.find(name).value(), std::move(what), on,
              [promise](dist::outcome out) { promise->set_value(std::move(out)); });
  return result;
}

template <class T>
T value_of(dist::outcome const& out) {
  T value{};
  if (out.error) BOOST_FAIL(dist::to_text(*out.error));
  BOOST_TEST_REQUIRE(dist::decode_result(dist::codec::cbor, out.payload.bytes(), 64, value) == "");
  return value;
}

inline std::shared_ptr<dist::call_scope> scope_of(std::string method) {
  return std::make_shared<dist::call_scope>(std::move(method), "ws07", dist::deadline::never());
}

}  // namespace dist::test

template <>
inline constexpr bool dist::brief<&dist::test::Plain::add> = true;
