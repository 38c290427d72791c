#include <boost/test/unit_test.hpp>
#include <dist/dist.hpp>
#include <dist/rpc/sleep.hpp>
#include <numeric>

#include "support/memory_cluster.hpp"

namespace {

struct Arith {
  std::int64_t sum(std::vector<std::int64_t> const& values) const {
    return std::accumulate(values.begin(), values.end(), std::int64_t{0});
  }
  std::int64_t add(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
  std::string text(std::string const& what) const { return what; }
  std::int64_t fail(std::string const& why) const { throw std::runtime_error(why); }
  void nothing() const {}
  std::int64_t count() { return ++count_; }
  dist::task<std::int64_t> twice(dist::context ctx, std::int64_t value) const;

 private:
  std::int64_t count_ = 0;
};
BOOST_DESCRIBE_STRUCT(Arith, (), (sum, add, text, fail, nothing, count, twice))

}  // namespace

template <>
inline constexpr bool dist::brief<&Arith::add> = true;

namespace {

dist::task<std::int64_t> Arith::twice(dist::context ctx, std::int64_t value) const {
  auto first = dist::go<&Arith::add>(ctx, value, value, 0);
  co_return co_await std::move(first);
}

struct fixture {
  dist::test::memory_cluster world{dist::services<Arith>()};
  dist::cluster cluster = world.cluster();
};

dist::errc code_of(dist::call_error const& e) { return e.fault().code; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(calls, fixture)

BOOST_AUTO_TEST_CASE(call_waits_for_its_node) {
  auto call = dist::go<&Arith::sum>(cluster, {2, 4, 6});
  world.add_node("a");
  BOOST_TEST(world.run<std::int64_t>(std::move(call)) == 12);
}

BOOST_AUTO_TEST_CASE(concurrent_calls_get_their_own_results) {
  world.add_node("a");
  world.add_node("b", 2);
  std::vector<dist::pending<std::int64_t>> pending;
  for (std::int64_t i = 0; i < 100; ++i) pending.push_back(dist::go<&Arith::add>(cluster, i, 1, 2));
  auto const results = world.run(dist::all(std::move(pending)));
  for (std::int64_t i = 0; i < 100; ++i) BOOST_TEST(results[static_cast<std::size_t>(i)] == i + 3);
}

BOOST_AUTO_TEST_CASE(results_of_every_shape_arrive) {
  world.add_node("a");
  BOOST_TEST(world.run<std::string>(dist::call<&Arith::text>(cluster, "grüße")) == "grüße");
  world.run<void>(dist::call<&Arith::nothing>(cluster));
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Arith::count>(cluster)) == 1);
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Arith::count>(cluster)) == 2);
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Arith::twice>(cluster, 21)) == 42);
  auto const tried = world.run<dist::result<std::int64_t>>(dist::try_call<&Arith::fail>(cluster, "no"));
  BOOST_REQUIRE(tried.has_error());
  BOOST_TEST(tried.error().message == "no");
}

BOOST_AUTO_TEST_CASE(exception_of_a_method_is_a_fault_with_its_text) {
  world.add_node("a");
  BOOST_CHECK_EXCEPTION(world.run<std::int64_t>(dist::call<&Arith::fail>(cluster, "out of paper")), dist::call_error,
                        [](dist::call_error const& e) {
                          return code_of(e) == dist::errc::method_failed && e.fault().message == "out of paper" &&
                                 e.fault().method == "Arith.fail" && e.fault().node == "a" &&
                                 e.fault().known == dist::progress::executed;
                        });
}

BOOST_AUTO_TEST_CASE(unknown_method_fails_at_once) {
  world.add_node("a");
  world.wait_for_nodes(1);
  BOOST_CHECK_EXCEPTION(world.run<int>(dist::call_by_name<int>(cluster, "Arith.sun", 1)), dist::call_error,
                        [](auto const& e) { return code_of(e) == dist::errc::unknown_method; });
}

BOOST_AUTO_TEST_CASE(bad_argument_is_named) {
  world.add_node("a");
  BOOST_CHECK_EXCEPTION(world.run<int>(dist::call_by_name<int>(cluster, "Arith.sum", "text")), dist::call_error,
                        [](auto const& e) {
                          BOOST_TEST_MESSAGE(e.what());
                          return code_of(e) == dist::errc::bad_arguments &&
                                 e.fault().known == dist::progress::not_started;
                        });
  BOOST_CHECK_EXCEPTION(world.run<std::string>(dist::call<&Arith::text>(cluster, "\xFE")), dist::call_error,
                        [](auto const& e) { return code_of(e) == dist::errc::bad_arguments; });
}

BOOST_AUTO_TEST_CASE(deadline_ends_a_waiting_call) {
  auto call = dist::go<&Arith::sum>(cluster, {1}, dist::call_options().within(std::chrono::milliseconds(50)));
  BOOST_CHECK_EXCEPTION(world.run<std::int64_t>(std::move(call)), dist::call_error, [](auto const& e) {
    return code_of(e) == dist::errc::deadline_exceeded && e.fault().phase == "queueing" &&
           e.fault().known == dist::progress::not_started;
  });
}

