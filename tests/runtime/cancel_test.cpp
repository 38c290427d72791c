#include <algorithm>
#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>
#include <dist/rpc/sleep.hpp>
#include <dist/rpc/task_group.hpp>

#include "desk.hpp"

using namespace std::chrono_literals;
using dist::errc;

namespace {

/// Methods that call others; each handles a cancellation differently.
class Tree {
 public:
  explicit Tree(std::shared_ptr<dist::test::desk> at) : desk_(std::move(at)) {}

  /// A chain of nested calls; the last waits.
  dist::task<std::string> chain(dist::context ctx, std::int64_t hops, std::string label) const;
  /// Starts a nested call and waits for its own gate, cancelled or not.
  dist::task<std::string> stubborn(dist::context ctx, std::string label) const;
  /// Ignores its cancellation and makes more calls.
  dist::task<std::string> late_caller(dist::context ctx, std::string label) const;
  /// The deadline of a nested call that asks for an hour.
  dist::task<std::int64_t> generous(dist::context ctx) const;
  /// Polls its token.
  dist::task<void> poll(dist::context ctx, std::string label) const;

 private:
  std::shared_ptr<dist::test::desk> desk_;
};
BOOST_DESCRIBE_STRUCT(Tree, (), (chain, stubborn, late_caller, generous, poll))

dist::task<std::string> Tree::chain(dist::context ctx, std::int64_t hops, std::string label) const {
  if (hops == 0) {
    auto last = desk_->pass(ctx, label);
    co_return co_await std::move(last);
  }
  auto next = dist::go<&Tree::chain>(ctx, hops - 1, label);
  co_return co_await std::move(next);
}

dist::task<std::string> Tree::stubborn(dist::context ctx, std::string label) const {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto inner = dist::try_call<&Tree::chain>(ctx, 1, label + " inner");
  auto own = desk_->pass(ctx, label);
  co_await std::move(own);
  auto const got = co_await std::move(inner);
  co_return got.has_error() ? dist::to_text(got.error()) : *got;
}

dist::task<std::string> Tree::late_caller(dist::context ctx, std::string label) const {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto own = desk_->pass(ctx, label);
  co_await std::move(own);
  auto inner = dist::try_call<&Tree::chain>(ctx, 0, label + " inner");
  auto const got = co_await std::move(inner);
  desk_->cancelled.push_back(got.has_error() ? got.error().message : "it ran");
  co_return "";
}

dist::task<std::int64_t> Tree::generous(dist::context ctx) const {
  auto const longer = dist::cluster(ctx).with(dist::call_options().within(1h));
  auto inner = dist::go<&dist::test::Work::left_us>(longer);
  co_return co_await std::move(inner);
}

dist::task<void> Tree::poll(dist::context ctx, std::string label) const {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto const key = desk_->enter(label, ctx.node());
  // A plain method would poll like this between two steps of its work.
  while (!ctx.cancelled()) co_await dist::sleep_for(*desk_->clock, 10ms);
  desk_->cancelled.push_back(key);
  --desk_->running;
}

struct fixture {
  fixture() { at->clock = &world.clock; }
  ~fixture() { at->open_all(); }

  void nodes(std::size_t count, std::size_t slots = 1) {
    for (std::size_t i = 0; i < count; ++i) world.add(std::string(1, static_cast<char>('a' + i)), slots);
    world.wait_for_nodes(count);
  }
  bool drive_until_begun(std::size_t count) {
    return world.drive_until([&] { return at->begun.size() >= count; });
  }
  std::string status(std::string const& field) {
    auto const text = world.master().status_json();
    auto const from = text.rfind("\"" + field + "\":") + field.size() + 3;
    return text.substr(from, text.find_first_of(",}", from) - from);
  }

