#include <dist/runtime/detail/deadline_watch.hpp>

#include <boost/test/unit_test.hpp>
#include <memory>
#include <vector>

#include "sim/world/virtual_clock.hpp"

namespace {

using namespace std::chrono_literals;
using dist::call_record;
using dist::deadline;

struct fixture {
  dist::test::virtual_clock time;
  std::vector<call_record*> ended;
  std::function<void(call_record&)> on_end;
  dist::deadline_watch watch{time, [this](call_record& call) {
                               ended.push_back(&call);
                               if (on_end) on_end(call);
                             }};
  std::vector<dist::call_ptr> calls;

  call_record& add(dist::duration limit) {
    auto& call = *calls.emplace_back(new call_record);
    call.deadline = deadline(time.now() + limit);
    watch.add(call);
    return call;
  }
};

BOOST_FIXTURE_TEST_SUITE(deadline_watch_suite, fixture)

BOOST_AUTO_TEST_CASE(calls_with_the_same_limit_share_one_timer_and_end_in_order) {
  for (int i = 0; i < 100; ++i) {
    add(10s);
    time.advance(1ms);
  }
  BOOST_TEST(time.timer_count() == 1U);
  time.advance(10s - 51ms);
  BOOST_TEST(ended.size() == 50U);
  BOOST_TEST(time.timer_count() == 1U);
  time.advance(1s);
  BOOST_REQUIRE(ended.size() == 100U);
  for (std::size_t i = 0; i < 100; ++i) BOOST_TEST(ended[i] == calls[i].get());
  BOOST_TEST(time.timer_count() == 0U);
}

BOOST_AUTO_TEST_CASE(call_that_was_removed_is_not_ended) {
  auto& first = add(1s);
  auto& second = add(1s);
  auto& third = add(1s);
  watch.remove(second);
  watch.remove(second);
  watch.remove(first);
  time.advance(2s);
  BOOST_TEST((ended == std::vector<call_record*>{&third}));
}

BOOST_AUTO_TEST_CASE(timer_of_calls_that_have_ended_fires_once_and_is_gone) {
  watch.remove(add(1s));
  watch.remove(add(1s));
  BOOST_TEST(time.timer_count() == 1U);
  time.advance(2s);
  BOOST_TEST(ended.empty());
  BOOST_TEST(time.timer_count() == 0U);
  auto& late = add(1s);
  time.advance(1s);
  BOOST_TEST((ended == std::vector<call_record*>{&late}));
}

BOOST_AUTO_TEST_CASE(shorter_limit_than_that_of_the_call_ahead_is_kept) {
  auto& hour = add(1h);
  auto& second = add(1s);
  auto& minute = add(1min);
  time.advance(1s);
  BOOST_TEST((ended == std::vector<call_record*>{&second}));
  watch.remove(minute);
  time.advance(10min);
  BOOST_TEST(ended.size() == 1U);
  time.advance(1h);
  BOOST_TEST((ended == std::vector<call_record*>{&second, &hour}));
}

BOOST_AUTO_TEST_CASE(earlier_limit_than_the_armed_one_is_kept_when_the_list_is_empty) {
  watch.remove(add(1h));
  auto& soon = add(1s);
  time.advance(1s);
  BOOST_TEST((ended == std::vector<call_record*>{&soon}));
}

BOOST_AUTO_TEST_CASE(calls_may_come_and_go_while_one_ends) {
  auto& first = add(1s);
  auto& second = add(1s);
  call_record* added = nullptr;
  on_end = [&](call_record& call) {
    if (&call != &first) return;
    watch.remove(second);
    added = &add(1s);
  };
  time.advance(1s);
  BOOST_TEST((ended == std::vector<call_record*>{&first}));
  time.advance(1s);
  BOOST_TEST((ended == std::vector<call_record*>{&first, added}));
  BOOST_TEST(time.timer_count() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
