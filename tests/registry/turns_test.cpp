#include "registry/support.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

using namespace registry_test;

BOOST_AUTO_TEST_SUITE(turns)

BOOST_AUTO_TEST_CASE(callers_take_turns_regardless_of_who_queued_first) {
  fixture f;
  f.join("a", 1);
  auto held = f.submit(0).held;
  auto needs = f.needs();
  auto const queue = [&](std::uint32_t caller, std::uint32_t first, std::uint32_t count) {
    needs.caller = static_cast<dist::caller_ref>(caller);
    for (std::uint32_t n = first; n < first + count; ++n) f.registry.submit(call(n), needs);
  };
  auto const serve = [&](std::size_t count) {
    std::vector<std::uint32_t> order;
    while (order.size() < count) {
      held = {};
      auto one = f.registry.next();
      BOOST_REQUIRE(one);
      order.push_back(one->call.index);
      held = std::move(one->held);
    }
    return order;
  };
  queue(1, 1000, 100'000);
  BOOST_TEST((serve(3) == std::vector<std::uint32_t>{1000, 1001, 1002}));
  queue(2, 1, 3);
  BOOST_TEST((serve(6) == std::vector<std::uint32_t>{1003, 1, 1004, 2, 1005, 3}));
  BOOST_TEST((serve(2) == std::vector<std::uint32_t>{1006, 1007}));
  // An absent caller saves up no turns, and asking repeatedly gains none.
  for (std::uint32_t n = 0; n < 10; ++n) {
    queue(2, n, 1);
    auto const order = serve(2);
    BOOST_TEST(std::ranges::count_if(order, [](auto one) { return one < 1000; }) == 1);
  }
  queue(3, 10, 2);
  queue(4, 20, 2);
  auto order = serve(6);
  std::ranges::sort(order);
  BOOST_TEST((std::vector(order.begin(), order.begin() + 4) == std::vector<std::uint32_t>{10, 11, 20, 21}));
}

BOOST_AUTO_TEST_CASE(caller_with_several_methods_gets_no_extra_turns) {
  fixture f;
  f.join(node("a", 1, {"Arith.sum", "Arith.mean", "Arith.max"}));
  auto held = f.submit(0).held;
  auto needs = f.needs();
  needs.caller = dist::caller_ref{1};
  for (std::uint32_t n = 0; n < 90; ++n) {
    needs.method = *f.registry.intern(n % 3 == 0 ? "Arith.sum" : n % 3 == 1 ? "Arith.mean" : "Arith.max");
    f.registry.submit(call(n), needs);
  }
  needs.caller = dist::caller_ref{2};
  for (std::uint32_t n = 100; n < 110; ++n) f.registry.submit(call(n), needs);
  int late = 0;
  for (int n = 0; n < 20; ++n) {
    held = {};
    auto one = f.registry.next();
    BOOST_REQUIRE(one);
    if (one->call.index >= 100) ++late;
    held = std::move(one->held);
  }
  BOOST_TEST(late == 10);
}

BOOST_AUTO_TEST_SUITE_END()
