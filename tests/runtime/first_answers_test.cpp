// as_completed, any and all: outcomes in the order of arrival, and what happens to the other calls.
#include <algorithm>
#include <dist/rpc/task_group.hpp>
#include <ranges>
#include <thread>

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
  void expect_nothing_left() {
    world.pass(1ms);
    BOOST_TEST(cluster.caller().live_count() == 0);
    BOOST_TEST(at->running == 0);
  }
  template <class R>
  std::vector<dist::pending<R>> two(dist::pending<R> first, dist::pending<R> second) {
    std::vector<dist::pending<R>> made;
    made.push_back(std::move(first));
    made.push_back(std::move(second));
    return made;
  }
};

using stream = dist::completions<std::string>;

dist::task<void> take_all_of(stream& from, std::vector<std::string>& to) {
  while (auto item = co_await from.next())
    to.push_back(std::to_string(item->index) + (item->value ? "=" + text_of(*item->value) : " failed"));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(first_answers, fixture)

BOOST_AUTO_TEST_CASE(outcomes_arrive_in_completion_order) {
  auto from = dist::as_completed<&Work::read>(cluster, labels(4));
  world.pass(1ms);
  BOOST_TEST(at->begun.empty());  // not read yet
  std::vector<std::string> got;
  auto work = dist::test::start<void>(world.io, take_all_of(from, got));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 4; }));
  for (auto const* one : {"2", "0", "3"}) {
    at->open(one);
    world.pass(1ms);
  }
  BOOST_TEST(got == (std::vector<std::string>{"2=2", "0=0", "3=3"}), boost::test_tools::per_element());
  BOOST_TEST(!work.done());
  at->open("1");
  BOOST_TEST(world.drive_until([&] { return work.done(); }));
  work.get();
  BOOST_TEST(got.back() == "1=1");
  BOOST_TEST(!world.run(from.next()));
}

BOOST_AUTO_TEST_CASE(fault_is_an_outcome) {
  std::vector<std::string> got;
  auto from = dist::as_completed<&Work::fail>(cluster, labels(3));
  world.run(take_all_of(from, got));
  std::ranges::sort(got);
  BOOST_TEST(got == (std::vector<std::string>{"0 failed", "1 failed", "2 failed"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(inputs_are_read_only_on_demand) {
  std::size_t made = 0;
  auto inputs = std::views::iota(0) | std::views::transform([&made](int i) {
                  ++made;
                  return std::to_string(i);
                });
  at->open_all();
  auto from = dist::as_completed<&Work::read>(cluster, inputs, dist::fan_out().window(5));
  for (int i = 0; i < 20; ++i) BOOST_TEST(world.run(from.next()).has_value());
  world.pass(1s);
  BOOST_TEST((made >= 20 && made <= 25), made);
}

BOOST_AUTO_TEST_CASE(dropping_the_stream_cancels_its_calls) {
  std::optional<stream> from = dist::as_completed<&Work::read>(cluster, labels(10));
  at->open("7");
  auto const first = world.run(from->next());
  BOOST_TEST(first->index == 7);
  BOOST_TEST(at->running == 9);
  from.reset();
  expect_nothing_left();
  BOOST_TEST(at->cancelled.size() == 9);
}

BOOST_AUTO_TEST_CASE(stream_may_be_dropped_on_another_thread) {
  std::optional<stream> from = dist::as_completed<&Work::read>(cluster, labels(10));
  at->open("7");
  world.run(from->next());
  std::thread([&] { from.reset(); }).join();
  BOOST_TEST(at->running == 9);
  expect_nothing_left();
}

BOOST_AUTO_TEST_CASE(cancelled_next_does_not_cancel_the_calls) {
  auto from = dist::as_completed<&Work::read>(cluster, labels(2));
  std::vector<std::string> got;
  dist::task_group group(world.io.get_executor());
  group.spawn(take_all_of(from, got));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 2; }));
  group.stop();
  world.pass(1ms);
  BOOST_TEST(group.size() == 0);
  BOOST_TEST(at->running == 2);
  at->open_all();
  world.run(take_all_of(from, got));
  BOOST_TEST(got.size() == 2);
}

BOOST_AUTO_TEST_CASE(second_concurrent_next_is_rejected) {
  auto from = dist::as_completed<&Work::read>(cluster, labels(2));
  auto first = dist::test::start<std::optional<dist::indexed_result<std::string>>>(world.io, from.next());
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 2; }));
  BOOST_CHECK_THROW(world.run(from.next()), std::logic_error);
  at->open_all();
  BOOST_TEST(world.drive_until([&] { return first.done(); }));
}

