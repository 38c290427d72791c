#include <dist/rpc/detail/compute_pool.hpp>

#include <dist/rpc/detail/event.hpp>

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <stdexcept>
#include <thread>

#include "base/cpu_count.hpp"
#include "sim/world/run.hpp"

namespace {

using dist::task;
using dist::test::start;

BOOST_AUTO_TEST_SUITE(compute_pool_suite)

BOOST_AUTO_TEST_CASE(as_many_calls_run_at_once_as_there_are_slots) {
  dist::compute_pool pool(3);
  BOOST_TEST(pool.slots() == 3U);
  // Each waits for the other two, so all three must run at once.
  std::latch together(3);
  std::latch ended(3);
  for (int i = 0; i < 3; ++i)
    pool.post(dist::make_work([&] {
      together.arrive_and_wait();
      ended.count_down();
    }));
  ended.wait();
}

BOOST_AUTO_TEST_CASE(any_thread_may_post) {
  std::atomic<int> count = 0;
  {
    dist::compute_pool pool(2);
    std::latch ended(400);
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
          for (int i = 0; i < 100; ++i)
            pool.post(dist::make_work([&] {
              ++count;
              ended.count_down();
            }));
        });
    }
    ended.wait();
  }
  BOOST_TEST(count == 400);
}

BOOST_AUTO_TEST_CASE(work_that_has_not_started_is_destroyed_with_the_pool) {
  auto owned = std::make_shared<int>(0);
  // The latches outlive the pool's threads, the last of which may still be leaving wait().
  std::latch begun(1);
  std::latch go_on(1);
  {
    dist::compute_pool pool(1);
    pool.post(dist::make_work([&] {
      begun.count_down();
      go_on.wait();
    }));
    for (int i = 0; i < 100; ++i) pool.post(dist::make_work([owned] { ++*owned; }));
    begun.wait();
    std::jthread stopper([&] { go_on.count_down(); });
    // How many start depends on timing; either way none is left.
  }
  BOOST_TEST(owned.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(coroutine_is_not_starved_by_much_work) {
  dist::compute_pool pool(1);
  std::latch go_on(1);
  std::latch ended(1001);
  std::atomic<int> done = 0;
  std::atomic<int> done_before = -1;
  pool.post(dist::make_work([&] { go_on.wait(); }));
  for (int i = 0; i < 1000; ++i)
    pool.post(dist::make_work([&] {
      ++done;
      ended.count_down();
    }));
  asio::post(pool.executor(), [&] {
    done_before = done.load();
    ended.count_down();
  });
  go_on.count_down();
  ended.wait();
  BOOST_TEST(done_before < 1000);
}

BOOST_AUTO_TEST_CASE(work_behind_a_blocked_method_runs_on_a_spare_thread) {
  std::latch begun(1);
  std::latch posted(1);
  std::latch other(1);
  std::latch ended(1);
  dist::compute_pool pool(1);
  pool.post(dist::make_work([&] {
    begun.count_down();
    posted.wait();
    BOOST_TEST(pool.begin_block());
    other.wait();
    pool.end_block();
    ended.count_down();
  }));
  begun.wait();
  pool.post(dist::make_work([&] { other.count_down(); }));
  posted.count_down();
  ended.wait();
}

BOOST_AUTO_TEST_CASE(work_behind_a_stuck_thread_runs_on_its_replacement) {
  std::latch begun(1);
  std::latch other(1);
  std::thread::id stuck;
  std::thread::id replacement;
  dist::compute_pool pool(1);
  pool.post(dist::make_work([&] {
    stuck = std::this_thread::get_id();
    begun.count_down();
    other.wait();
  }));
  begun.wait();
  pool.post(dist::make_work([&] {
    replacement = std::this_thread::get_id();
    other.count_down();
  }));
  pool.replace_thread();
  other.wait();
  BOOST_TEST((replacement != std::thread::id()));
  BOOST_TEST((replacement != stuck));
}

BOOST_AUTO_TEST_CASE(work_queue_keeps_the_order_and_destroys_the_rest) {
  std::vector<int> ran;
  auto owned = std::make_shared<int>(0);
  {
    dist::work_queue queue;
    for (int i = 0; i < 3; ++i) queue.push(dist::make_work([&ran, owned, i] { ran.push_back(i); }));
    dist::run(queue.pop());
    dist::work_queue other;
    other.swap(queue);
    BOOST_TEST(!queue.pop());
    dist::run(other.pop());
    other.push(dist::make_work([owned] {}));
    BOOST_TEST(owned.use_count() == 3);
  }
  BOOST_TEST(owned.use_count() == 1);
  BOOST_TEST(ran == (std::vector{0, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(zero_slots_count_as_one) { BOOST_TEST(dist::compute_pool(0).slots() == 1U); }

task<void> tell_where_it_resumes(std::promise<std::thread::id>& told) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(std::chrono::milliseconds(1));
  co_await timer.async_wait(asio::use_awaitable);
  told.set_value(std::this_thread::get_id());
}

BOOST_AUTO_TEST_CASE(coroutines_and_their_timers_run_on_the_pool) {
  dist::compute_pool pool(1);
  std::promise<std::thread::id> told;
  start(pool.executor(), tell_where_it_resumes(told));
  BOOST_TEST((told.get_future().get() != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(waiting_coroutines_are_destroyed_with_the_pool) {
  auto owned = std::make_shared<int>(0);
  {
    dist::compute_pool pool(2);
    struct waiter {
      static task<void> wait(std::shared_ptr<int>) {
        dist::event never;
        co_await never.wait();
      }
    };
    for (int i = 0; i < 20; ++i) start(pool.executor(), waiter::wait(owned));
  }
  BOOST_TEST(owned.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(inline_work_runs_on_the_context) {
  asio::io_context io;
  dist::inline_compute compute(io, 4);
  BOOST_TEST(compute.slots() == 4U);
  bool ran = false;
  compute.post(dist::make_work([&] { ran = true; }));
  BOOST_TEST(!ran);
  io.run();
  BOOST_TEST(ran);
  BOOST_TEST((compute.executor() == asio::any_io_executor(io.get_executor())));
}

BOOST_AUTO_TEST_CASE(side_thread_completes_on_the_executor) {
  asio::io_context io;
  std::thread::id worker;
  std::thread::id completer;
  bool failed = true;
  dist::side_thread side(
      io.get_executor(), [&] { worker = std::this_thread::get_id(); },
      [&](std::exception_ptr error) {
        failed = error != nullptr;
        completer = std::this_thread::get_id();
      });
  io.run();  // kept busy until the end
  BOOST_TEST(!failed);
  BOOST_TEST((completer == std::this_thread::get_id()));
  BOOST_TEST((worker != completer));
}

BOOST_AUTO_TEST_CASE(side_thread_passes_on_an_exception) {
  asio::io_context io;
  std::exception_ptr thrown;
  dist::side_thread side(
      io.get_executor(), [] { throw std::runtime_error("job"); },
      [&](std::exception_ptr error) { thrown = std::move(error); });
  io.run();
  BOOST_REQUIRE(thrown);
  BOOST_CHECK_THROW(std::rethrow_exception(thrown), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cpu_count_suite)

BOOST_AUTO_TEST_CASE(cpu_max_is_a_ratio) {
  struct {
    char const* text;
    std::optional<double> quota;
  } const cases[] = {
      {"max 100000\n", {}},
      {"150000 100000\n", 1.5},
      {"50000 100000", 0.5},
      {"200000 100000\n", 2.0},
      {"", {}},
      {"100000", {}},
      {"0 100000", {}},
      {"100000 0", {}},
      {"-1 100000", {}},
      {"12x 100000", {}},
      {"x y", {}},
      {"99999999999999999999 1", {}},
  };
  for (auto const& each : cases) BOOST_TEST((dist::quota_from_cpu_max(each.text) == each.quota), each.text);
}

BOOST_AUTO_TEST_CASE(slots_are_limited_by_the_quota) {
  BOOST_TEST(dist::slots_for(8, {}) == 8U);
  BOOST_TEST(dist::slots_for(8, 1.5) == 2U);
  BOOST_TEST(dist::slots_for(8, 2.0) == 2U);
  BOOST_TEST(dist::slots_for(8, 0.1) == 1U);
  BOOST_TEST(dist::slots_for(2, 16.0) == 2U);
  BOOST_TEST(dist::slots_for(0, {}) == 1U);
}

std::optional<double> quota_in(std::map<std::string, std::string> files) {
  return dist::cgroup_cpu_quota([files](std::string const& path) -> std::optional<std::string> {
    auto const at = files.find(path);
    if (at == files.end()) return std::nullopt;
    return at->second;
  });
}

BOOST_AUTO_TEST_CASE(every_cgroup_up_to_the_root_limits_the_quota) {
  BOOST_TEST((quota_in({}) == std::nullopt));
  BOOST_TEST((quota_in({{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "300000 100000\n"}}) == 3.0));
  std::map<std::string, std::string> files = {
      {"/proc/self/cgroup", "0::/system.slice/job.service\n"},
      {"/sys/fs/cgroup/system.slice/job.service/cpu.max", "max 100000\n"},
      {"/sys/fs/cgroup/system.slice/cpu.max", "400000 100000\n"},
  };
  BOOST_TEST((quota_in(files) == 4.0));
  files["/sys/fs/cgroup/system.slice/job.service/cpu.max"] = "250000 100000\n";
  BOOST_TEST((quota_in(files) == 2.5));
}

BOOST_AUTO_TEST_CASE(cgroup_version_1_quota_is_read_from_two_files) {
  std::map<std::string, std::string> files = {
      {"/proc/self/cgroup", "12:memory:/docker/a\n4:cpu,cpuacct:/docker/a\n3:cpuset:/\n0::/docker/a"},
      {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"},
      {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"},
      {"/sys/fs/cgroup/cpu/docker/a/cpu.cfs_quota_us", "120000\n"},
      {"/sys/fs/cgroup/cpu/docker/a/cpu.cfs_period_us", "50000\n"},
  };
  BOOST_TEST((quota_in(files) == 2.4));
  BOOST_TEST((quota_in({{"/proc/self/cgroup", "nonsense\n:\n::\n\n"}}) == std::nullopt));
}

BOOST_AUTO_TEST_CASE(default_slot_count_is_between_one_and_the_cpu_count) {
  BOOST_TEST(dist::default_slots() >= 1U);
  BOOST_TEST(dist::default_slots() <= std::max(1U, std::thread::hardware_concurrency()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
