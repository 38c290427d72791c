#include <algorithm>
#include <dist/rpc/task_group.hpp>
#include <map>
#include <ranges>
#include <set>
#include <stdexcept>

#include "desk.hpp"

using namespace std::chrono_literals;
using dist::errc;
using dist::test::labels;
using dist::test::text_of;
using dist::test::Work;

namespace {

struct fixture : dist::test::work_fixture {
  fixture() {
    world.add("a", 64);
    world.add("b", 64);
    world.wait_for_nodes(2);
  }
};

std::string joined(std::string all, std::string one) { return all + text_of(one) + " "; }

/// Numbers as text, made one by one; `made` counts them.
auto endless(std::size_t& made) {
  return std::views::iota(0) | std::views::transform([&made](int i) {
           ++made;
           return std::to_string(i);
         });
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fan_out, fixture)

BOOST_AUTO_TEST_CASE(results_are_in_input_order) {
  auto work = dist::test::start<std::vector<std::string>>(world.io, dist::map<&Work::read>(cluster, labels(50)));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 50; }));
  for (int i = 49; i >= 0; --i) {
    at->open(std::to_string(i));
    world.pass(1ms);
    if (i == 1) BOOST_TEST(!work.done());
  }
  BOOST_REQUIRE(work.done());
  auto got = work.get();
  std::ranges::transform(got, got.begin(), text_of);
  BOOST_TEST(got == labels(50), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(arrival_order_folds_results_as_they_arrive) {
  auto work = dist::test::start<std::string>(
      world.io, dist::map_reduce<&Work::read>(cluster, labels(5), std::string(), joined, dist::fan_out().arrival_order()));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 5; }));
  for (auto const* one : {"3", "1", "4", "0", "2"}) {
    at->open(one);
    world.pass(1ms);
  }
  BOOST_TEST(work.get() == "3 1 4 0 2 ");
}

BOOST_AUTO_TEST_CASE(window_limits_calls_and_reading_of_inputs) {
  std::size_t made = 0;
  dist::task_group group(world.io.get_executor());
  auto const spread = [](dist::cluster on, std::size_t* count) -> dist::task<void> {
    auto work = dist::map<&Work::read>(on, endless(*count), dist::fan_out().window(10));
    co_await std::move(work);
  };
  group.spawn(spread(cluster, &made));
  world.pass(1s);
  BOOST_TEST(made == 10);
  BOOST_TEST(at->running == 10);
  for (int i = 0; i < 30; ++i) {
    at->open(std::to_string(i));
    world.pass(1ms);
  }
  BOOST_TEST(made == 40);
  BOOST_TEST(at->most_running == 10);
  BOOST_TEST(cluster.caller().live_count() == 10);
  // Cancelling the awaiting coroutine ends them all.
  group.stop();
  world.pass(1ms);
  BOOST_TEST(group.size() == 0);
  BOOST_TEST(cluster.caller().live_count() == 0);
  BOOST_TEST(at->running == 0);
  BOOST_TEST(at->cancelled.size() == 10);
}