BOOST_AUTO_TEST_CASE(stream_may_outlive_its_cluster) {
  auto from = dist::as_completed<&Work::read>(cluster, labels(2));
  auto first = dist::test::start<std::optional<dist::indexed_result<std::string>>>(world.io, from.next());
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 2; }));
  world.stop_master();
  BOOST_REQUIRE(world.drive_until([&] { return first.done(); }));
  BOOST_TEST(first.get()->value.error().code == errc::stopped);
  world.stop();
}

BOOST_AUTO_TEST_CASE(any_takes_the_first_and_cancels_the_others) {
  auto work = dist::test::start<std::string>(world.io, dist::any<&Work::read>(cluster, labels(8)));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 8; }));
  at->open("5");
  BOOST_REQUIRE(world.drive_until([&] { return work.done(); }));
  BOOST_TEST(text_of(work.get()) == "5");
  expect_nothing_left();
  BOOST_TEST(at->cancelled.size() == 7);
}

BOOST_AUTO_TEST_CASE(any_reads_no_more_inputs_than_it_needs) {
  std::size_t made = 0;
  auto inputs = std::views::iota(0) | std::views::transform([&made](int) {
                  ++made;
                  return std::int64_t{2};
                });
  BOOST_TEST(world.run(dist::any<&Work::echo>(cluster, inputs, dist::fan_out().window(4))) == 2);
  BOOST_TEST(made <= 8);
}

BOOST_AUTO_TEST_CASE(any_of_failures_names_them) {
  auto const what = fault_of(dist::any<&Work::fail>(cluster, labels(12)));
  BOOST_TEST(what.code == errc::method_failed);
  BOOST_TEST(what.message.find("all 12 calls failed: input ") == 0, what.message);
  BOOST_TEST(what.message.find("\"3\": Work.fail") != std::string::npos, what.message);
  BOOST_TEST(what.message.ends_with("; and 2 more"), what.message);
  BOOST_CHECK_THROW(world.run(dist::any<&Work::fail>(cluster, std::vector<std::string>())), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(any_waits_for_a_call_with_an_answer) {
  using answer = std::optional<std::string>;
  std::vector<std::pair<std::string, std::string>> const inputs{{"a", ""}, {"b", "found"}, {"c", ""}, {"d", "late"}};
  auto work = dist::test::start<answer>(world.io, dist::any<&Work::look>(cluster, inputs));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 4; }));
  at->open("a");
  at->open("c");
  world.pass(1ms);
  BOOST_TEST(!work.done());
  at->open("b");
  BOOST_REQUIRE(world.drive_until([&] { return work.done(); }));
  BOOST_TEST(*work.get() == "found");
  expect_nothing_left();
  BOOST_TEST(at->cancelled.size() == 1);
}

BOOST_AUTO_TEST_CASE(any_without_an_answer_is_empty) {
  std::vector<std::pair<std::string, std::string>> inputs(200, {"x", ""});
  at->open_all();
  BOOST_TEST(!world.run(dist::any<&Work::look>(cluster, inputs)).has_value());
  BOOST_TEST(!world.has_logged("set aside"));
  BOOST_TEST(!world.run(dist::any<&Work::look>(cluster, std::vector<std::pair<std::string, std::string>>())).has_value());
  auto two_calls = two(dist::go<&Work::look>(cluster, "x", ""), dist::go<&Work::look>(cluster, "x", ""));
  BOOST_TEST(!world.run(dist::any(std::move(two_calls))).has_value());
  BOOST_TEST(!world.run(dist::any(std::vector<dist::pending<std::optional<std::string>>>())).has_value());
  auto tries = two(dist::try_call<&Work::look>(cluster, "x", ""), dist::try_call<&Work::look>(cluster, "x", "y"));
  BOOST_TEST(*world.run(dist::any(std::move(tries))) == "y");
}

