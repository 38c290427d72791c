#include <dist/runtime/collect.hpp>

#include <algorithm>
#include <ranges>

#include "desk.hpp"

using namespace std::chrono_literals;
using dist::errc;
using dist::failure_limit;
using dist::percent;

namespace {

/// Fails for even numbers.
struct Odd {
  std::int64_t check(std::int64_t value) const {
    if (value % 2 == 0) throw std::domain_error(std::to_string(value) + " is even");
    return value * 10;
  }
  void nothing(std::int64_t value) const { check(value); }
  std::int64_t both(std::int64_t a, std::string const& b) const { return check(a) + static_cast<std::int64_t>(b.size()); }
};
BOOST_DESCRIBE_STRUCT(Odd, (), (check, nothing, both))

struct fixture {
  fixture() {
    world.add("a", 4);
    world.wait_for_nodes(1);
  }
  template <class R>
  dist::fault fault_of(dist::task<R> work) {
    try {
      world.run(std::move(work));
    } catch (dist::call_error const& error) {
      return error.fault();
    }
    throw std::logic_error("it succeeded");
  }

  dist::test::memory_cluster world{dist::services<Odd>()};
  dist::cluster cluster = world.cluster();
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(collect, fixture)

BOOST_AUTO_TEST_CASE(values_and_failures_keep_their_positions) {
  std::vector<std::int64_t> const inputs{1, 2, 3, 4, 5};
  auto const got = world.run(dist::collect<&Odd::check>(cluster, inputs, dist::fan_out().max_failures(2)));
  BOOST_REQUIRE(got.values.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    BOOST_TEST(got.values[i].has_value() == (i % 2 == 0));
    if (got.values[i]) BOOST_TEST(*got.values[i] == inputs[i] * 10);
  }
  BOOST_REQUIRE(got.failures.size() == 2);
  BOOST_TEST(got.failures[0].index == 1);
  BOOST_TEST(got.failures[1].index == 3);
  BOOST_TEST(got.failures[1].input == "4");
  BOOST_TEST(to_text(got.failures[1]).find("input 3 4: Odd.check") == 0);
  BOOST_TEST(to_text(got.failures[1]).find("4 is even") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(too_many_failures_cancel_the_rest_and_name_the_first) {
  std::size_t made = 0;
  auto inputs = std::views::iota(0, 10'000) | std::views::transform([&made](int i) {
                  ++made;
                  return std::int64_t{i};
                });
  auto const what = fault_of(dist::collect<&Odd::check>(cluster, inputs, dist::fan_out().window(8).max_failures(3)));
  BOOST_TEST(what.code == errc::method_failed);
  BOOST_TEST(what.message.find("4 inputs failed, more than max_failures(3) allows: input 0 0: ") == 0, what.message);
  BOOST_TEST(what.message.find("; input 2 2: ") != std::string::npos, what.message);
  BOOST_TEST(what.message.find("; input 6 6: ") != std::string::npos, what.message);
  BOOST_TEST(what.cause.find("0 is even") != std::string::npos);
  BOOST_TEST(made < 30);
  world.pass(1ms);
  BOOST_TEST(cluster.caller().live_count() == 0);
}

BOOST_AUTO_TEST_CASE(default_limit_allows_no_failure) {
  std::vector<std::int64_t> const inputs{1, 2};
  auto const what = fault_of(dist::collect<&Odd::check>(cluster, inputs));
  BOOST_TEST(what.message.find("1 input failed, more than max_failures(0) allows: input 1 2: ") == 0, what.message);
}

BOOST_AUTO_TEST_CASE(failure_limit_may_be_a_percentage) {
  std::vector<std::int64_t> inputs(100, 1);
  inputs[7] = inputs[70] = 2;
  auto const two = dist::fan_out().max_failures(percent(2));
  BOOST_TEST(world.run(dist::collect<&Odd::check>(cluster, inputs, two)).failures.size() == 2);
  inputs[99] = 2;
  BOOST_TEST(fault_of(dist::collect<&Odd::check>(cluster, inputs, two)).message.find("max_failures(2 %)") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(collect_takes_void_methods_and_several_arguments) {
  std::vector<std::int64_t> const inputs{1, 2};
  auto const how = dist::fan_out().max_failures(1);
  auto const none = world.run(dist::collect<&Odd::nothing>(cluster, inputs, how));
  BOOST_TEST((none.values[0].has_value() && !none.values[1].has_value()));
  std::vector<std::tuple<int, std::string>> const pairs{{2, "x\xC3\xA4"}};
  auto const both = world.run(dist::collect<&Odd::both>(cluster, pairs, how));
  BOOST_TEST(both.failures.at(0).input == "[2,\"x\xC3\xA4\"]");
  BOOST_TEST(world.run(dist::collect<&Odd::check>(cluster, std::vector<int>())).values.empty());
}

BOOST_AUTO_TEST_CASE(long_inputs_are_cut_between_characters_in_errors) {
  for (std::size_t const size : {50, 95, 96, 97, 98, 99, 100, 101, 5000}) {
    std::string text;
    while (text.size() < size) text += "\xC3\xA4";
    std::vector<std::tuple<int, std::string>> const inputs{{2, text}};
    auto const got = world.run(dist::collect<&Odd::both>(cluster, inputs, dist::fan_out().max_failures(1)));
    auto const& shown = got.failures.at(0).input;
    BOOST_TEST(shown.size() <= 103);
    BOOST_TEST(dist::find_invalid_utf8(shown) == std::string::npos, shown);
  }
  std::vector<std::tuple<int, std::string>> const huge{{2, std::string(100'000, 'x')}};
  auto const got = world.run(dist::collect<&Odd::both>(cluster, huge, dist::fan_out().max_failures(1)));
  BOOST_TEST(got.failures.at(0).input == "97 kB");
}

BOOST_AUTO_TEST_CASE(other_fan_outs_reject_a_failure_limit) {
  auto const how = dist::fan_out().max_failures(1);
  std::vector<std::int64_t> const inputs{1};
  BOOST_CHECK_THROW(world.run(dist::map<&Odd::check>(cluster, inputs, how)), std::invalid_argument);
  BOOST_CHECK_THROW(world.run(dist::try_map<&Odd::check>(cluster, inputs, how)), std::invalid_argument);
  BOOST_CHECK_THROW(world.run(dist::map_reduce<&Odd::check>(cluster, inputs, std::int64_t{0}, std::plus<>(), how)),
                    std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(errors_name_their_input) {
  std::vector<std::int64_t> const inputs{1, 3, 4};
  auto const what = fault_of(dist::map<&Odd::check>(cluster, inputs));
  BOOST_TEST(what.message.find("4 is even (input 2: 4)") != std::string::npos, what.message);
}

BOOST_AUTO_TEST_CASE(failure_limit_is_judged_by_failures_and_remaining_inputs) {
  using more = failure_limit::more;
  struct row {
    failure_limit limit;
    std::size_t failed, ended;
    std::optional<std::size_t> total;
    more left;
    bool passed;
  };
  row const rows[] = {
      {failure_limit(), 0, 10, 10, more::yes, false},
      {failure_limit(), 1, 1, 10, more::yes, true},
      {failure_limit(3), 3, 3, std::nullopt, more::yes, false},
      {failure_limit(3), 4, 900, std::nullopt, more::yes, true},
      {failure_limit(percent(0)), 0, 1, 1, more::no, false},
      {failure_limit(percent(0)), 1, 1, 1000, more::yes, true},
      {failure_limit(percent(5)), 5, 5, 100, more::yes, false},
      {failure_limit(percent(5)), 6, 6, 100, more::yes, true},
      {failure_limit(percent(5)), 5, 6, std::nullopt, more::yes, false},
      {failure_limit(percent(5)), 6, 6, std::nullopt, more::yes, true},
      {failure_limit(percent(5)), 10, 200, std::nullopt, more::yes, false},
      {failure_limit(percent(5)), 1, 6, std::nullopt, more::no, true},
      {failure_limit(percent(100)), 6, 6, 6, more::no, false},
  };
  for (auto const& one : rows)
    BOOST_TEST(one.limit.is_passed(one.failed, one.ended, one.total, one.left) == one.passed,
               one.limit.text() << " of " << one.ended << ", failed " << one.failed);
  BOOST_TEST(failure_limit(percent(2.5)).text() == "2.5 %");
  BOOST_TEST(failure_limit(percent(10)).text() == "10 %");
  BOOST_CHECK_THROW(percent(100.5), std::invalid_argument);
  BOOST_CHECK_THROW(percent(-1), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(observer_sees_the_progress) {
  struct seen {
    std::vector<dist::fan_out_progress> reports;
  } at;
  auto const observe = [&at](dist::fan_out_progress const& now) { at.reports.push_back(now); };
  std::vector<std::int64_t> const inputs{1, 2, 3, 4};
  auto const how = dist::fan_out().max_failures(2).observe(observe, 1s);
  world.run(dist::collect<&Odd::check>(cluster, inputs, how));
  BOOST_REQUIRE(!at.reports.empty());
  auto const& last = at.reports.back();
  BOOST_TEST(last.done == 4);
  BOOST_TEST(last.failed == 2);
  BOOST_TEST(last.total.value_or(0) == 4);
}

BOOST_AUTO_TEST_CASE(exception_of_an_observer_ends_the_fan_out) {
  dist::test::work_fixture slow;
  slow.world.add("a", 4);
  slow.world.wait_for_nodes(1);
  int told = 0;
  auto const observe = [&told](dist::fan_out_progress const& now) {
    ++told;
    BOOST_TEST(now.done == 0);
    if (told == 3) throw std::domain_error("enough");
  };
  std::vector<std::string> const inputs{"never", "ever"};
  BOOST_CHECK_THROW(slow.world.run(dist::map<&dist::test::Work::read>(slow.cluster, inputs,
                                                                      dist::fan_out().observe(observe, 2s))),
                    std::domain_error);
  BOOST_TEST(told >= 3);
  slow.world.pass(1ms);
  BOOST_TEST(slow.cluster.caller().live_count() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