BOOST_AUTO_TEST_CASE(call_gives_up_when_no_node_joins) {
  auto call = dist::go<&Arith::sum>(cluster, {1}, dist::call_options().wait_for_node(std::chrono::seconds(10)));
  BOOST_CHECK_EXCEPTION(world.run<std::int64_t>(std::move(call)), dist::call_error, [](auto const& e) {
    return code_of(e) == dist::errc::no_node && e.fault().known == dist::progress::not_started;
  });
  BOOST_TEST(!call.node());
}

BOOST_AUTO_TEST_CASE(pending_names_the_node_that_answered) {
  world.add_node("a");
  auto call = dist::go<&Arith::sum>(cluster, {1});
  BOOST_TEST(!call.node());
  world.run<std::int64_t>(std::move(call));
  BOOST_TEST(call.node().value() == "a");
  auto early = dist::go<&Arith::sum>(cluster, {1});
  dist::test::run_until_idle(world.io);
  world.run<std::int64_t>(std::move(early));
  BOOST_TEST(early.node().value() == "a");
}

BOOST_AUTO_TEST_CASE(dropping_or_replacing_a_pending_ends_its_call) {
  auto call = dist::go<&Arith::sum>(cluster, {1});
  call = dist::go<&Arith::sum>(cluster, {2});
  dist::test::run_until_idle(world.io);
  BOOST_TEST(cluster.caller().live_count() == 1);
  { auto const dropped = std::move(call); }
  dist::test::run_until_idle(world.io);
  BOOST_TEST(cluster.caller().live_count() == 0);
}

BOOST_AUTO_TEST_CASE(pending_may_outlive_its_cluster) {
  auto call = dist::go<&Arith::sum>(cluster, {1});
  world.stop();
  BOOST_CHECK_EXCEPTION(world.run<std::int64_t>(std::move(call)), dist::call_error,
                        [](auto const& e) { return code_of(e) == dist::errc::stopped; });
}

BOOST_AUTO_TEST_CASE(map_reduce_folds_in_order) {
  world.add_node("a", 2);
  world.add_node("b", 3);
  std::vector<std::string> words{"one", "two", "three", "four"};
  auto join = dist::map_reduce<&Arith::text>(cluster, words, std::string(),
                                             [](std::string all, std::string one) { return all + one; });
  BOOST_TEST(world.run(std::move(join)) == "onetwothreefour");
  std::vector<std::tuple<int, int, int>> sums;
  for (int i = 0; i < 5000; ++i) sums.emplace_back(i, 0, 1);
  BOOST_TEST(world.run(dist::map_reduce<&Arith::add>(cluster, sums, std::int64_t{0}, std::plus<>())) ==
             5000 * 4999 / 2 + 5000);
  BOOST_TEST(world.run(dist::map<&Arith::text>(cluster, words)) == words);
  BOOST_TEST(world.run(dist::map<&Arith::text>(cluster, std::vector<std::string>())).empty());
}

BOOST_AUTO_TEST_CASE(first_error_ends_a_map_but_not_a_try_map) {
  world.add_node("a", 2);
  std::vector<std::string> words{"one", "two", "three"};
  BOOST_CHECK_THROW(world.run(dist::map<&Arith::fail>(cluster, words)), dist::call_error);
  BOOST_TEST(cluster.caller().live_count() == 0);
  auto const outcomes = world.run(dist::try_map<&Arith::fail>(cluster, words));
  BOOST_REQUIRE(outcomes.size() == 3);
  BOOST_TEST(outcomes[2].error().message == "three");
}

BOOST_AUTO_TEST_CASE(no_repeatable_call_is_lost_when_a_node_dies) {
  world.add_node("a");
  world.wait_for_nodes(1);
  auto call = dist::go<&Arith::sum>(cluster, {2, 4, 6});
  world.kill_node(0);
  world.add_node("b");
  BOOST_TEST(world.run<std::int64_t>(std::move(call)) == 12);
}

BOOST_AUTO_TEST_CASE(no_call_or_timer_is_left_after_stop) {
  world.add_node("a", 2);
  world.wait_for_nodes(1);
  for (int i = 0; i < 10; ++i) BOOST_TEST(world.run<std::int64_t>(dist::call<&Arith::add>(cluster, 1, 2, 3)) == 6);
  world.stop();
  BOOST_TEST(cluster.caller().live_count() == 0);
  BOOST_TEST(world.clock.timer_count() == 0);
}

BOOST_AUTO_TEST_CASE(job_connects_to_a_running_master) {
  world.add_node("a");
  dist::link_options options;
  options.master = {"master", 3000};
  auto link = world.run(dist::connect(world.world(), options));
  auto const running = dist::test::start(world.io, link->run());
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Arith::add>(link->calls(), 1, 2, 3)) == 6);
  link->stop();
  BOOST_TEST(world.drive_until([&] { return running.done(); }));
}

BOOST_AUTO_TEST_SUITE_END()
