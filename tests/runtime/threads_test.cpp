#include <atomic>
#include <boost/test/unit_test.hpp>
#include <dist/dist.hpp>
#include <dist/runtime/system_world.hpp>
#include <mutex>
#include <thread>

namespace {

void rise(std::atomic<int>& count, int by) {
  count.fetch_add(by);
  count.notify_all();
}
void wait_for(std::atomic<int> const& count, int least) {
  for (int now = count; now < least; now = count) count.wait(now);
}

struct Sums {
  std::int64_t add(std::int64_t a, std::int64_t b) const { return a + b; }
  /// Runs until it is cancelled.
  void poll(dist::context ctx) const {
    rise(*polling, 1);
    while (!ctx.cancelled()) std::this_thread::yield();
    rise(*seen, 1);
  }
  dist::task<std::int64_t> nested(dist::context ctx, std::int64_t left) const;
  std::int64_t nested_blocking(dist::context ctx, std::int64_t left) const;
  /// Waits for a method that polls.
  void block(dist::context ctx) const;
  /// Holds a pending call and only waits for that call to end.
  void hold(dist::context ctx) const;

  std::shared_ptr<std::atomic<int>> polling = std::make_shared<std::atomic<int>>(0);  ///< begun
  std::shared_ptr<std::atomic<int>> seen = std::make_shared<std::atomic<int>>(0);
};
BOOST_DESCRIBE_STRUCT(Sums, (), (add, poll, nested, nested_blocking, block, hold))

dist::task<std::int64_t> Sums::nested(dist::context ctx, std::int64_t left) const {
  if (left == 0) co_return 0;
  auto next = dist::go<&Sums::nested>(ctx, left - 1);
  co_return 1 + co_await std::move(next);
}

std::int64_t Sums::nested_blocking(dist::context ctx, std::int64_t left) const {
  return left == 0 ? 0 : 1 + dist::block_on(dist::go<&Sums::nested_blocking>(ctx, left - 1));
}

void Sums::block(dist::context ctx) const {
  auto const got = dist::block_on(dist::try_call<&Sums::poll>(ctx));
  if (got.has_error() && got.error().code == dist::errc::cancelled && ctx.cancelled()) rise(*seen, 10);
}
void Sums::hold(dist::context ctx) const {
  auto const inner = dist::go<&Sums::poll>(ctx);
  wait_for(*seen, 1);
  if (ctx.cancelled()) rise(*seen, 10);
}

/// A real master with a real node beside it, in this process: two I/O threads, two compute threads.
class fixture {
 public:
  fixture() {
    dist::master_options options;
    options.listen = {"127.0.0.1", 0};
    options.services = dist::services(sums);
    master.emplace(world, std::move(options));
    dist::node_options node_options;
    node_options.master = master->local_address();
    node_options.name = "beside";
    node.emplace(node_world, node_options, dist::services(sums));
    asio::co_spawn(world.io(), master->run(), [](std::exception_ptr) {});
    asio::co_spawn(node_world.io(), node->run(), [](std::exception_ptr) {});
    master_thread = std::thread([this] { world.io().run(); });
    node_thread = std::thread([this] { node_world.io().run(); });
    cluster.emplace(master->calls());
    dist::block_on(*cluster, cluster->wait_for_nodes(1));
  }
  ~fixture() { stop(); }
  void stop() {
    if (!master_thread.joinable()) return;
    asio::post(node_world.io(), [this] { node->stop(); });
    asio::post(world.io(), [this] { master->stop(); });
    node_thread.join();
    node_world.join_compute();
    master_thread.join();
  }
  std::size_t live() {
    std::promise<std::size_t> count;
    asio::post(world.io(), [&] { count.set_value(cluster->caller().live_count()); });
    return count.get_future().get();
  }
  /// Whether the last call ends within a minute. Each look goes through the I/O thread.
  bool becomes_idle() {
    auto const until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (live() != 0)
      if (std::chrono::steady_clock::now() > until) return false;
    return true;
  }