BOOST_AUTO_TEST_CASE(window_counts_argument_bytes) {
  std::vector<std::string> inputs;
  for (char c = 'a'; c <= 'z'; ++c) inputs.emplace_back(10'000, c);
  auto work = dist::test::start<std::vector<std::string>>(
      world.io, dist::map<&Work::read>(cluster, inputs, dist::fan_out().window_bytes(100'500)));
  world.pass(1s);
  BOOST_TEST(at->running == 10);
  at->open_all();
  BOOST_TEST(world.drive_until([&] { return work.done(); }));
  BOOST_TEST(at->most_running == 10);
  BOOST_TEST(work.get().size() == inputs.size());
}

BOOST_AUTO_TEST_CASE(input_larger_than_the_byte_window_goes_alone) {
  std::vector<std::string> const inputs{std::string(10'000, 'a'), "b", std::string(10'000, 'c')};
  at->open_all();
  auto const got = world.run(dist::map<&Work::read>(cluster, inputs, dist::fan_out().window_bytes(1)));
  BOOST_TEST(got.size() == 3U);
  BOOST_TEST(at->most_running == 1);
}

BOOST_AUTO_TEST_CASE(large_inputs_do_not_fill_the_queue_of_the_master) {
  // More bytes at once than the queue takes, without the window.
  auto const blocks = std::views::iota(0, 300) | std::views::transform([](int i) {
                        return std::string(1'000'000, static_cast<char>('a' + i % 26));
                      });
  at->open_all();
  auto const count = [](std::size_t sum, std::string const& one) { return sum + text_of(one).size(); };
  BOOST_TEST(world.run(dist::map_reduce<&Work::read>(cluster, blocks, std::size_t{0}, count)) == 300'000'000U);
}

BOOST_AUTO_TEST_CASE(slow_first_shard_stops_the_others_at_the_reorder_limit) {
  auto work = dist::test::start<std::string>(
      world.io, dist::map_reduce<&Work::read>(cluster, labels(100), std::string(), joined,
                                              dist::fan_out().window(4).reorder(400)));
  for (int i = 1; i < 100; ++i) at->open(std::to_string(i));
  world.pass(1s);
  auto const begun = at->begun.size();
  BOOST_TEST((begun > 8 && begun < 25), begun);
  BOOST_TEST(!work.done());
  BOOST_TEST(world.count_logged("bytes of results are held until item 0 is done, which has run for 0 s on node a; no new shard starts") == 1,
             world.logged());
  at->open("0");
  BOOST_TEST(world.drive_until([&] { return work.done(); }));
  std::string right;
  for (int i = 0; i < 100; ++i) right += std::to_string(i) + " ";
  BOOST_TEST(work.get() == right);
}

BOOST_AUTO_TEST_CASE(result_larger_than_the_reorder_limit_is_accepted) {
  std::vector<std::uint64_t> const sizes(20, 10'000);
  auto const count = [](std::size_t sum, std::string const& one) { return sum + one.size(); };
  BOOST_TEST(world.run(dist::map_reduce<&Work::large>(cluster, sizes, std::size_t{0}, count,
                                                      dist::fan_out().window(3).reorder(1))) == 200'000);
}

BOOST_AUTO_TEST_CASE(first_error_cancels_the_rest) {
  std::size_t made = 0;
  auto inputs = std::views::iota(0, 1000) | std::views::transform([&made](int i) {
                  ++made;
                  return std::string(i == 5 ? "\xFF" : "x");
                });
  auto const what = fault_of(dist::map<&Work::read>(cluster, inputs, dist::fan_out().window(8)));
  BOOST_TEST(what.code == errc::bad_arguments);
  BOOST_TEST(made <= 16);
  world.pass(1ms);
  BOOST_TEST(cluster.caller().live_count() == 0);
  BOOST_TEST(at->running == 0);
}

BOOST_AUTO_TEST_CASE(try_map_returns_values_and_faults) {
  auto const got = world.run(dist::try_map<&Work::fail>(cluster, labels(20), dist::fan_out().window(3)));
  BOOST_REQUIRE(got.size() == 20);
  for (std::size_t i = 0; i < got.size(); ++i) BOOST_TEST(got[i].error().message == std::to_string(i));
}

BOOST_AUTO_TEST_CASE(exception_of_a_fold_ends_the_fan_out) {
  auto const fold = [](std::int64_t sum, std::int64_t one) {
    if (one == 3) throw std::domain_error("no threes");
    return sum + one;
  };
  std::vector<std::int64_t> const numbers{1, 2, 3, 4, 5};
  BOOST_CHECK_EXCEPTION(world.run(dist::map_reduce<&Work::echo>(cluster, numbers, std::int64_t{0}, fold)),
                        std::domain_error, [](auto const& e) { return std::string(e.what()) == "no threes"; });
  world.pass(1ms);
  BOOST_TEST(cluster.caller().live_count() == 0);
}

BOOST_AUTO_TEST_CASE(fan_out_without_inputs_returns_at_once) {
  BOOST_TEST(world.run(dist::map_reduce<&Work::echo>(cluster, std::vector<std::int64_t>(), std::int64_t{42},
                                                     std::plus<>())) == 42);
  BOOST_TEST(world.run(dist::map<&Work::echo>(cluster, std::views::iota(3, 3))).empty());
  BOOST_TEST(world.run(dist::try_map<&Work::echo>(cluster, std::views::empty<int>)).empty());
}

BOOST_AUTO_TEST_CASE(void_methods_can_be_fanned_out) {
  at->open_all();
  world.run(dist::map<&Work::keep>(cluster, labels(20)));
  BOOST_TEST(at->begun.size() == 20);
  BOOST_TEST(world.run(dist::try_map<&Work::keep>(cluster, labels(3))).at(2).has_value());
  auto const counted = world.run(dist::map_reduce<&Work::keep>(cluster, labels(7), 0, [](int n) { return n + 1; }));
  BOOST_TEST(counted == 7);
  auto stream = dist::as_completed<&Work::keep>(cluster, labels(1));
  BOOST_TEST(world.run(stream.next())->value.has_value());
  BOOST_TEST(!world.run(stream.next()));
  world.run(dist::any<&Work::keep>(cluster, labels(1)));
  BOOST_TEST(world.run(dist::collect<&Work::keep>(cluster, labels(2))).values.size() == 2);
  BOOST_TEST(fault_of(dist::map<&Work::keep>(cluster, std::vector<std::string>{"\xFF"})).code == errc::bad_arguments);
}

BOOST_AUTO_TEST_CASE(as_completed_names_the_node_that_answered) {
  at->open_all();
  auto stream = dist::as_completed<&Work::read>(cluster, labels(6));
  std::set<std::string> nodes;
  while (auto const item = world.run(stream.next())) {
    BOOST_TEST(*item->value == std::to_string(item->index) + "@" + item->node);
    nodes.insert(item->node);
  }
  BOOST_TEST(nodes.size() == 2U);
  // Also that of one that failed. An input that cannot be encoded reaches none.
  auto failing = dist::as_completed<&Work::fail>(cluster, labels(1));
  auto const failed = world.run(failing.next());
  BOOST_TEST(failed->node != "");
  BOOST_TEST(failed->node == failed->value.error().node);
  auto unsent = dist::as_completed<&Work::keep>(cluster, std::vector<std::string>{"\xFF"});
  BOOST_TEST(world.run(unsent.next())->node == "");
}

BOOST_AUTO_TEST_CASE(as_completed_over_a_connection_does_not_know_the_node) {
  at->open_all();
  auto& job = world.connect("job");
  auto stream = dist::as_completed<&Work::read>(job.link.calls(), labels(1));
  auto const item = world.run(stream.next());
  BOOST_TEST(item->value.has_value());
  BOOST_TEST(item->node == "");
}

BOOST_AUTO_TEST_CASE(as_completed_delivers_started_calls_before_the_exception_of_its_inputs) {
  auto const some = [](std::int64_t one) {
    if (one == 5) throw std::domain_error("no sixth input");
    return one;
  };
  auto stream = dist::as_completed<&Work::echo>(cluster, std::views::iota(0, 10) | std::views::transform(some));
  std::set<std::int64_t> got;
  for (int i = 0; i < 5; ++i) got.insert(*world.run(stream.next())->value);
  BOOST_TEST((got == std::set<std::int64_t>{0, 1, 2, 3, 4}));
  BOOST_CHECK_THROW(world.run(stream.next()), std::domain_error);
}

BOOST_AUTO_TEST_CASE(options_apply_to_each_call_of_a_fan_out) {
  auto const got = world.run(
      dist::try_map<&Work::read>(cluster, labels(3), dist::fan_out().each(dist::call_options().within(10ms))));
  for (auto const& one : got) BOOST_TEST(one.error().code == errc::deadline_exceeded);
}

BOOST_AUTO_TEST_CASE(lost_shards_are_sent_again_and_counted_once) {
  auto work = dist::test::start<std::string>(
      world.io, dist::map_reduce<&Work::read>(cluster, labels(40), std::string(), joined));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 40; }));
  world.kill_node(0);
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 60; }));
  at->open_all();
  BOOST_TEST(world.drive_until([&] { return work.done(); }));
  std::string right;
  for (int i = 0; i < 40; ++i) right += std::to_string(i) + " ";
  BOOST_TEST(work.get() == right);
}

BOOST_AUTO_TEST_CASE(all_returns_several_results) {
  auto both = dist::all(dist::go<&Work::echo>(cluster, 7), dist::go<&Work::plain>(cluster, "p"));
  auto const [number, text] = world.run<std::tuple<std::int64_t, std::string>>(std::move(both));
  BOOST_TEST(number == 7);
  BOOST_TEST(text_of(text) == "p");
  BOOST_TEST(world.run(dist::all(std::vector<dist::pending<std::int64_t>>())).empty());
}

BOOST_AUTO_TEST_CASE(all_ends_with_the_first_error) {
  std::vector<dist::pending<std::string>> calls;
  calls.push_back(dist::go<&Work::fail>(cluster, "first"));
  calls.push_back(dist::go<&Work::read>(cluster, "never"));
  BOOST_TEST(fault_of(dist::all(std::move(calls))).message == "first");
  world.pass(1ms);
  BOOST_TEST(cluster.caller().live_count() == 0);
  BOOST_TEST(at->running == 0);
}

BOOST_AUTO_TEST_SUITE_END()
