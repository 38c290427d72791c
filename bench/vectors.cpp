// Large values: to one node, back, to all nodes, and from all nodes.
#include <cmath>

#include "service.hpp"

namespace {

template <auto Method>
dist::task<void> sum_there(dist::cluster on, std::size_t size, std::string key) {
  auto const values = bench::make_vector(size ? size : bench::kVec);
  auto const expected = bench::sum_doubles(values.data(), values.size());
  auto const seconds = size ? bench::kSizeSeconds : bench::kW3Seconds;
  double busy = 0;
  int count = 0;
  for (int i = -bench::kW3Warm; busy < seconds || count < 3; ++i) {
    auto const before = bench::now_ns();
    auto call = dist::go<Method>(on, values, in_time);
    auto const sum = co_await std::move(call);
    auto const took = static_cast<double>(bench::now_ns() - before) * 1e-9;
    bench::check(sum == expected, "w3: wrong sum");
    if (i < 0) continue;
    busy += took;
    ++count;
  }
  bench::report(key, count * (static_cast<double>(values.size()) * 8) / busy * 1e-9);
}

double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

constexpr int w11_rounds = 20;

dist::task<double> broadcast_ms(dist::cluster on, std::vector<double> const& values, double expected) {
  auto const before = bench::now_ns();
  auto told = dist::broadcast<&Bench::sum_span>(on, values);
  auto const sums = co_await std::move(told);
  auto const took = static_cast<double>(bench::now_ns() - before) * 1e-6;
  for (auto const& one : sums) bench::check(one.value && *one.value == expected, "w11: wrong sum");
  co_return took;
}

dist::task<double> reduce_ms(dist::cluster on, std::vector<double> const& values, std::vector<double>& total) {
  auto const before = bench::now_ns();
  auto asked = dist::broadcast<&Bench::give_vector>(on);
  auto const given = co_await std::move(asked);
  std::ranges::fill(total, 0.0);
  for (auto const& one : given) {
    bench::check(one.value && one.value->size() == total.size(), "w11: no vector");
    auto const& added = *one.value;
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += added[i];
  }
  auto const took = static_cast<double>(bench::now_ns() - before) * 1e-6;
  auto const last = values.size() - 1;
  auto const wanted = static_cast<double>(given.size()) * values[last];
  bench::check(std::abs(total[last] - wanted) < 1e-12, "w11: wrong total");
  co_return took;
}

}  // namespace

dist::task<void> run_w3_sum(dist::cluster& on, workload asked) {
  auto const size = static_cast<std::size_t>(asked.number);
  auto const key = size ? "w3_sum_" + std::to_string(8 * size) + "_GBps" : std::string("w3_sum_GBps");
  return asked.variant == "brief" ? sum_there<&Bench::sum_few>(on, size, key) : sum_there<&Bench::sum_span>(on, size, key);
}
dist::task<void> run_w3_vec(dist::cluster& on, workload) { return sum_there<&Bench::sum_vector>(on, 0, "w3_vec_GBps"); }

dist::task<void> run_w3_echo(dist::cluster& on, workload) {
  auto values = bench::make_vector();
  double busy = 0;
  int count = 0;
  for (int i = -bench::kW3Warm; busy < bench::kW3Seconds; ++i) {
    values[static_cast<std::size_t>(i + 1000) % values.size()] = i;  // every call differs
    auto const before = bench::now_ns();
    auto call = dist::go<&Bench::echo>(on, values, in_time);
    auto const back = co_await std::move(call);
    auto const took = static_cast<double>(bench::now_ns() - before) * 1e-9;
    bench::check(back == values, "w3: wrong echo");
    if (i < 0) continue;
    busy += took;
    ++count;
  }
  bench::report("w3_echo_GBps", count * (2 * static_cast<double>(values.size()) * 8) / busy * 1e-9);
}

dist::task<void> run_w11(dist::cluster& on, workload) {
  auto const values = bench::make_vector();
  auto const expected = bench::sum_doubles(values.data(), values.size());
  std::vector<double> total(values.size());
  std::vector<double> spread, reduced;
  for (int i = -2; i < w11_rounds; ++i) {
    auto const there = co_await broadcast_ms(on, values, expected);
    auto const back = co_await reduce_ms(on, values, total);
    if (i < 0) continue;
    spread.push_back(there);
    reduced.push_back(back);
  }
  bench::report("w11_bcast_ms", median(std::move(spread)));
  bench::report("w11_reduce_ms", median(std::move(reduced)));
}