  std::shared_ptr<dist::test::desk> at = std::make_shared<dist::test::desk>();
  dist::test::memory_cluster world{dist::services(Tree(at), dist::test::Work(at))};
  dist::cluster cluster = world.cluster();
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(cancel, fixture)

BOOST_AUTO_TEST_CASE(cancellation_reaches_calls_two_hops_away) {
  nodes(3);
  {
    auto call = dist::go<&Tree::chain>(cluster, 2, "leaf");
    BOOST_REQUIRE(drive_until_begun(1));
  }
  world.pass(1ms);
  BOOST_TEST(at->cancelled.size() == 1U);
  BOOST_TEST(status("in_use") == "0");
  BOOST_TEST(status("abandoned") == "0");
  BOOST_TEST(cluster.caller().live_count() == 0U);
}

BOOST_AUTO_TEST_CASE(deadline_reaches_calls_two_hops_away) {
  nodes(3);
  auto call = dist::go<&Tree::chain>(cluster, 2, "leaf", dist::call_options().within(50ms));
  auto const ended = dist::test::start<std::string>(world.io, std::move(call));
  world.pass(51ms);
  BOOST_TEST(ended.done());
  BOOST_TEST(at->cancelled.size() == 1U);
  BOOST_TEST(status("in_use") == "0");
}

BOOST_AUTO_TEST_CASE(nested_call_cannot_outlast_its_parent) {
  nodes(2);
  struct row {
    dist::duration within;
    dist::duration nested;
  };
  row const rows[] = {{5s, 5s}, {2h, 1h}};
  for (auto const& one : rows) {
    auto const until = (world.clock.now() + one.nested).time_since_epoch().count();
    auto call = dist::go<&Tree::generous>(cluster, dist::call_options().within(one.within));
    BOOST_TEST(std::abs(world.run<std::int64_t>(std::move(call)) - until) < std::chrono::nanoseconds(1ms).count());
  }
}

BOOST_AUTO_TEST_CASE(calls_of_a_method_that_ignores_cancellation_are_cancelled) {
  nodes(3, 2);
  {
    auto call = dist::go<&Tree::stubborn>(cluster, "own");
    BOOST_REQUIRE(drive_until_begun(2));
  }
  world.pass(1ms);
  BOOST_REQUIRE(at->cancelled.size() == 1U);
  BOOST_TEST(at->cancelled[0].starts_with("own inner@"));
  // Its own slot is in use again, and no other.
  BOOST_TEST(status("in_use") == "1");
  BOOST_TEST(status("abandoned") == "1");
  at->open("own");
  world.pass(1ms);
  BOOST_TEST(status("in_use") == "0");
  BOOST_TEST(status("abandoned") == "0");
}

BOOST_AUTO_TEST_CASE(calls_of_a_frozen_node_are_cancelled) {
  nodes(2);
  {
    auto call = dist::go<&dist::test::Work::outer>(cluster, "leaf");
    BOOST_REQUIRE(drive_until_begun(2));
    BOOST_REQUIRE(at->begun[0].back() != at->begun[1].back());
    world.node_at(at->begun[0].ends_with("@a") ? 0 : 1).network.freeze();
  }
  world.pass(1ms);
  BOOST_TEST(at->cancelled == std::vector<std::string>{at->begun[1]}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(calls_of_a_dead_node_are_cancelled) {
  nodes(1);
  auto call = dist::go<&Tree::stubborn>(cluster, "own", dist::call_options().once());
  BOOST_REQUIRE(drive_until_begun(1));
  world.add("b");
  world.wait_for_nodes(2);
  BOOST_REQUIRE(drive_until_begun(2));
  auto const ended = dist::test::start<std::string>(world.io, std::move(call));
  world.kill_node(0);
  BOOST_TEST(world.drive_until([&] { return ended.done(); }));
  world.pass(1ms);
  at->open_all();
  world.pass(1ms);
  BOOST_TEST(cluster.caller().live_count() == 0U);
  BOOST_TEST(status("in_use") == "0");
}

BOOST_AUTO_TEST_CASE(calls_of_a_caller_that_leaves_are_cancelled) {
  nodes(3);
  auto& job = world.connect("job");
  auto call = dist::go<&Tree::chain>(job.link.calls(), 2, "leaf");
  BOOST_REQUIRE(drive_until_begun(1));
  job.network.cut();
  world.pass(1ms);
  BOOST_TEST(at->cancelled.size() == 1U);
  BOOST_TEST(cluster.caller().live_count() == 0U);
  BOOST_TEST(status("in_use") == "0");
}

BOOST_AUTO_TEST_CASE(cancelled_method_can_make_no_more_calls) {
  nodes(2);
  {
    auto call = dist::go<&Tree::late_caller>(cluster, "own");
    BOOST_REQUIRE(drive_until_begun(1));
  }
  world.pass(1ms);
  at->open_all();
  world.pass(1ms);
  BOOST_TEST(at->begun.size() == 1U);
  BOOST_TEST(at->cancelled == std::vector<std::string>{"the call that made it was cancelled"},
             boost::test_tools::per_element());
  BOOST_TEST(status("in_use") == "0");
}

BOOST_AUTO_TEST_CASE(long_chain_of_calls_is_cancelled) {
  nodes(1, 4);
  {
    auto call = dist::go<&Tree::chain>(cluster, 900, "leaf");
    BOOST_REQUIRE(drive_until_begun(1));
    BOOST_TEST(cluster.caller().live_count() == 901U);
  }
  world.pass(1ms);
  BOOST_TEST(cluster.caller().live_count() == 0U);
  BOOST_TEST(status("in_use") == "0");
}

BOOST_AUTO_TEST_CASE(method_that_ignores_cancellation_is_logged_until_it_returns) {
  nodes(1, 2);
  {
    auto call = dist::go<&Tree::stubborn>(cluster, "own");
    BOOST_REQUIRE(drive_until_begun(2));
  }
  std::string const line = "node a still runs Tree.stubborn, abandoned ";
  BOOST_TEST(!world.has_logged(line));
  world.pass(25s);
  BOOST_TEST(world.count_logged(line) == 3U);
  BOOST_TEST(world.master().status_json().find(R"("abandoned_calls":[{"method":"Tree.stubborn","count":1,"oldest_ms":25000}])") !=
             std::string::npos);
  at->open_all();
  world.pass(1s);
  BOOST_TEST(world.has_logged("node a: Tree.stubborn returned 25 s after it was abandoned; its slot is free"));
  BOOST_TEST(world.master().status_json().find(R"("abandoned_calls":[])") != std::string::npos);
  world.pass(25s);
  BOOST_TEST(world.count_logged(line) == 3U);
}

// Takes the first of eight replies and drops the other calls, as `any` does.
BOOST_AUTO_TEST_CASE(slots_of_cancelled_losers_are_free_at_once) {
  nodes(8);
  std::vector<dist::pending<void>> polling;
  std::vector<dist::pending<std::string>> awaiting;
  for (int i = 0; i < 4; ++i) polling.push_back(dist::go<&Tree::poll>(cluster, "poll"));
  for (int i = 0; i < 3; ++i) awaiting.push_back(dist::go<&Tree::chain>(cluster, 1, "leaf"));
  auto ignoring = std::make_unique<dist::pending<std::string>>(dist::go<&Tree::stubborn>(cluster, "stubborn"));
  BOOST_REQUIRE(drive_until_begun(9));
  polling.clear();
  awaiting.clear();
  ignoring.reset();
  world.pass(100ms);
  BOOST_TEST(at->cancelled.size() == 8U);
  BOOST_TEST(at->running == 1U);
  BOOST_TEST(status("in_use") == "1");
  BOOST_TEST(status("abandoned") == "1");
  at->open_all();
  world.pass(1ms);
  BOOST_TEST(status("in_use") == "0");
  BOOST_TEST(status("abandoned") == "0");
}

BOOST_AUTO_TEST_SUITE_END()
