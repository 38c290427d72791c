// What a job's own code may do in callbacks: end the call or stream that invokes it, sleep, compute.
#include <asio/co_spawn.hpp>
#include <dist/rpc/detail/context_seams.hpp>
#include <dist/rpc/task_group.hpp>
#include <future>
#include <ranges>
#include <thread>

#include "desk.hpp"

using namespace std::chrono_literals;
using dist::errc;
using dist::test::Work;

namespace {

/// Takes a second; its reply reaches the master only once its node's network resumes.
struct Slow {
  void work() {
    in->clock.advance(1s);
    in->node_at(0).network.freeze();
  }
  static inline dist::test::memory_cluster* in = nullptr;
};
BOOST_DESCRIBE_STRUCT(Slow, (), (work))

struct inside : dist::test::work_fixture {
  using stream = dist::completions<std::string>;

  /// Where timers run in a real process.
  void pass_on_io_thread(dist::duration time) {
    asio::post(world.io, [this, time] { world.clock.advance(time); });
    dist::test::run_until_idle(world.io);
  }

  std::optional<stream> results;
};

dist::task<void> take_one(dist::completions<std::string>& from) {
  auto taking = from.next();
  co_await std::move(taking);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(job_code, inside)

BOOST_AUTO_TEST_CASE(observer_may_drop_its_stream) {
  world.add("a");
  world.wait_for_nodes(1);
  std::vector<std::string> const labels{"0", "1", "2"};
  int told = 0;
  std::string const kept(100, 'x');
  auto const observe = [&, kept](dist::fan_out_progress const&) {
    ++told;
    results.reset();
    BOOST_TEST(kept.size() == 100U);  // itself still alive
  };
  results.emplace(dist::as_completed<&Work::read>(cluster, labels, dist::fan_out().observe(observe, 1s)));
  at->open("0");
  world.run(take_one(*results));
  pass_on_io_thread(2s);
  BOOST_TEST(told == 1);
  BOOST_TEST(!results.has_value());
}

BOOST_AUTO_TEST_CASE(observer_may_drop_its_stream_and_throw) {
  world.add("a");
  world.wait_for_nodes(1);
  std::vector<std::string> const labels{"0", "1"};
  auto const observe = [&](dist::fan_out_progress const&) {
    results.reset();
    throw std::runtime_error("enough");
  };
  results.emplace(dist::as_completed<&Work::read>(cluster, labels, dist::fan_out().observe(observe, 1s)));
  at->open("0");
  world.run(take_one(*results));
  pass_on_io_thread(2s);
  BOOST_TEST(!results.has_value());
}

BOOST_AUTO_TEST_CASE(log_callback_may_drop_the_stream_it_reports) {
  std::vector<std::string> const labels{"0", "1"};
  results.emplace(dist::as_completed<&Work::read>(cluster, labels));
  {
    // Cancelling a next() leaves the calls alone.
    dist::task_group group(world.io.get_executor());
    group.spawn(take_one(*results));
    world.pass(1ms);
    group.stop();
    world.pass(1ms);
    BOOST_TEST_REQUIRE(group.size() == 0U);
  }
  world.on_log = [&](std::string_view line) {
    if (line.find("are idle; smaller") != line.npos) results.reset();
  };
  at->open_all();
  world.add("a", 8);
  world.pass(5s);
  BOOST_TEST(!results.has_value());
  world.on_log = nullptr;
}

BOOST_AUTO_TEST_CASE(log_callback_may_end_the_call_it_reports) {
  world.add("a");
  world.wait_for_nodes(1);
  std::optional<dist::pending<std::string>> call;
  dist::method_key const& key = dist::key_of<&Work::read, Work>();
  auto record = cluster.make_call(key, {});
  world.on_log = [&](std::string_view line) {
    if (line.find("Work.read: to a") != line.npos) cluster.caller().cancel(record);
  };
  record->early_problem =
      dist::encode_arguments(dist::codec::cbor, dist::spelling::declared, record->arguments, std::string("1"));
  auto ended = dist::start_call<std::string>(cluster, record);
  world.pass(1s);
  world.on_log = nullptr;
  BOOST_TEST(at->begun.size() == 0U);
  BOOST_TEST(fault_of(std::move(ended)).code == errc::cancelled);
  // Its slot is free.
  at->open_all();
  BOOST_TEST(world.run<std::string>(dist::go<&Work::read>(cluster, "2")) == "2@a");
}

BOOST_AUTO_TEST_CASE(fold_may_stop_the_master) {
  world.add("a", 4);
  world.wait_for_nodes(1);
  std::vector<std::int64_t> const numbers(100, 1);
  auto const fold = [&](std::int64_t, std::int64_t) -> std::int64_t {
    world.master().stop();
    return 0;
  };
  auto all = dist::map_reduce<&Work::echo>(cluster, numbers, std::int64_t{0}, fold, dist::fan_out().window(4));
  BOOST_TEST(fault_of(std::move(all)).code == errc::stopped);
}

BOOST_AUTO_TEST_CASE(input_range_may_stop_the_master) {
  world.add("a", 4);
  world.wait_for_nodes(1);
  std::vector<std::int64_t> const numbers(100, 1);
  auto const reads = [this, count = 0](std::int64_t value) mutable {
    if (++count == 50) world.master().stop();
    return value;
  };
  auto inputs = std::views::transform(numbers, reads);
  auto all = dist::map<&Work::echo>(cluster, inputs, dist::fan_out().window(4));
  BOOST_TEST(fault_of(std::move(all)).code == errc::stopped);
}

BOOST_AUTO_TEST_CASE(job_sleeps_without_naming_a_clock) {
  auto const begin = world.clock.now();
  world.run(dist::sleep_for(5s));
  BOOST_TEST(((world.clock.now() - begin) == 5s));
}

BOOST_AUTO_TEST_CASE(compute_returns_values_and_exceptions) {
  auto sum = dist::compute([] { return 42; });
  BOOST_TEST(world.run(std::move(sum)) == 42);
  auto fails = dist::compute([]() -> int { throw std::runtime_error("no"); });
  BOOST_CHECK_EXCEPTION(world.run(std::move(fails)), std::runtime_error,
                        [](auto const& e) { return std::string_view(e.what()) == "no"; });
  bool ran = false;
  world.run(dist::compute([&] { ran = true; }));
  BOOST_TEST(ran);
}

BOOST_AUTO_TEST_CASE(only_active_waits_for_nodes_count) {
  auto& job = world.connect("job");
  auto const on = job.link.calls();
  world.add("a");
  world.wait_for_nodes(1);
  for (int i = 0; i < 1100; ++i) world.run(on.wait_for_nodes(1));
  // Abandoned waits do not count.
  for (int i = 0; i < 1100; ++i) {
    dist::task_group group(world.io.get_executor());
    group.spawn(on.wait_for_nodes(2));
    dist::test::run_until_idle(world.io);
    group.stop();
    dist::test::run_until_idle(world.io);
  }
  auto both = dist::test::start(world.io, on.wait_for_nodes(2));
  world.add("b");
  BOOST_TEST(world.drive_until([&] { return both.done(); }));
  BOOST_CHECK_NO_THROW(both.get());
}

BOOST_AUTO_TEST_CASE(account_counts_the_time_of_methods) {
  dist::test::memory_cluster slow(dist::services(Slow{}));
  Slow::in = &slow;
  slow.add("a");
  slow.wait_for_nodes(1);
  auto call = dist::go<&Slow::work>(slow.cluster());
  slow.pass(4s);
  slow.node_at(0).network.resume();
  slow.run(dist::task<void>(std::move(call)));
  slow.pass(5s);
  auto const text = slow.cluster().caller().account_text();
  BOOST_TEST(text.find(", busy 13 %") != text.npos, text);
}

BOOST_AUTO_TEST_CASE(account_separates_cancelled_from_failed_calls) {
  { auto const dropped = dist::go<&Work::read>(cluster, "1"); }
  world.pass(1ms);
  auto const text = cluster.caller().account_text();
  BOOST_TEST(text.find("1 cancelled") != text.npos, text);
  BOOST_TEST(text.find("failed") == text.npos, text);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// A world with one compute thread.
struct threads {
  threads() { dist::context_seams::of(world.io().get_executor()).add(this, {&world.io(), &seams.clock, &seams.compute}); }

  template <class T>
  T run(dist::task<T> work) {
    auto ended = asio::co_spawn(world.io(), std::move(work), asio::use_future);
    world.io().restart();
    world.io().run();
    return ended.get();
  }

  dist::system_world world{1, dist::log(dist::log_level::off)};
  dist::seams seams = world.get();
};

/// Starts two; the second is abandoned while the first runs.
dist::task<void> give_up_the_second(std::promise<void>& end, bool& ran_second) {
  auto const executor = co_await asio::this_coro::executor;
  std::promise<void> begun;
  auto const first = [&begun, until = end.get_future().share()] {
    begun.set_value();
    until.wait();
  };
  auto const second = [&ran_second] { ran_second = true; };
  dist::task_group wanted(executor);
  wanted.spawn(dist::compute(first));
  dist::task_group unwanted(executor);
  unwanted.spawn(dist::compute(second));
  begun.get_future().wait();
  unwanted.stop();
  co_await unwanted.join();
  end.set_value();
  co_await wanted.join();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(on_threads, threads)

BOOST_AUTO_TEST_CASE(compute_runs_on_another_thread) {
  auto which = dist::compute([] { return std::this_thread::get_id(); });
  BOOST_TEST((run(std::move(which)) != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(compute_cancelled_before_its_start_never_runs) {
  std::promise<void> end;
  bool ran_second = false;
  run(give_up_the_second(end, ran_second));
  world.join_compute();
  BOOST_TEST(!ran_second);
}

BOOST_AUTO_TEST_CASE(method_on_a_compute_thread_can_sleep) {
  auto const pool = seams.compute.executor();
  dist::context_seams::of(pool).add(this, {&world.io(), &seams.clock, nullptr});
  auto ended = asio::co_spawn(pool, dist::sleep_for(1ms), asio::use_future);
  auto const work = asio::make_work_guard(world.io());
  while (ended.wait_for(0s) != std::future_status::ready) world.io().run_one_for(10ms);
  BOOST_CHECK_NO_THROW(ended.get());
}

BOOST_AUTO_TEST_CASE(sleep_outside_of_a_job_fails_with_advice) {
  asio::io_context plain;
  std::string said;
  // The exception stays on this thread: its reference count is in a library that TSan does not instrument.
  auto const listen = [](std::string& into) -> dist::task<void> {
    auto sleeping = dist::sleep_for(1ms);
    try {
      co_await std::move(sleeping);
    } catch (std::logic_error const& e) {
      into = e.what();
    }
  };
  asio::co_spawn(plain, listen(said), [](std::exception_ptr) {});
  plain.run();
  BOOST_TEST(said.starts_with("dist::sleep_for: no cluster"), said);
}

BOOST_AUTO_TEST_SUITE_END()
