// Small calls: one at a time, many in flight, and beside slow ones.
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <dist/rpc/task_group.hpp>
#include <iostream>

#include "service.hpp"

namespace {

template <auto Method>
dist::task<std::uint32_t> timed_call(dist::cluster on, std::uint64_t number) {
  std::int64_t a = 0, b = 0, c = 0;
  bench::args_for(number, a, b, c);
  auto const before = bench::now_ns();
  auto call = dist::go<Method>(on, a, b, c, in_time);
  auto const sum = co_await std::move(call);
  auto const took = bench::now_ns() - before;
  bench::check(sum == bench::sum3(a, b, c), "a wrong sum");
  co_return static_cast<std::uint32_t>(took);
}

template <auto Method>
dist::task<void> w1(dist::cluster on) {
  std::vector<std::uint32_t> times;
  for (int i = 0; i < bench::kW1Warm + bench::kW1Calls; ++i) {
    auto const took = co_await timed_call<Method>(on, static_cast<std::uint64_t>(i));
    if (i >= bench::kW1Warm) times.push_back(took);
  }
  bench::report_latencies("w1", std::move(times));
}

/// One of the calls in flight: the next as soon as it is answered.
template <auto Method>
dist::task<void> lane(dist::cluster on, bench::Pipeline& all) {
  for (auto number = all.next(); number >= 0; number = all.next()) {
    std::int64_t a = 0, b = 0, c = 0;
    bench::args_for(static_cast<std::uint64_t>(number), a, b, c);
    auto call = dist::go<Method>(on, a, b, c, in_time);
    auto const sum = co_await std::move(call);
    all.done(static_cast<std::uint64_t>(number), sum);
  }
}

template <auto Method>
dist::task<void> w2(dist::cluster on, int in_flight) {
  bench::Pipeline all(in_flight);
  dist::task_group lanes(on.get_executor());
  for (int i = 0; i < in_flight; ++i) lanes.spawn(lane<Method>(on, all));
  co_await lanes.join();
  all.finish();
}

dist::task<void> counted_lane(dist::cluster on, std::int64_t& left) {
  while (left-- > 0) {
    auto const number = left;
    auto call = dist::go<&Bench::sum>(on, number, 2, 3, in_time);
    auto const sum = co_await std::move(call);
    bench::check(sum == number + 5, "a wrong sum");
  }
}

/// Calls at their times, as from clients that know nothing of each other: a late answer delays no other call.
struct arrivals {
  explicit arrivals(dist::cluster calls) : on(std::move(calls)), timer(on.get_executor()) {}

  dist::cluster on;
  asio::steady_timer timer;
  std::vector<std::uint32_t> latencies;
};

constexpr auto pace = std::chrono::microseconds(200);
constexpr std::int64_t slow_us = 5000;

template <auto Method>
dist::task<void> quick_one(arrivals& all, std::int64_t number, std::chrono::steady_clock::time_point due) {
  auto call = dist::go<Method>(all.on, number, number + 1, number + 2, in_time);
  auto const sum = co_await std::move(call);
  bench::check(sum == 3 * number + 3, "w6: wrong sum");
  // Measured from its scheduled start, so that a delayed start counts.
  auto const took = std::chrono::steady_clock::now() - due;
  all.latencies.push_back(static_cast<std::uint32_t>(std::chrono::nanoseconds(took).count()));
}
template <auto Method>
dist::task<void> slow_one(arrivals& all) {
  auto call = dist::go<Method>(all.on, slow_us, in_time);
  co_await std::move(call);
}

/// The latencies of `count` quick calls, when each `every`th call is a slow one; 0: none is.
template <auto Quick, auto Slow>
dist::task<std::vector<std::uint32_t>> arrive(dist::cluster on, std::int64_t count, std::int64_t every) {
  arrivals all(on);
  dist::task_group group(on.get_executor());
  auto due = std::chrono::steady_clock::now();
  for (std::int64_t i = 1; i <= count; ++i, due += pace) {
    if (due > std::chrono::steady_clock::now()) {
      all.timer.expires_at(due);
      co_await all.timer.async_wait(asio::use_awaitable);
    }
    if (every > 0 && i % every == 0)
      group.spawn(slow_one<Slow>(all));
    else
      group.spawn(quick_one<Quick>(all, i, due));
  }
  co_await group.join();
  co_return std::move(all.latencies);
}

double p999_us(std::vector<std::uint32_t> latencies) {
  auto const at = latencies.begin() + static_cast<std::ptrdiff_t>(latencies.size() * 999 / 1000);
  std::ranges::nth_element(latencies, at);
  return static_cast<double>(*at) * 1e-3;
}

template <auto Quick, auto Slow>
dist::task<void> w6(dist::cluster on, std::int64_t count) {
  co_await arrive<Quick, Slow>(on, 2000, 100);  // the nodes learn how long they take
  auto alone = co_await arrive<Quick, Slow>(on, count, 0);
  auto beside = co_await arrive<Quick, Slow>(on, count, 100);
  bench::report("w6_ratio", p999_us(beside) / p999_us(alone));
  bench::report_latencies("w6_alone", std::move(alone));
  bench::report_latencies("w6_beside", std::move(beside));
}

}  // namespace

dist::task<void> run_w1(dist::cluster& on, workload asked) {
  return asked.pool() ? w1<&Bench::sum_on_pool>(on) : w1<&Bench::sum>(on);
}
dist::task<void> run_w2(dist::cluster& on, workload asked) {
  auto const in_flight = static_cast<int>(asked.number);
  return asked.pool() ? w2<&Bench::sum_on_pool>(on, in_flight) : w2<&Bench::sum>(on, in_flight);
}
dist::task<void> run_w6(dist::cluster& on, workload asked) {
  return asked.pool() ? w6<&Bench::sum_on_pool, &Bench::wait_on_pool>(on, asked.number)
                      : w6<&Bench::sum, &Bench::wait>(on, asked.number);
}
dist::task<void> run_count(dist::cluster& on, workload asked) {
  dist::task_group lanes(on.get_executor());
  auto left = asked.number;
  for (int i = std::stoi(asked.variant); i > 0; --i) lanes.spawn(counted_lane(on, left));
  co_await lanes.join();
}
dist::task<void> run_w10(dist::cluster& on, workload) {
  auto call = dist::go<&Bench::sum>(on, 1, 2, 3);
  bench::check(co_await std::move(call) == 6, "w10: wrong sum");
  std::cout << "answered" << std::endl;
}
dist::task<void> serve(dist::cluster& on, workload) {
  std::cout << "ready" << std::endl;
  asio::steady_timer never(on.get_executor(), asio::steady_timer::time_point::max());
  co_await never.async_wait(asio::use_awaitable);
}
