#include <boost/test/unit_test.hpp>
#include <random>
#include <utility>

#include "placement/selector.hpp"

namespace {

constexpr auto method = dist::method_ref{0};

dist::class_key key_with_method() {
  dist::class_key key;
  key.methods = {method};
  return key;
}

/// The best node by a scan over all of them.
dist::node_load* scan(std::vector<dist::node_load*> const& loads, dist::call_needs const& needs) {
  dist::node_load* best = nullptr;
  for (auto* load : loads) {
    if (!load->eligible || !has_room(*load, needs, 4) || needs.shuns(load->id)) continue;
    if (!best || less_used(*load, *best)) best = load;
  }
  return best;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(selector)

BOOST_AUTO_TEST_CASE(use_is_relative_to_slots_and_absolute_beyond_them) {
  struct {
    std::uint32_t a_use, a_slots, b_use, b_slots;
    bool less;
  } const table[] = {
      {0, 1, 1, 8, true},    {1, 8, 0, 1, false}, {1, 2, 5, 8, true},
      {1, 2, 3, 8, false},   {7, 8, 1, 1, true},  {1, 1, 9, 8, true},
      {2, 1, 9, 8, false},   {3, 1, 9, 8, false}, {2, 1, 11, 8, true}, {999'999, 1'000'000, 999'998, 999'999, false},
      {10, 1, 12, 8, false},
  };
  for (auto const& row : table) {
    dist::node_load a;
    dist::node_load b;
    a.in_use = row.a_use;
    a.slots = row.a_slots;
    b.in_use = row.b_use;
    b.slots = row.b_slots;
    a.last_picked = 1;  // b wins ties
    BOOST_TEST(less_used(a, b) == row.less,
               row.a_use << '/' << row.a_slots << " against " << row.b_use << '/' << row.b_slots);
  }
}

BOOST_AUTO_TEST_CASE(heap_agrees_with_a_linear_scan) {
  std::mt19937 random(7);
  auto const below = [&](std::size_t bound) { return random() % bound; };
  dist::selector selector;
  selector.add_method(method);
  selector.set_window(method, 4);
  std::vector<dist::node_load*> loads;
  std::vector<dist::lease> held;
  std::uint64_t joins = 0;
  for (int step = 0; step < 30'000; ++step) {
    auto const what = below(100);
    if (what < 4 && loads.size() < 300) {
      auto const slots = static_cast<std::uint32_t>(1 + below(8));
      loads.push_back(&selector.join(static_cast<dist::node_id>(++joins), slots, key_with_method()));
    } else if (what < 6 && !loads.empty()) {
      std::swap(loads[below(loads.size())], loads.back());
      selector.leave(*loads.back());
      loads.pop_back();
    } else if (what < 12 && !loads.empty()) {
      auto* load = loads[below(loads.size())];
      selector.set_eligible(*load, !load->eligible);
    } else if (what < 45 && !held.empty()) {
      std::swap(held[below(held.size())], held.back());
      held.pop_back();
    } else {
      dist::call_needs needs;
      needs.method = method;
      needs.repeatable = below(3) == 0;
      if (auto* best = scan(loads, needs); best && below(2) == 0) needs.avoided.add(best->id);
      if (auto* best = scan(loads, needs); best && below(4) == 0) needs.held_by = best->id;
      auto* expected = scan(loads, needs);
      if (!expected) {
        auto any = needs;
        any.avoided = {};
        expected = scan(loads, any);
      }
      auto* found = selector.find(needs);
      BOOST_REQUIRE(!found == !expected);
      // Nodes that were never picked are equal.
      BOOST_REQUIRE((!found || found == expected || (!less_used(*found, *expected) && !less_used(*expected, *found))));
      if (found) held.push_back(selector.take(*found, needs));
    }
  }
  BOOST_TEST(selector.class_count() == 1U);
}

BOOST_AUTO_TEST_CASE(classes_form_by_labels_and_methods_and_empty_ones_are_removed) {
  dist::selector selector;
  selector.add_method(method);
  auto labelled = key_with_method();
  labelled.labels["gpu"] = "yes";
  auto& a = selector.join(dist::node_id{1}, 1, key_with_method());
  auto& b = selector.join(dist::node_id{2}, 1, key_with_method());
  auto& c = selector.join(dist::node_id{3}, 1, labelled);
  BOOST_TEST(selector.class_count() == 2U);
  selector.learn(b, method, false);
  BOOST_TEST(selector.class_count() == 3U);
  BOOST_TEST(selector.living(method) == 2U);
  selector.leave(a);
  selector.leave(c);
  BOOST_TEST(selector.class_count() == 1U);
  BOOST_TEST(selector.living(method) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
