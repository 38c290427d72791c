#include "registry/support.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

using namespace registry_test;

BOOST_AUTO_TEST_SUITE(window)

BOOST_AUTO_TEST_CASE(window_holds_a_millisecond_of_work) {
  struct {
    std::uint32_t us;
    std::uint32_t window;
  } const table[] = {{1, 64}, {15, 64}, {16, 62}, {100, 10}, {500, 2}, {501, 1}, {1000, 1}, {1001, 0}, {50'000, 0}};
  for (auto const& row : table) {
    dist::method_time time;
    for (int n = 0; n < 7; ++n) time.add(row.us);
    BOOST_TEST(time.window(64) == 0U, "too few calls to measure");
    for (int n = 0; n < 100; ++n) time.add(row.us);
    BOOST_TEST(time.window(64) == row.window, row.us << " us");
  }
  dist::method_time never;
  for (int n = 0; n < 100; ++n) never.add(0);
  BOOST_TEST(never.window(64) == 0U);
}

BOOST_AUTO_TEST_CASE(quick_method_gets_a_window_once_it_is_measured) {
  fixture f;
  f.join("a", 1);
  auto needs = f.needs();
  needs.repeatable = true;
  for (int n = 0; n < 8; ++n) {
    auto const out = f.registry.submit(call(0), needs);
    auto const other = f.registry.submit(call(1), needs);
    BOOST_TEST(other.what == dist::placing::queued, "nothing is known yet");
    f.registry.withdraw(other.place);
    f.registry.succeeded(out.held, f.sum, 100);
  }
  std::vector<dist::lease> held;
  for (;;) {
    auto out = f.registry.submit(call(0), needs);
    if (out.what != dist::placing::placed) break;
    held.push_back(std::move(out.held));
  }
  BOOST_TEST(held.size() == 11U);
  f.registry.makes_calls(f.sum);
  f.registry.succeeded(held.front(), f.sum, 100);
  held.pop_back();
  BOOST_TEST(f.registry.submit(call(0), needs).what == dist::placing::queued, "it may block on calls of its own");
}

BOOST_AUTO_TEST_CASE(brief_method_has_a_window_before_it_is_measured) {
  struct {
    std::uint32_t us;
    std::size_t room;  ///< including the one slot
  } const table[] = {{1, 257}, {4, 251}, {20, 51}, {100, 11}, {50'000, 11}};
  for (auto const& row : table) {
    fixture f;
    f.join("a", 1);
    f.registry.declare_brief(f.sum, true);
    auto needs = f.needs();
    needs.repeatable = true;
    auto const room = [&] {
      std::vector<dist::lease> held;
      for (;;) {
        auto out = f.registry.submit(call(0), needs);
        if (out.what == dist::placing::placed) {
          held.push_back(std::move(out.held));
          continue;
        }
        f.registry.withdraw(out.place);
        return held.size();
      }
    };
    BOOST_TEST(room() == 65U);
    for (int n = 0; n < 100; ++n) f.registry.succeeded(f.registry.submit(call(0), needs).held, f.sum, row.us);
    BOOST_TEST(room() == row.room, row.us << " us");
  }
}

BOOST_AUTO_TEST_CASE(occasional_interruptions_do_not_shrink_the_window_of_a_brief_method) {
  // The system preempts some of the measured calls.
  for (int const each : {3, 10, 30}) {
    dist::method_time time;
    std::uint32_t least = 256;
    for (int n = 0; n < 3000; ++n) {
      time.add_usual(n % each == 0 ? 100 : 1);
      if (time.is_measured()) least = std::min(least, time.window(256));
    }
    BOOST_TEST(least == 256U, "one of " << each);
  }
  dist::method_time slower;
  for (int n = 0; n < 100; ++n) slower.add_usual(1);
  for (int n = 0; n < 100; ++n) slower.add_usual(50);
  BOOST_TEST(slower.window(256) == 20U, "a method that became slow is noticed");
}

BOOST_AUTO_TEST_CASE(slow_call_closes_the_window) {
  fixture f;
  f.join("a", 1);
  auto needs = f.needs();
  needs.repeatable = true;
  std::vector<dist::lease> held;
  for (int n = 0; n < 8; ++n) f.registry.succeeded(f.registry.submit(call(0), needs).held, f.sum, 100);
  held.push_back(f.registry.submit(call(0), needs).held);
  f.registry.succeeded(held.front(), f.sum, 50'000);
  held.clear();
  f.drain_queue();
  auto first = f.registry.submit(call(0), needs);
  BOOST_TEST(first.what == dist::placing::placed);
  BOOST_TEST(f.registry.submit(call(0), needs).what == dist::placing::queued);
}

BOOST_AUTO_TEST_SUITE_END()
