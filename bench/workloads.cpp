// The workloads that dist shares with its peers, as one program: a master that measures, and its nodes.
//
//   bench_dist --master ADDR --min-nodes N WORKLOAD [pool]     measures and prints `key value` lines
//   bench_dist --join ADDR --slots 1                           a node
//
// w1          one call in flight, three integers summed
// w2:N        N calls in flight, for three seconds
// w3sum       1,000,000 doubles there, their sum back: the method takes a view of what was received
// w3vec       the same into a vector of the method's own
// w3echo      there and back
// w4:N        N shards of 101 numbers, their palindromes counted, summed by map_reduce
// w5          1,000 sleeping tasks of 0.1 to 50 ms, against list scheduling on the same slots
#include <dist/dist.hpp>
#include <dist/rpc/task_group.hpp>

#include <cmath>
#include <numeric>
#include <thread>

#include "peers/bench.hpp"

namespace {

struct range {
  std::int64_t start = 0;
  std::int64_t end = 0;
};
BOOST_DESCRIBE_STRUCT(range, (), (start, end))

struct Bench {
  std::int64_t sum(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
  std::int64_t sum_on_pool(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
  double sum_span(std::span<double const> values) const { return bench::sum_doubles(values.data(), values.size()); }
  double sum_vector(std::vector<double> const& values) const { return bench::sum_doubles(values.data(), values.size()); }
  std::vector<double> echo(std::vector<double> values) const { return values; }
  std::int64_t count(range numbers) const { return bench::count_palindromes(numbers.start, numbers.end); }
  std::int64_t count_on_pool(range numbers) const { return bench::count_palindromes(numbers.start, numbers.end); }
  std::int64_t nap(std::int64_t microseconds) const {
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
    return microseconds;
  }
};
BOOST_DESCRIBE_STRUCT(Bench, (), (sum, sum_on_pool, sum_span, sum_vector, echo, count, count_on_pool, nap))

}  // namespace

template <>
inline constexpr bool dist::brief<&Bench::sum> = true;
template <>
inline constexpr bool dist::brief<&Bench::count> = true;

namespace {

/// As a calculation would: each call has a deadline.
dist::call_options const in_time = dist::call_options().within(std::chrono::seconds(60));

template <auto Method>
dist::task<void> w1(dist::cluster& on) {
  std::vector<double> times;
  for (int i = -bench::kW1Warm; i < bench::kW1Calls; ++i) {
    std::int64_t a = 0, b = 0, c = 0;
    bench::args_for(static_cast<std::uint64_t>(i + bench::kW1Warm), a, b, c);
    auto const before = bench::now_ns();
    auto call = dist::go<Method>(on, a, b, c, in_time);
    auto const sum = co_await std::move(call);
    if (i >= 0) times.push_back(static_cast<double>(bench::now_ns() - before) * 1e-3);
    bench::check(sum == bench::sum3(a, b, c), "w1: wrong sum");
  }
  std::ranges::sort(times);
  bench::report("w1_p50_us", times[times.size() / 2]);
  bench::report("w1_p99_us", times[times.size() * 99 / 100]);
  bench::report("w1_mean_us", std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size()));
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
dist::task<void> w2(dist::cluster& on, int in_flight) {
  bench::Pipeline all(in_flight);
  dist::task_group lanes(on.get_executor());
  for (int i = 0; i < in_flight; ++i) lanes.spawn(lane<Method>(on, all));
  co_await lanes.join();
  all.finish();
}

template <auto Method>
dist::task<void> w3_sum(dist::cluster& on, char const* key) {
  auto const values = bench::make_vector();
  auto const expected = bench::sum_doubles(values.data(), values.size());
  double busy = 0;
  int count = 0;
  for (int i = -bench::kW3Warm; busy < bench::kW3Seconds; ++i) {
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

dist::task<void> w3_echo(dist::cluster& on) {
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

template <auto Method>
dist::task<void> w4(dist::cluster& on, int shard_count) {
  std::int64_t const shards = shard_count;
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

/// How long the tasks take when each goes, in their order, to the slot that is free first.
double list_schedule_ms(std::vector<std::int64_t> const& times, std::size_t slots) {
  std::vector<std::int64_t> busy_until(slots, 0);
  for (auto const time : times) *std::ranges::min_element(busy_until) += time;
  return static_cast<double>(*std::ranges::max_element(busy_until)) * 1e-3;
}

dist::task<void> w5(dist::cluster& on, std::size_t nodes) {
  auto const times = nap_times();
  auto const before = bench::now_ns();
  auto napped = dist::map<&Bench::nap>(on, times);
  bench::check(co_await std::move(napped) == times, "w5: wrong answers");
  auto const ms = static_cast<double>(bench::now_ns() - before) * 1e-6;
  auto const ideal = list_schedule_ms(times, nodes);
  bench::report("w5_ms", ms);
  bench::report("w5_ideal_ms", ideal);
  bench::report("w5_ratio", ms / ideal);
}

dist::task<void> job(dist::cluster& on, std::vector<std::string> words) {
  if (words.empty()) throw dist::usage_error("which workload? w1, w2:N, w3sum, w3vec, w3echo, w4:N, w5");
  auto const name = words[0].substr(0, words[0].find(':'));
  auto const number = name == words[0] ? 1 : std::stoi(words[0].substr(name.size() + 1));
  auto const pool = words.size() > 1 && words[1] == "pool";
  using work = dist::task<void> (*)(dist::cluster&);
  using counted_work = dist::task<void> (*)(dist::cluster&, int);
  // Chosen here, since g++ 12 goes wrong over a choice inside co_await.
  work const one_at_a_time = pool ? w1<&Bench::sum_on_pool> : w1<&Bench::sum>;
  counted_work const many = pool ? w2<&Bench::sum_on_pool> : w2<&Bench::sum>;
  counted_work const sharded = pool ? w4<&Bench::count_on_pool> : w4<&Bench::count>;
  if (name == "w1")
    co_await one_at_a_time(on);
  else if (name == "w2")
    co_await many(on, number);
  else if (name == "w3sum")
    co_await w3_sum<&Bench::sum_span>(on, "w3_sum_GBps");
  else if (name == "w3vec")
    co_await w3_sum<&Bench::sum_vector>(on, "w3_vec_GBps");
  else if (name == "w3echo")
    co_await w3_echo(on);
  else if (name == "w4")
    co_await sharded(on, number);
  else if (name == "w5")
    co_await w5(on, 4);
  else
    throw dist::usage_error(words[0] + " is no workload");
}

}  // namespace

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Bench>(), job); }
