#include <algorithm>
#include <dist/rpc/task_group.hpp>
#include <thread>

#include "desk.hpp"

using namespace std::chrono_literals;
using dist::errc;
using dist::progress;
using dist::test::Work;

namespace {

struct fixture : dist::test::work_fixture {
  using work_fixture::work_fixture;

  template <auto Method>
  dist::pending<std::string> begin(std::string label, dist::call_options options = {}) {
    auto call = dist::go<Method>(cluster, label, options);
    BOOST_REQUIRE(world.drive_until([&] {
      return std::ranges::any_of(at->begun, [&](auto const& one) { return one.starts_with(label + "@"); });
    }));
    return call;
  }
  void nodes(std::size_t count, std::size_t slots = 1) {
    for (std::size_t i = 0; i < count; ++i) world.add(std::string(1, static_cast<char>('a' + i)), slots);
    world.wait_for_nodes(count);
  }
  std::size_t live() const { return cluster.caller().live_count(); }
};

struct secured : fixture {
  secured() : fixture(dist::test::with_secret()) {}
  dist::test::memory_cluster::member_node& add_with(std::string secret) {
    dist::node_options made;
    made.name = "x";
    made.secret = std::move(secret);
    return world.add(made, 1, dist::services(Work(at)));
  }
};

/// The class of the same name in another build of the program.
namespace other {
struct Work {
  std::string echo(std::string const& value) const { return value; }
  std::string plain(std::string const& label) const { return label + "@other"; }
};
BOOST_DESCRIBE_STRUCT(Work, (), (echo, plain))
}  // namespace other

dist::task<void> await_on(dist::pending<std::string> call) { co_await std::move(call); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(failures, fixture)

BOOST_AUTO_TEST_CASE(call_that_may_not_run_twice_fails_when_its_node_dies) {
  nodes(1);
  auto call = begin<&Work::write>("w");
  world.kill_node(0);
  auto const what = fault_of(std::move(call));
  BOOST_TEST(what.code == errc::connection_lost);
  BOOST_TEST(what.known == progress::unknown);
  BOOST_TEST(what.node == "a");
  BOOST_TEST(what.method == "Work.write");
  BOOST_TEST(what.phase == "running");
}

BOOST_AUTO_TEST_CASE(repeatable_call_moves_when_its_node_dies) {
  nodes(1);
  auto call = begin<&Work::read>("r");
  world.add("b");
  world.kill_node(0);
  at->open("r@b");
  BOOST_TEST(world.run<std::string>(std::move(call)) == "r@b");
  BOOST_TEST(at->begun.size() == 2);
}

BOOST_AUTO_TEST_CASE(call_with_once_is_not_moved) {
  nodes(1);
  auto call = begin<&Work::read>("r", dist::call_options().once());
  world.add("b");
  world.kill_node(0);
  BOOST_TEST(fault_of(std::move(call)).code == errc::connection_lost);
}

BOOST_AUTO_TEST_CASE(call_that_kills_nodes_is_poisoned_and_its_neighbours_are_not) {
  // The deadly call kills any node that starts it; two slots per node give it neighbours.
  nodes(4, 2);
  auto poison = dist::go<&Work::read>(cluster, "poison");
  std::vector<dist::pending<std::string>> others;
  for (int i = 0; i < 20; ++i) others.push_back(dist::go<&Work::read>(cluster, "n" + std::to_string(i)));
  auto all = dist::test::start<std::vector<std::string>>(world.io, dist::all(std::move(others)));
  auto ended = dist::test::start<std::string>(world.io, std::move(poison));
  std::size_t deaths = 0;
  BOOST_REQUIRE(world.drive_until([&] {
    for (std::size_t i = deaths; i < at->begun.size(); ++i) {}
    auto const kills = static_cast<std::size_t>(
        std::ranges::count_if(at->begun, [](auto const& one) { return one.starts_with("poison@"); }));
    if (kills > deaths) {
      ++deaths;
      auto const last = std::ranges::find_if(at->begun.rbegin(), at->begun.rend(),
                                             [](auto const& one) { return one.starts_with("poison@"); });
      world.kill_node(static_cast<std::size_t>(last->back() - 'a'));
      for (int i = 0; i < 20; ++i) at->open("n" + std::to_string(i));
    }
    return ended.done();
  }));
  BOOST_CHECK_EXCEPTION(ended.get(), dist::call_error, [](auto const& e) {
    BOOST_TEST_MESSAGE(e.what());
    return e.fault().code == errc::poisoned && e.fault().known == progress::unknown && e.fault().method == "Work.read" &&
           e.fault().message.find(", ") != std::string::npos;
  });
  BOOST_TEST(deaths == 3);
  BOOST_TEST(world.drive_until([&] { return all.done(); }));
  BOOST_TEST(all.get().size() == 20);
}

BOOST_AUTO_TEST_CASE(deadline_ends_a_queued_call) {
  auto const what = fault_of(dist::go<&Work::read>(cluster, "r", dist::call_options().within(50ms)));
  BOOST_TEST(what.code == errc::deadline_exceeded);
  BOOST_TEST(what.phase == "queueing");
  BOOST_TEST(what.known == progress::not_started);
}

BOOST_AUTO_TEST_CASE(deadline_ends_a_running_call) {
  nodes(1);
  auto call = begin<&Work::read>("r", dist::call_options().within(50ms));
  auto const before = world.clock.now();
  auto const what = fault_of(std::move(call));
  BOOST_TEST((world.clock.now() - before <= 50ms));
  BOOST_TEST(what.code == errc::deadline_exceeded);
  BOOST_TEST(what.phase == "running");
  BOOST_TEST(what.known == progress::unknown);
  BOOST_TEST(what.node == "a");
  world.pass(10ms);
  BOOST_TEST(at->cancelled.size() == 1);
  BOOST_TEST(status("in_use") == "0");
}

BOOST_AUTO_TEST_CASE(nested_calls_inherit_the_deadline) {
  nodes(2);
  auto const until = (world.clock.now() + 5s).time_since_epoch().count();
  auto call = dist::go<&Work::nested_deadline>(cluster, dist::call_options().within(5s));
  auto const nested = world.run<std::int64_t>(std::move(call));
  BOOST_TEST(std::abs(nested - until) < std::chrono::nanoseconds(1ms).count());
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Work::nested_deadline>(cluster)) == -1);
}