// The failed call might have had the answer.
BOOST_AUTO_TEST_CASE(any_fails_when_no_call_answers_and_one_failed) {
  std::vector<std::pair<std::string, std::string>> inputs(5, {"x", ""});
  inputs[3].second = "throw";
  at->open_all();
  auto const what = fault_of(dist::any<&Work::look>(cluster, inputs));
  BOOST_TEST(what.message.find("1 of 5 calls failed and the others have no result: input 3 [\"x\",\"throw\"]: ") == 0,
             what.message);
  inputs[4].second = "found";
  BOOST_TEST(*world.run(dist::any<&Work::look>(cluster, inputs)) == "found");
}

BOOST_AUTO_TEST_CASE(any_accepts_pendings) {
  auto calls = two(dist::go<&Work::read>(cluster, "x"), dist::go<&Work::read>(cluster, "y"));
  auto work = dist::test::start<std::string>(world.io, dist::any(std::move(calls)));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 2; }));
  at->open("y");
  BOOST_REQUIRE(world.drive_until([&] { return work.done(); }));
  BOOST_TEST(text_of(work.get()) == "y");
  expect_nothing_left();
  BOOST_TEST(text_of(at->cancelled.at(0)) == "x");
  BOOST_TEST(text_of(world.run(dist::any(dist::go<&Work::fail>(cluster, "no"), dist::go<&Work::plain>(cluster, "yes")))) ==
             "yes");
  auto tries = two(dist::try_call<&Work::fail>(cluster, "no"), dist::try_call<&Work::fail>(cluster, "never"));
  auto const what = fault_of(dist::any(std::move(tries)));
  BOOST_TEST(what.message.find("all 2 calls failed: input 0: Work.fail") == 0, what.message);
  BOOST_CHECK_THROW(world.run(dist::any(std::vector<dist::pending<int>>())), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(all_fails_without_waiting_for_earlier_calls) {
  auto calls = two(dist::go<&Work::read>(cluster, "never"), dist::go<&Work::fail>(cluster, "second"));
  BOOST_TEST(fault_of(dist::all(std::move(calls))).message == "second");
  expect_nothing_left();
  auto mixed = dist::all(dist::go<&Work::read>(cluster, "never"), dist::go<&Work::not_text>(cluster));
  BOOST_TEST(fault_of(std::move(mixed)).code == errc::bad_result);
  expect_nothing_left();
}

BOOST_AUTO_TEST_CASE(all_of_try_calls_never_fails) {
  auto both = world.run(dist::all(two(dist::try_call<&Work::fail>(cluster, "no"), dist::try_call<&Work::plain>(cluster, "p"))));
  BOOST_TEST(both[0].error().message == "no");
  BOOST_TEST(text_of(*both[1]) == "p");
}

BOOST_AUTO_TEST_CASE(dropped_all_and_any_cancel_their_calls) {
  {
    auto unused_all = dist::all(two(dist::go<&Work::read>(cluster, "x"), dist::go<&Work::read>(cluster, "y")));
    auto unused_any = dist::any(two(dist::go<&Work::read>(cluster, "x"), dist::go<&Work::read>(cluster, "y")));
    BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 4; }));
  }
  expect_nothing_left();
}

BOOST_AUTO_TEST_CASE(all_and_any_accept_calls_of_two_clusters) {
  auto& job = world.connect("job");
  auto calls = two(dist::go<&Work::read>(job.link.calls(), "x"), dist::go<&Work::read>(cluster, "y"));
  at->open_all();
  auto const got = world.run(dist::all(std::move(calls)));
  BOOST_TEST(text_of(got[0]) == "x");
  BOOST_TEST(text_of(got[1]) == "y");
}

BOOST_AUTO_TEST_SUITE_END()
