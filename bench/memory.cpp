// Memory per connection and per call, as the operating system counts it.
#include <dist/rpc/detail/compute_pool.hpp>
#include <dist/rpc/task_group.hpp>
#include <iostream>
#include <memory>

#include "service.hpp"

namespace {

dist::task<void> warm_up(dist::cluster on) {
  for (int i = 0; i < 1000; ++i) {
    auto call = dist::go<&Bench::sum>(on, i, 2, 3, in_time);
    co_await std::move(call);
  }
}

double each(std::int64_t before, std::int64_t after, std::int64_t count) {
  return static_cast<double>(after - before) / static_cast<double>(count);
}

dist::task<std::int64_t> node_resident(dist::cluster on) {
  auto call = dist::go<&Bench::resident>(on, in_time);
  co_return co_await std::move(call);
}

}  // namespace

/// Calls that no node can take.
dist::task<void> run_w8_queued(dist::cluster& on, workload asked) {
  co_await warm_up(on);
  auto const nowhere = dist::call_options().needs("absent=1");
  std::vector<dist::pending<std::int64_t>> calls;
  calls.reserve(static_cast<std::size_t>(asked.number));
  auto const before = bench::resident_bytes("self");
  for (std::int64_t i = 0; i < asked.number; ++i) calls.push_back(dist::go<&Bench::sum>(on, i, 2, 3, nowhere));
  bench::report("w8_queued_bytes", each(before, bench::resident_bytes("self"), asked.number));
}

dist::task<void> run_w8_calls(dist::cluster& on, workload asked) {
  auto const count = asked.number;
  co_await warm_up(on);
  std::vector<dist::pending<void>> calls;
  calls.reserve(static_cast<std::size_t>(count));
  auto const there = co_await node_resident(on);
  auto const here = bench::resident_bytes("self");
  for (std::int64_t i = 0; i < count; ++i) calls.push_back(dist::go<&Bench::hold>(on));
  for (;;) {  // until the node has them all
    auto call = dist::go<&Bench::held>(on);
    if (co_await std::move(call) == count) break;
  }
  bench::report("w8_call_bytes", each(here, bench::resident_bytes("self"), count));
  auto const now_there = co_await node_resident(on);
  bench::report("w8_served_bytes", each(there, now_there, count));
  auto release = dist::go<&Bench::release>(on);
  co_await std::move(release);
  for (auto& call : calls) co_await std::move(call);
}

dist::task<void> run_w8_connections(dist::cluster& on, workload asked) {
  co_await warm_up(on);
  auto const before = bench::resident_bytes("self");
  std::cout << "ready" << std::endl;
  co_await on.wait_for_nodes(static_cast<std::size_t>(asked.number) + 1);
  bench::report("w8_connection_bytes", each(before, bench::resident_bytes("self"), asked.number));
}

int run_crowd(std::string const& master, std::size_t count) {
  dist::system_world world(0, dist::log(dist::log_level::error));
  dist::inline_compute compute(world.io(), 1'000'000);
  auto where = world.get();
  dist::seams const seams{where.io, where.clock, where.network, compute, where.entropy, where.log};
  std::vector<std::unique_ptr<dist::node>> nodes;
  dist::task_group group(world.io().get_executor());
  for (std::size_t i = 0; i < count; ++i) {
    dist::node_options options;
    options.master = dist::parse_address(master).value();
    options.name = "crowd" + std::to_string(i);
    options.limits.coroutine_count = 1'000'000;
    nodes.push_back(std::make_unique<dist::node>(seams, std::move(options), dist::services<Bench>()));
    group.spawn(nodes.back()->run());
  }
  world.io().run();
  return 0;
}