BOOST_AUTO_TEST_CASE(call_cancelled_before_it_is_sent_never_starts) {
  auto call = dist::go<&Work::read>(cluster, "r");
  call.cancel();
  auto const what = fault_of(std::move(call));
  BOOST_TEST(what.code == errc::cancelled);
  BOOST_TEST(what.known == progress::not_started);
  nodes(1);
  world.pass(1s);
  BOOST_TEST(at->begun.empty());
}

BOOST_AUTO_TEST_CASE(cancelling_a_running_call_reaches_its_method) {
  nodes(1);
  auto call = begin<&Work::read>("r");
  call.cancel();
  auto const what = fault_of(std::move(call));
  BOOST_TEST(what.code == errc::cancelled);
  BOOST_TEST(what.known == progress::unknown);
  world.pass(1ms);
  BOOST_TEST(at->cancelled.size() == 1);
  BOOST_TEST(status("in_use") == "0");
}

BOOST_AUTO_TEST_CASE(cancelling_reaches_nested_calls) {
  nodes(2);
  auto call = dist::go<&Work::outer>(cluster, "inner");
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 2; }));
  call.cancel();
  BOOST_TEST(fault_of(std::move(call)).code == errc::cancelled);
  world.pass(1ms);
  BOOST_TEST(at->cancelled.size() == 2);
  BOOST_TEST(status("in_use") == "0");
  BOOST_TEST(status("abandoned") == "0");
}

