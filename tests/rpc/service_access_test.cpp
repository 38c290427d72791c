#include "rpc/service_support.hpp"

using dist::test::latch_timer;
using dist::test::make_call;
using dist::test::Plain;
using dist::test::pool;
using dist::test::scope_of;
using dist::test::start;
using dist::test::value_of;
using dist::test::yield_once;

namespace {

/// Non-const methods that check whether they run alone, and const ones that meet inside.
struct Shared {
  struct state {
    std::atomic<int> inside = 0;
    std::atomic<bool> met = false;
    int unguarded = 0;  // unsynchronized, so that TSan sees a race
    std::latch together{2};
    std::latch entered{1};
    std::latch go_on{1};
  };
  std::shared_ptr<state> s = std::make_shared<state>();

  void alone() {
    if (s->inside.fetch_add(1) != 0) s->met = true;
    ++s->unguarded;
    s->inside.fetch_sub(1);
  }
  dist::task<void> alone_in_pieces(int pieces) {
    for (int i = 0; i < pieces; ++i) {
      alone();
      co_await yield_once();
    }
    alone();
  }
  int count() const { return s->unguarded; }
  dist::task<int> count_later() const {
    co_await yield_once();
    co_return s->unguarded;
  }
  void meet() const { s->together.arrive_and_wait(); }
  void hold() {
    s->entered.count_down();
    s->go_on.wait();
  }
  void hold_const() const {
    s->entered.count_down();
    s->go_on.wait();
  }
  dist::task<void> suspended_for_ever() {
    latch_timer timer(co_await asio::this_coro::executor);
    s->entered.count_down();
    co_await timer.wait();
  }
};
BOOST_DESCRIBE_STRUCT(Shared, (),
                      (alone, alone_in_pieces, count, count_later, meet, hold, hold_const, suspended_for_ever))

struct shared_fixture {
  std::shared_ptr<Shared::state> state = std::make_shared<Shared::state>();
  dist::service_table table = (dist::services(Shared{state}) + dist::services<Plain>()).make();
  pool on{2};

  template <class... A>
  std::future<dist::outcome> begin(std::string_view name, A const&... arguments) {
    return start(table, name, make_call(arguments...), on);
  }
};

}  // namespace

template <>
inline constexpr bool dist::brief<&Shared::count> = true;

BOOST_FIXTURE_TEST_SUITE(service_access, shared_fixture)

BOOST_AUTO_TEST_CASE(non_const_methods_run_alone_and_coroutines_between_awaits) {
  std::vector<std::future<dist::outcome>> calls;
  for (int i = 0; i < 50; ++i) {
    calls.push_back(begin("Shared.alone"));
    calls.push_back(begin("Shared.alone_in_pieces", 4));
    calls.push_back(begin("Shared.count"));
    calls.push_back(begin("Shared.count_later"));
  }
  for (auto& call : calls) BOOST_TEST(!call.get().error.has_value());
  BOOST_TEST(!state->met.load());
  BOOST_TEST(state->unguarded == 50 + 50 * 5);
}

BOOST_AUTO_TEST_CASE(const_methods_of_one_object_run_together) {
  auto first = begin("Shared.meet");
  auto second = begin("Shared.meet");
  BOOST_TEST(!first.get().error.has_value());
  BOOST_TEST(!second.get().error.has_value());
}

BOOST_AUTO_TEST_CASE(calls_waiting_for_a_busy_object_hold_no_thread) {
  auto holding = begin("Shared.hold");
  state->entered.wait();
  std::vector<std::future<dist::outcome>> waiting;
  for (int i = 0; i < 8; ++i) waiting.push_back(begin(i % 2 ? "Shared.alone" : "Shared.count"));
  waiting.push_back(begin("Shared.alone_in_pieces", 1));
  // The method holds one of two threads; the other is free for another service.
  BOOST_TEST(value_of<int>(begin("Plain.none").get()) == 7);
  auto what = make_call();
  dist::outcome out;
  BOOST_TEST(!table.try_run_here(table.find("Shared.count").value(), what, out));
  BOOST_TEST(state->unguarded == 0);
  state->go_on.count_down();
  for (auto& call : waiting) BOOST_TEST(!call.get().error.has_value());
  BOOST_TEST(!holding.get().error.has_value());
  BOOST_TEST(table.try_run_here(table.find("Shared.count").value(), what, out));
}

BOOST_AUTO_TEST_CASE(nested_const_call_overtakes_a_waiting_non_const_one) {
  auto holding = begin("Shared.hold_const");
  state->entered.wait();
  auto writer = begin("Shared.alone");
  auto what = make_call();
  dist::outcome out;
  // Normally a reader waits behind a waiting writer; a nested call of a running method must not.
  BOOST_TEST(!table.try_run_here(table.find("Shared.count").value(), what, out));
  what.nested = true;
  BOOST_TEST(table.try_run_here(table.find("Shared.count").value(), what, out));
  state->go_on.count_down();
  BOOST_TEST(!writer.get().error.has_value());
  BOOST_TEST(!holding.get().error.has_value());
}

BOOST_AUTO_TEST_CASE(nested_coroutine_overtakes_a_waiting_non_const_call) {
  auto holding = begin("Shared.hold_const");
  state->entered.wait();
  auto writer = begin("Shared.alone");
  auto what = make_call();
  what.nested = true;
  auto nested = start(table, "Shared.count_later", std::move(what), on);
  auto const ended = nested.wait_for(std::chrono::seconds(20));
  state->go_on.count_down();
  BOOST_REQUIRE((ended == std::future_status::ready));
  BOOST_TEST(value_of<int>(nested.get()) == 0);
  BOOST_TEST(!writer.get().error.has_value());
  BOOST_TEST(!holding.get().error.has_value());
}

BOOST_AUTO_TEST_CASE(blocking_call_on_its_own_object_is_detected_as_deadlock) {
  auto const deadlocks = [&](char const* blocking, char const* called) {
    return table.would_deadlock(std::string("Shared.") + blocking, std::string("Shared.") + called);
  };
  BOOST_TEST(deadlocks("hold", "count"));
  BOOST_TEST(deadlocks("hold", "Count"));
  BOOST_TEST(deadlocks("hold", "alone_in_pieces"));
  BOOST_TEST(deadlocks("hold_const", "alone"));
  BOOST_TEST(!deadlocks("hold_const", "count_later"));
  BOOST_TEST(!deadlocks("alone_in_pieces", "alone"));  // a coroutine awaits without holding its object
  BOOST_TEST(!table.would_deadlock("Shared.hold", "Plain.none"));
  BOOST_TEST(!table.would_deadlock("Shared.hold", "Other.method"));
}

BOOST_AUTO_TEST_CASE(suspended_coroutine_frees_its_object_and_can_be_cancelled) {
  auto what = make_call();
  auto const scope = what.scope = scope_of("Shared.suspended_for_ever");
  auto suspended = start(table, "Shared.suspended_for_ever", std::move(what), on);
  state->entered.wait();
  BOOST_TEST(!begin("Shared.alone").get().error.has_value());
  scope->cancel();
  auto const out = suspended.get();
  BOOST_TEST_REQUIRE(out.error.has_value());
  BOOST_TEST((out.error->code == dist::errc::cancelled));
  BOOST_TEST(!begin("Shared.alone").get().error.has_value());
}

BOOST_AUTO_TEST_CASE(call_may_outlive_the_table_that_started_it) {
  auto held = begin("Shared.hold_const");
  state->entered.wait();
  table = dist::service_table();
  state->go_on.count_down();
  BOOST_TEST(!held.get().error);
}

BOOST_AUTO_TEST_SUITE_END()
