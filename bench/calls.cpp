// Calls through a cluster of one node process, `in flight` at a time: workloads W1 and W2.
//
//   bench_calls [--in-flight N] [--calls N] [--pool]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <dist/dist.hpp>
#include <dist/rpc/task_group.hpp>
#include <iostream>
#include <vector>

struct Adder {
  std::int64_t add(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
  std::int64_t add_on_pool(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
};
BOOST_DESCRIBE_STRUCT(Adder, (), (add, add_on_pool))
template <>
inline constexpr bool dist::brief<&Adder::add> = true;

namespace {

using steady = std::chrono::steady_clock;

struct settings {
  std::size_t in_flight = 1;
  std::size_t calls = 200'000;
  bool pool = false;
};

settings parse(std::vector<std::string> const& arguments) {
  settings s;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--pool")
      s.pool = true;
    else if (i + 1 < arguments.size() && arguments[i] == "--in-flight")
      s.in_flight = std::stoul(arguments[++i]);
    else if (i + 1 < arguments.size() && arguments[i] == "--calls")
      s.calls = std::stoul(arguments[++i]);
    else
      throw dist::usage_error("bench_calls [--in-flight N] [--calls N] [--pool]");
  }
  return s;
}

template <auto Method>
dist::task<void> one_lane(dist::cluster on, std::size_t& left, std::vector<double>* latencies) {
  while (left > 0) {
    auto const number = static_cast<std::int64_t>(--left);
    auto const before = latencies ? steady::now() : steady::time_point();
    auto call = dist::go<Method>(on, number, 1, 2, dist::call_options().within(std::chrono::seconds(10)));
    if (co_await std::move(call) != number + 3) std::abort();
    if (latencies) latencies->push_back(std::chrono::duration<double, std::micro>(steady::now() - before).count());
  }
}

template <auto Method>
dist::task<void> measure(dist::cluster on, settings s) {
  std::size_t warm_up = s.calls / 10;
  co_await one_lane<Method>(on, warm_up, nullptr);
  std::size_t left = s.calls;
  std::vector<double> latencies;
  latencies.reserve(s.calls);
  auto const began = steady::now();
  dist::task_group lanes(on.get_executor());
  for (std::size_t i = 0; i < s.in_flight; ++i)
    lanes.spawn(one_lane<Method>(on, left, s.in_flight == 1 ? &latencies : nullptr));
  co_await lanes.join();
  auto const seconds = std::chrono::duration<double>(steady::now() - began).count();
  std::cout << "in_flight " << s.in_flight << "  calls_per_s " << static_cast<long>(static_cast<double>(s.calls) / seconds);
  if (!latencies.empty()) {
    std::ranges::sort(latencies);
    std::cout << "  p50_us " << latencies[latencies.size() / 2] << "  p99_us " << latencies[latencies.size() * 99 / 100];
  }
  std::cout << '\n';
}

dist::task<void> job(dist::cluster& cluster, std::vector<std::string> arguments) {
  auto const s = parse(arguments);
  co_await cluster.wait_for_nodes(1);
  if (s.pool)
    co_await measure<&Adder::add_on_pool>(cluster, s);
  else
    co_await measure<&Adder::add>(cluster, s);
}

}  // namespace

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Adder>(), job); }