BOOST_AUTO_TEST_CASE(slot_is_abandoned_until_its_method_ends) {
  nodes(1);
  world.node_at(0).compute.hold();
  auto call = dist::go<&Work::plain>(cluster, "p");
  BOOST_REQUIRE(world.drive_until([&] { return world.node_at(0).compute.held_count() == 1; }));
  call.cancel();
  BOOST_TEST(fault_of(std::move(call)).code == errc::cancelled);
  world.pass(1s);
  BOOST_TEST(status("in_use") == "1");
  BOOST_TEST(status("abandoned") == "1");
  world.node_at(0).compute.release();
  world.pass(1ms);
  BOOST_TEST(status("in_use") == "0");
  BOOST_TEST(status("abandoned") == "0");
  BOOST_TEST(status("late_replies") == "1");
  BOOST_TEST(at->begun.empty());  // cancelled before it started
}

BOOST_AUTO_TEST_CASE(dropped_erased_and_replaced_pendings_end_their_calls) {
  nodes(1, 8);
  std::vector<dist::pending<std::string>> calls;
  for (int i = 0; i < 8; ++i) calls.push_back(begin<&Work::read>("r" + std::to_string(i)));
  calls.erase(calls.begin() + 2, calls.begin() + 4);
  world.pass(1ms);
  BOOST_TEST(live() == 6);
  std::ranges::sort(at->cancelled);
  BOOST_TEST(at->cancelled == (std::vector<std::string>{"r2@a", "r3@a"}), boost::test_tools::per_element());
  calls[0] = dist::go<&Work::read>(cluster, "r8");
  calls.pop_back();
  world.pass(1ms);
  BOOST_TEST(live() == 5);
  at->open_all();
  auto const got = world.run(dist::all(std::move(calls)));
  BOOST_TEST(got == (std::vector<std::string>{"r8@a", "r1@a", "r4@a", "r5@a", "r6@a"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(pending_may_be_dropped_on_another_thread) {
  nodes(1);
  auto call = std::make_unique<dist::pending<std::string>>(begin<&Work::read>("r"));
  std::thread([&] { call.reset(); }).join();
  world.pass(1ms);
  BOOST_TEST(live() == 0);
  BOOST_TEST(at->cancelled.size() == 1);
}

BOOST_AUTO_TEST_CASE(cancelling_the_awaiting_coroutine_cancels_the_call) {
  nodes(1);
  auto call = begin<&Work::read>("r");
  dist::task_group group(world.io.get_executor());
  group.spawn(await_on(std::move(call)));
  dist::test::run_until_idle(world.io);
  group.stop();
  world.pass(1ms);
  BOOST_TEST(group.size() == 0);
  BOOST_TEST(live() == 0);
  BOOST_TEST(at->cancelled.size() == 1);
}

BOOST_AUTO_TEST_CASE(awaiting_many_ended_calls_does_not_grow_the_stack) {
  nodes(1, 4);
  std::vector<dist::pending<std::int64_t>> calls;
  for (std::int64_t i = 0; i < 50'000; ++i) calls.push_back(dist::go<&Work::echo>(cluster, i));
  world.pass(500ms);
  BOOST_TEST(live() == 0);
  auto const got = world.run(dist::all(std::move(calls)));
  BOOST_TEST(got.back() == 49'999);
}

BOOST_AUTO_TEST_CASE(many_calls_that_fail_at_once_do_not_grow_the_stack) {
  nodes(1);
  auto const many = [](dist::cluster on) -> dist::task<int> {
    int failed = 0;
    for (int i = 0; i < 50'000; ++i) {
      auto call = dist::try_call<&Work::fail>(on, "\xFF");
      auto const got = co_await std::move(call);
      failed += got.has_error();
    }
    co_return failed;
  };
  BOOST_TEST(world.run(many(cluster)) == 50'000);
}

BOOST_AUTO_TEST_CASE(late_reply_is_not_taken_for_that_of_the_next_call) {
  nodes(1);
  auto first = begin<&Work::write>("first", dist::call_options().within(50ms));
  BOOST_TEST(fault_of(std::move(first)).code == errc::deadline_exceeded);
  auto second = dist::go<&Work::write>(cluster, "second");
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(second)) == "second@a");
  world.pass(1s);
  BOOST_TEST(status("late_replies") == "1");
}

BOOST_AUTO_TEST_CASE(nested_calls_on_one_slot_do_not_deadlock) {
  nodes(1);
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Work::depth>(cluster, 50)) == 50);
  std::vector<dist::pending<std::int64_t>> calls;
  for (int i = 0; i < 20; ++i) calls.push_back(dist::go<&Work::depth>(cluster, 10));
  for (auto const got : world.run(dist::all(std::move(calls)))) BOOST_TEST(got == 10);
  BOOST_TEST(status("in_use") == "0");
}

BOOST_AUTO_TEST_CASE(nested_call_goes_before_queued_ones) {
  nodes(1);
  auto first = dist::go<&Work::outer>(cluster, "inner");
  std::vector<dist::pending<std::string>> behind;
  for (int i = 0; i < 5; ++i) behind.push_back(dist::go<&Work::read>(cluster, "behind"));
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(first)) == "inner@a");
  world.run(dist::all(std::move(behind)));
  BOOST_TEST(at->begun.size() == 7);
  BOOST_TEST(at->begun[0] == "outer inner@a");
  BOOST_TEST(at->begun[1] == "inner@a");
}

BOOST_AUTO_TEST_CASE(mismatched_method_types_are_rejected_on_that_node_only) {
  dist::node_options options;
  options.name = "b";
  options.name_is_default = false;
  dist::service_list list;
  list.add({"Work", dist::bind_methods<other::Work>(), [] { return std::make_shared<other::Work>(); }});
  world.add(options, 4, list);
  world.wait_for_nodes(1);
  BOOST_TEST(world.has_logged("node b gets no calls of Work.echo"));
  BOOST_TEST(!world.has_logged("node b gets no calls of Work.plain"));
  auto call = dist::go<&Work::echo>(cluster, 5);
  BOOST_TEST(world.run<std::string>(dist::call<&Work::plain>(cluster, "p")) == "p@other");
  world.add("a");
  BOOST_TEST(world.run<std::int64_t>(std::move(call)) == 5);
  for (int i = 0; i < 10; ++i) BOOST_TEST(world.run<std::int64_t>(dist::call<&Work::echo>(cluster, i)) == i);
}

BOOST_AUTO_TEST_CASE(call_rejected_by_a_full_node_moves) {
  dist::node_options options;
  options.name = "small";
  options.limits.calls_per_connection = 1;
  world.add(options, 4, dist::services(Work(at)));
  world.wait_for_nodes(1);
  auto first = begin<&Work::read>("first");
  auto second = dist::go<&Work::read>(cluster, "second");
  world.pass(1ms);
  world.add("b");
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(second)) == "second@b");
  BOOST_TEST(world.run<std::string>(std::move(first)) == "first@small");
}

