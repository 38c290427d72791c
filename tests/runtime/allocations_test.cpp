#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <dist/dist.hpp>
#include <dist/rpc/task_group.hpp>

// Counts every allocation of this program, including buffers and operator new.
namespace {
std::atomic<std::uint64_t> allocation_count = 0;
}
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);

void* malloc(std::size_t size) noexcept {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) noexcept {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(block, size);
}
}

namespace {

struct Sums {
  std::int64_t add(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
  std::int64_t add_on_pool(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
};
BOOST_DESCRIBE_STRUCT(Sums, (), (add, add_on_pool))

}  // namespace

template <>
inline constexpr bool dist::brief<&Sums::add> = true;

namespace {

/// A master and its node in one process and on one I/O thread, but over a real connection.
class fixture {
 public:
  /// Runs `job` to its end.
  void run(dist::task<void> job) {
    dist::master_options options;
    options.listen = {"127.0.0.1", 0};
    options.services = dist::services<Sums>();
    dist::master master(world, std::move(options));
    dist::node_options node_options;
    node_options.master = master.local_address();
    node_options.name = "beside";
    dist::node node(world, node_options, dist::services<Sums>());
    cluster.emplace(master.calls());
    dist::task_group group(world.io().get_executor());
    group.spawn(master.run());
    group.spawn(node.run());
    group.spawn(whole(*this, std::move(job), master, node));
    world.io().run();
    world.join_compute();
    cluster.reset();
  }

  dist::system_world world{1, dist::log(dist::log_level::error)};
  std::optional<dist::cluster> cluster;

 private:
  static dist::task<void> whole(fixture& all, dist::task<void> job, dist::master& master, dist::node& node) {
    co_await all.cluster->wait_for_nodes(1);
    std::exception_ptr failed;
    try {
      co_await std::move(job);
    } catch (...) {
      failed = std::current_exception();
    }
    node.stop();
    master.stop();
    BOOST_TEST(!failed);
  }
};

template <auto Method>
dist::task<void> lane(dist::cluster on, std::int64_t& left) {
  auto const in_time = dist::call_options().within(std::chrono::minutes(1));
  while (left-- > 0) {
    auto const number = left;
    auto call = dist::go<Method>(on, number, 2, 3, in_time);
    auto const sum = co_await std::move(call);
    if (sum != number + 5) BOOST_FAIL("a wrong sum");
  }
}

template <auto Method>
dist::task<void> in_lanes(dist::cluster on, std::int64_t calls, int in_flight) {
  dist::task_group lanes(on.get_executor());
  for (int i = 0; i < in_flight; ++i) lanes.spawn(lane<Method>(on, calls));
  co_await lanes.join();
}

template <auto Method>
dist::task<void> count(fixture& all, int in_flight, double& each) {
  constexpr std::int64_t calls = 20'000;
  co_await in_lanes<Method>(*all.cluster, calls, in_flight);  // until caches are full and buffers have grown
  auto const before = allocation_count.load();
  co_await in_lanes<Method>(*all.cluster, calls, in_flight);
  each = static_cast<double>(allocation_count.load() - before) / static_cast<double>(calls);
}

dist::task<void> count_in_fan_out(fixture& all, std::int64_t calls, double& each) {
  std::vector<std::array<std::int64_t, 3>> const inputs(static_cast<std::size_t>(calls), {1, 2, 3});
  std::uint64_t before = 0;
  for (int round = 0; round < 2; ++round) {
    before = allocation_count.load();
    auto summed = dist::map_reduce<&Sums::add>(*all.cluster, inputs, std::int64_t{0}, std::plus<>());
    BOOST_TEST(co_await std::move(summed) == 6 * calls);
  }
  each = static_cast<double>(allocation_count.load() - before) / static_cast<double>(calls);
}

template <auto Method>
double allocations_of_a_call(int in_flight) {
  fixture all;
  double each = -1;
  all.run(count<Method>(all, in_flight, each));
  BOOST_TEST_MESSAGE(in_flight << " in flight: " << each << " allocations a call");
  return each;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(allocations)

// Caller, master and node together. Starting lanes, beats and growing buffers make the fraction.
BOOST_AUTO_TEST_CASE(calls_of_brief_methods_with_plain_numbers_allocate_nothing) {
  BOOST_TEST(allocations_of_a_call<&Sums::add>(1) < 0.5);
  BOOST_TEST(allocations_of_a_call<&Sums::add>(64) < 0.5);
}

BOOST_AUTO_TEST_CASE(calls_of_a_fan_out_allocate_nothing) {
  fixture all;
  double each = -1;
  all.run(count_in_fan_out(all, 20'000, each));
  BOOST_TEST_MESSAGE(each << " allocations a call");
  BOOST_TEST(each < 0.5);
}

// Waking the other thread allocates once, for everything handed over meanwhile.
BOOST_AUTO_TEST_CASE(calls_on_compute_threads_allocate_only_when_the_other_thread_is_woken) {
  BOOST_TEST(allocations_of_a_call<&Sums::add_on_pool>(1) < 2.5);
  BOOST_TEST(allocations_of_a_call<&Sums::add_on_pool>(64) < 2.5);
}

BOOST_AUTO_TEST_SUITE_END()
