// Many calls over several nodes.
#include <cmath>

#include "service.hpp"

namespace {

template <auto Method>
dist::task<void> w4(dist::cluster on, std::int64_t shards) {
  auto const expected = bench::count_palindromes(0, shards * bench::kSpan);
  auto const rounds = std::max<std::int64_t>(5, 40'000 / shards);
  std::vector<double> times;
  for (std::int64_t i = -2; i < rounds; ++i) {
    auto const inputs = dist::chunks(std::int64_t{0}, shards * bench::kSpan, std::int64_t{bench::kSpan});
    auto const before = bench::now_ns();
    auto counted = dist::map_reduce<Method>(on, inputs, std::int64_t{0}, std::plus<>());
    auto const total = co_await std::move(counted);
    if (i >= 0) times.push_back(static_cast<double>(bench::now_ns() - before) * 1e-6);
    bench::check(total == expected, "w4: wrong total");
  }
  std::ranges::sort(times);
  auto const ms = times[times.size() / 2];
  auto const key = "w4_" + std::to_string(shards);
  bench::report(key + "_ms", ms);
  bench::report(key + "_per_s", static_cast<double>(shards) / ms * 1e3);
}

/// 0.1 to 50 ms, evenly spread over the logarithm, in an order that looks random and is always the same.
std::vector<std::int64_t> nap_times() {
  std::vector<std::int64_t> times;
  std::uint64_t state = 1;
  for (int i = 0; i < 1000; ++i) {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    auto const share = static_cast<double>(state >> 11) * 0x1p-53;
    times.push_back(static_cast<std::int64_t>(100 * std::pow(500, share)));
  }
  return times;
}

/// How long the tasks take if each goes, in order, to the first free slot.
double list_schedule_ms(std::vector<std::int64_t> const& times, std::size_t slots) {
  std::vector<std::int64_t> busy_until(slots, 0);
  for (auto const time : times) *std::ranges::min_element(busy_until) += time;
  return static_cast<double>(*std::ranges::max_element(busy_until)) * 1e-3;
}

}  // namespace

dist::task<void> run_w4(dist::cluster& on, workload asked) {
  return asked.pool() ? w4<&Bench::count_on_pool>(on, asked.number) : w4<&Bench::count>(on, asked.number);
}

dist::task<void> run_w5(dist::cluster& on, workload) {
  auto const times = nap_times();
  auto const before = bench::now_ns();
  auto napped = dist::map<&Bench::nap>(on, times);
  bench::check(co_await std::move(napped) == times, "w5: wrong answers");
  auto const ms = static_cast<double>(bench::now_ns() - before) * 1e-6;
  auto const ideal = list_schedule_ms(times, 4);
  bench::report("w5_ms", ms);
  bench::report("w5_ideal_ms", ideal);
  bench::report("w5_ratio", ms / ideal);
}