  Sums sums;
  dist::system_world world{1, dist::log(dist::log_level::error)};
  dist::system_world node_world{2, dist::log(dist::log_level::error)};
  std::optional<dist::master> master;
  std::optional<dist::node> node;
  std::thread master_thread;
  std::thread node_thread;
  std::optional<dist::cluster> cluster;
};

template <class Work>
void on_threads(int count, Work work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
  for (auto& one : threads) one.join();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(threads, fixture)

BOOST_AUTO_TEST_CASE(calls_may_be_made_on_eight_threads_at_once) {
  std::atomic<int> wrong = 0;
  on_threads(8, [&](int thread) {
    for (int round = 0; round < 20; ++round) {
      std::vector<dist::pending<std::int64_t>> calls;
      for (int i = 0; i < 20; ++i) calls.push_back(dist::go<&Sums::add>(*cluster, thread, i));
      for (int i = 0; i < 20; ++i)
        if (dist::block_on(std::move(calls[static_cast<std::size_t>(i)])) != thread + i) ++wrong;
    }
  });
  BOOST_TEST(wrong == 0);
  BOOST_TEST(live() == 0U);
}

BOOST_AUTO_TEST_CASE(pendings_may_be_dropped_on_eight_threads) {
  on_threads(8, [&](int thread) {
    std::vector<dist::pending<std::int64_t>> calls;
    for (int i = 0; i < 200; ++i) {
      auto call = dist::go<&Sums::nested>(*cluster, 2);
      if (i % 3 == 0) call.cancel();
      if (i % 2 == 0) calls.push_back(std::move(call));
      if (calls.size() > 10) calls.erase(calls.begin() + thread % 4, calls.begin() + 5);
    }
  });
  BOOST_TEST(dist::block_on(dist::go<&Sums::nested>(*cluster, 30)) == 30);
  BOOST_TEST(becomes_idle());
}

// Made on eight threads through separate handles; cancelled, dropped, replaced and awaited on four others.
BOOST_AUTO_TEST_CASE(pendings_may_end_on_other_threads) {
  using made = dist::pending<dist::result<std::int64_t>>;
  std::mutex mutex;
  std::vector<made> calls;
  std::atomic<int> to_come = 8 * 300;
  std::atomic<int> wrong = 0;
  auto const take = [&](std::vector<made>& into) {
    std::lock_guard const lock(mutex);
    while (!calls.empty() && into.size() < 5) {
      into.push_back(std::move(calls.back()));
      calls.pop_back();
      --to_come;
    }
  };
  on_threads(12, [&](int thread) {
    if (thread < 8) {
      auto const mine = cluster->with(dist::call_options().within(std::chrono::seconds(60 + thread)));
      for (int i = 0; i < 300; ++i) {
        auto call = i % 2 == 0 ? dist::try_call<&Sums::add>(mine, i, 1) : dist::try_call<&Sums::nested>(mine, 1);
        std::lock_guard const lock(mutex);
        calls.push_back(std::move(call));
      }
      return;
    }
    while (to_come > 0) {
      std::vector<made> few;
      take(few);
      if (few.size() < 5) continue;  // dropped, if any
      few[0].cancel();
      few[1] = std::move(few[2]);
      few.erase(few.begin() + 2);
      if (auto const got = dist::block_on(std::move(few[0])); got.has_error() && got.error().code != dist::errc::cancelled)
        ++wrong;
      if (dist::block_on(std::move(few[1])).has_error()) ++wrong;
    }
  });
  BOOST_TEST(wrong == 0);
  BOOST_TEST(dist::block_on(dist::go<&Sums::nested>(*cluster, 30)) == 30);
  BOOST_TEST(becomes_idle());
}

BOOST_AUTO_TEST_CASE(plain_method_sees_its_cancellation) {
  {
    auto call = dist::try_call<&Sums::poll>(*cluster);
    // The second call's reply shows that the first has been sent.
    BOOST_TEST(dist::block_on(dist::go<&Sums::add>(*cluster, 1, 2)) == 3);
    call.cancel();
    BOOST_TEST((dist::block_on(std::move(call)).error().code == dist::errc::cancelled));
  }
  wait_for(*sums.seen, 1);
}

BOOST_AUTO_TEST_CASE(calls_of_a_plain_method_end_with_it) {
  for (bool const blocks : {true, false}) {
    sums.polling->store(0);
    sums.seen->store(0);
    {
      auto call = blocks ? dist::go<&Sums::block>(*cluster) : dist::go<&Sums::hold>(*cluster);
      wait_for(*sums.polling, 1);
    }
    wait_for(*sums.seen, 11);
    BOOST_TEST(*sums.seen == 11);
  }
}

// Two threads serve; each that blocks is replaced by a spare one.
BOOST_AUTO_TEST_CASE(methods_that_block_on_their_own_node_do_not_hold_all_threads) {
  BOOST_TEST(dist::block_on(dist::go<&Sums::nested_blocking>(*cluster, 3)) == 3);
  std::atomic<int> right = 0;
  on_threads(2, [&](int) { right += dist::block_on(dist::go<&Sums::nested_blocking>(*cluster, 1)) == 1; });
  BOOST_TEST(right == 2);
}

BOOST_AUTO_TEST_CASE(fan_outs_may_run_on_several_threads) {
  std::atomic<int> right = 0;
  on_threads(4, [&](int thread) {
    std::vector<std::tuple<std::int64_t, std::int64_t>> inputs(100, {thread, 1});
    auto const sum = dist::block_on(
        *cluster, dist::map_reduce<&Sums::add>(*cluster, inputs, std::int64_t{0}, std::plus<>()));
    right += sum == 100 * (thread + 1);
  });
  BOOST_TEST(right == 4);
}

BOOST_AUTO_TEST_CASE(cluster_stops_while_eight_threads_make_calls) {
  std::atomic<int> stopped = 0;
  std::atomic<bool> begun = false;
  std::thread ender([&] {
    begun.wait(false);
    asio::post(world.io(), [this] { master->stop(); });
  });
  on_threads(8, [&](int) {
    for (int i = 0; i < 100'000; ++i) {
      // A result, not an exception: the reference count of an exception_ptr is in a library that TSan does not
      // instrument.
      auto call = dist::try_call<&Sums::add>(*cluster, 1, i);
      if (!begun.exchange(true)) begun.notify_all();
      dist::task<dist::result<std::int64_t>> work(std::move(call));
      // A caller waiting on its own thread is told as well.
      auto const got = asio::co_spawn(asio::system_executor(), std::move(work), asio::use_future).get();
      if (got.has_value()) continue;
      if (got.error().code == dist::errc::stopped) ++stopped;
      return;
    }
  });
  ender.join();
  BOOST_TEST(stopped == 8);
}

BOOST_AUTO_TEST_SUITE_END()