BOOST_AUTO_TEST_CASE(only_node_is_retried_after_a_pause_when_full) {
  dist::node_options options;
  options.name = "small";
  options.limits.calls_per_connection = 1;
  world.add(options, 4, dist::services(Work(at)));
  world.wait_for_nodes(1);
  auto first = begin<&Work::read>("first");
  auto second = dist::go<&Work::read>(cluster, "second");
  world.pass(10s);
  BOOST_TEST(world.count_logged("Work.read: to small") < 40);
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(first)) == "first@small");
  BOOST_TEST(world.run<std::string>(std::move(second)) == "second@small");
}

BOOST_AUTO_TEST_CASE(transient_failure_is_retried) {
  nodes(2);
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Work::flaky>(cluster, 3)) == 3);
  BOOST_TEST(at->begun[0] != at->begun[1]);  // on another node
  at->begun.clear();
  auto const what = fault_of(dist::go<&Work::flaky>(cluster, 100));
  BOOST_TEST(what.code == errc::transient);
  BOOST_TEST(what.known == progress::executed);
  BOOST_TEST(at->begun.size() == 4);
  at->begun.clear();
  BOOST_TEST(fault_of(dist::go<&Work::flaky>(cluster, 100, dist::call_options().retry(0))).code == errc::transient);
  BOOST_TEST(at->begun.size() == 1);
  at->begun.clear();
  BOOST_TEST(fault_of(dist::go<&Work::flaky>(cluster, 100, dist::call_options().retry(5))).code == errc::transient);
  BOOST_TEST(at->begun.size() == 6);
  at->begun.clear();
  BOOST_TEST(fault_of(dist::go<&Work::flaky>(cluster, 100, dist::call_options().once())).code == errc::transient);
  BOOST_TEST(at->begun.size() == 1);
  at->begun.clear();
  auto dropped = dist::go<&Work::flaky>(cluster, 100);
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 2; }));
  dropped.cancel();
  BOOST_TEST(fault_of(std::move(dropped)).code == errc::cancelled);
}

