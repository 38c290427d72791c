#include <dist/rpc/detail/timer_heap.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "sim/world/seeded_entropy.hpp"

namespace {

using dist::timer_heap;
using dist::timer_id;

dist::time_point at(long long milliseconds) { return dist::time_point(std::chrono::milliseconds(milliseconds)); }

BOOST_AUTO_TEST_SUITE(timer_heap_suite)

BOOST_AUTO_TEST_CASE(due_timers_come_by_time_then_by_insertion) {
  timer_heap heap;
  std::string order;
  auto const say = [&order](char c) { return [&order, c] { order += c; }; };
  heap.add(at(3), say('d'));
  heap.add(at(1), say('a'));
  heap.add(at(2), say('b'));
  heap.add(at(2), say('c'));
  heap.add(at(4), say('e'));
  BOOST_TEST(!heap.take_due(at(0)));
  while (auto const action = heap.take_due(at(3))) action();
  BOOST_TEST(order == "abcd");
  BOOST_TEST((heap.next_due() == at(4)));
}

BOOST_AUTO_TEST_CASE(timer_id_is_valid_once) {
  timer_heap heap;
  auto const first = heap.add(at(1), [] {});
  BOOST_TEST((first != timer_id::none));
  BOOST_TEST(heap.cancel(first));
  BOOST_TEST(!heap.cancel(first));
  BOOST_TEST(!heap.cancel(timer_id::none));
  BOOST_TEST(heap.empty());
  auto const second = heap.add(at(1), [] {});  // takes the same slot
  BOOST_TEST((second != first));
  BOOST_TEST(!heap.cancel(first));
  BOOST_TEST(heap.size() == 1U);
  BOOST_TEST(!!heap.take_due(at(1)));
  BOOST_TEST(!heap.cancel(second));
  BOOST_TEST(!heap.next_due());
}

BOOST_AUTO_TEST_CASE(cancelled_action_may_cancel_another_in_its_destructor) {
  timer_heap heap;
  struct canceller {
    timer_heap& heap;
    timer_id other;
    ~canceller() { heap.cancel(other); }
  };
  auto const other = heap.add(at(5), [] {});
  auto const first = heap.add(at(1), [owned = std::make_shared<canceller>(heap, other)] {});
  BOOST_TEST(heap.cancel(first));
  BOOST_TEST(heap.empty());
}

// Within one bin, across many, and beyond the range of all bins.
BOOST_DATA_TEST_CASE(heap_agrees_with_a_sorted_map, boost::unit_test::data::make({50U, 30'000U, 900'000U}), reach_ms) {
  dist::test::seeded_entropy chance(reach_ms);
  timer_heap heap;
  std::map<std::pair<dist::time_point, int>, timer_id> model;
  int ran = -1;
  dist::time_point now = at(0);
  for (int i = 0; i < 20'000; ++i) {
    auto const what = chance.below(10);
    if (what < 5) {
      auto const when = now + std::chrono::milliseconds(chance.below(reach_ms));
      model[{when, i}] = heap.add(when, [&ran, i] { ran = i; });
    } else if (what < 8 && !model.empty()) {
      auto const which = std::next(model.begin(), static_cast<long>(chance.below(model.size())));
      BOOST_REQUIRE(heap.cancel(which->second));
      model.erase(which);
    } else {
      now += std::chrono::milliseconds(1 + chance.below(reach_ms / 50));
      while (auto const action = heap.take_due(now)) {
        action();
        BOOST_REQUIRE(!model.empty());
        BOOST_REQUIRE_EQUAL(ran, model.begin()->first.second);
        model.erase(model.begin());
      }
      BOOST_REQUIRE((model.empty() || model.begin()->first.first > now));
    }
    BOOST_REQUIRE_EQUAL(heap.size(), model.size());
    BOOST_REQUIRE((model.empty() ? !heap.next_due() : heap.next_due() == model.begin()->first.first));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