BOOST_AUTO_TEST_CASE(two_jobs_share_one_master) {
  nodes(2, 2);
  auto& one = world.connect("one");
  auto& two = world.connect("two");
  auto a = dist::go<&Work::write>(one.link.calls(), "one");
  auto b = dist::go<&Work::read>(two.link.calls(), "two");
  auto c = dist::go<&Work::read>(cluster, "three");
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 3; }));
  // A job that leaves takes only its own calls with it.
  one.network.cut();
  world.pass(1ms);
  BOOST_TEST(at->cancelled.size() == 1);
  BOOST_TEST(at->cancelled[0].starts_with("one@"));
  auto const what = fault_of(std::move(a));
  BOOST_TEST(what.code == errc::connection_lost);
  BOOST_TEST(what.known == progress::unknown);
  at->open_all();
  BOOST_TEST(world.run<std::string>(std::move(b)).starts_with("two@"));
  BOOST_TEST(world.run<std::string>(std::move(c)).starts_with("three@"));
  // It reconnects by itself.
  BOOST_TEST(world.drive_until([&] { return world.count_logged("job one connected") == 2; }));
  world.pass(1ms);
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Work::echo>(one.link.calls(), 9)) == 9);
}

BOOST_AUTO_TEST_CASE(pending_may_outlive_master_and_nodes) {
  std::optional<dist::pending<std::string>> queued;
  std::optional<dist::pending<std::string>> running;
  {
    fixture inner;
    inner.nodes(1);
    running.emplace(inner.begin<&Work::read>("r"));
    queued.emplace(dist::go<&Work::read>(inner.cluster, "q"));
  }
  queued->cancel();
  std::thread([&] { BOOST_CHECK_THROW(dist::block_on(std::move(*running)), dist::call_error); }).join();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(secrets, secured)

BOOST_AUTO_TEST_CASE(node_with_the_secret_joins) {
  add_with("a secret of some length");
  world.wait_for_nodes(1);
  BOOST_TEST(node_count() == 1);
}

BOOST_AUTO_TEST_CASE(node_with_a_wrong_secret_is_rejected) {
  auto& node = add_with("another secret, as long");
  BOOST_TEST(world.drive_until([&] { return node.run.done(); }));
  BOOST_CHECK_EXCEPTION(node.run.get(), dist::call_error, [](auto const& e) { return e.fault().code == errc::denied; });
  BOOST_TEST(world.has_logged("was rejected"));
  BOOST_TEST(node_count() == 0);
}

BOOST_AUTO_TEST_CASE(node_without_a_secret_is_rejected) {
  auto& node = add_with("");
  BOOST_TEST(world.drive_until([&] { return node.run.done(); }));
  BOOST_CHECK_EXCEPTION(node.run.get(), dist::call_error, [](auto const& e) { return e.fault().code == errc::denied; });
  BOOST_TEST(node_count() == 0);
}

BOOST_AUTO_TEST_CASE(job_without_a_secret_is_rejected) {
  dist::link_options options;
  options.master = {"master", 3000};
  options.name = "stranger";
  dist::master_link link(world.world(), options);
  BOOST_CHECK_EXCEPTION(world.run(link.open()), dist::call_error,
                        [](auto const& e) { return e.fault().code == errc::denied; });
  link.stop();
}

BOOST_AUTO_TEST_CASE(node_with_a_secret_does_not_serve_a_master_without_one) {
  fixture open;
  dist::node_options made;
  made.name = "x";
  made.secret = "a secret of some length";
  auto& node = open.world.add(made, 1, dist::services(Work(at)));
  BOOST_TEST(open.world.drive_until([&] { return node.run.done(); }));
  BOOST_CHECK_THROW(node.run.get(), dist::call_error);
  BOOST_TEST(open.node_count() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
