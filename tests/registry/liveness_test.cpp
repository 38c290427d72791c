#include "registry/support.hpp"

#include <boost/test/unit_test.hpp>

using namespace registry_test;

namespace {

using events = std::vector<dist::liveness_event>;
constexpr auto suspect = dist::liveness_change::became_suspect;
constexpr auto lost = dist::liveness_change::became_lost;
constexpr auto back = dist::liveness_change::came_back;

/// A silent node `a` and a node `b` that beats every second, with one tick per second.
struct two_nodes : fixture {
  two_nodes() : a(join("a", 1)), b(join("b", 1)) { registry.tick(at(0s)); }

  /// Ticks up to `until` and returns all events, each with its second.
  std::vector<std::pair<int, dist::liveness_event>> run(int from, int until) {
    std::vector<std::pair<int, dist::liveness_event>> out;
    for (int second = from; second <= until; ++second) {
      registry.heard(b, at(std::chrono::seconds(second)));
      for (auto const& event : registry.tick(at(std::chrono::seconds(second)))) out.emplace_back(second, event);
    }
    return out;
  }

  dist::node_id a;
  dist::node_id b;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(liveness)

BOOST_AUTO_TEST_CASE(silent_node_becomes_suspect_and_then_lost) {
  two_nodes f;
  auto const events_seen = f.run(1, 40);
  BOOST_REQUIRE(events_seen.size() == 2U);
  BOOST_TEST(events_seen[0].first == 3);
  BOOST_TEST(events_seen[0].second == (dist::liveness_event{f.a, suspect}));
  BOOST_TEST(events_seen[1].first == 31);
  BOOST_TEST(events_seen[1].second == (dist::liveness_event{f.a, lost}));
  BOOST_TEST(!f.registry.state(f.a).has_value());
}

BOOST_AUTO_TEST_CASE(suspect_that_is_heard_gets_work_again_at_once) {
  two_nodes f;
  f.run(1, 5);
  auto held = f.submit(1).held;
  f.submit(2);
  BOOST_TEST(!f.registry.next());
  BOOST_TEST(f.registry.heard(f.a, at(5500ms)));
  BOOST_TEST(!f.registry.heard(f.a, at(5600ms)));
  auto const out = f.registry.next();
  BOOST_REQUIRE(out);
  BOOST_TEST(out->node == f.a);
  f.registry.heard(f.b, at(6s));
  BOOST_TEST((f.registry.tick(at(6s)) == events{{f.a, back}}));
  BOOST_TEST((f.registry.tick(at(7s)).empty()));
}

BOOST_AUTO_TEST_CASE(stall_of_the_master_makes_no_node_suspect) {
  two_nodes f;
  f.run(1, 1);
  f.registry.heard(f.a, at(1s));
  // Nothing was read for 60 s: the first tick afterwards reports nothing.
  BOOST_TEST(f.registry.tick(at(61s)).empty());
  BOOST_TEST(f.registry.state(f.a).value() == dist::node_state::living);
  // The frames of b were waiting to be read; a had sent none.
  f.registry.heard(f.b, at(61100ms));
  BOOST_TEST(f.registry.tick(at(62s)).empty());
  auto const events_seen = f.run(63, 100);
  BOOST_REQUIRE(events_seen.size() == 2U);
  BOOST_TEST(events_seen[0].second == (dist::liveness_event{f.a, suspect}));
  BOOST_TEST(events_seen[1].second == (dist::liveness_event{f.a, lost}));
  BOOST_TEST(events_seen[1].first == 91);
}

BOOST_AUTO_TEST_CASE(short_stall_of_the_master_makes_no_node_suspect) {
  two_nodes f;
  f.registry.heard(f.a, at(200ms));
  f.registry.heard(f.b, at(900ms));
  BOOST_TEST(f.registry.tick(at(1s)).empty());
  BOOST_TEST(f.registry.tick(at(3500ms)).empty());
  f.registry.heard(f.a, at(3600ms));
  f.registry.heard(f.b, at(3600ms));
  BOOST_TEST(f.registry.tick(at(4500ms)).empty());
}

BOOST_AUTO_TEST_CASE(ticks_more_frequent_than_beats_make_no_node_suspect_early) {
  two_nodes f;
  for (auto since = 250ms; since <= 2s; since += 250ms) BOOST_TEST(f.registry.tick(at(since)).empty());
  BOOST_TEST(f.registry.tick(at(2250ms)).size() == 2U);
}

BOOST_AUTO_TEST_CASE(silent_draining_node_is_reported_and_stays_draining) {
  two_nodes f;
  f.registry.drain(f.a);
  auto const events_seen = f.run(1, 40);
  BOOST_REQUIRE(events_seen.size() == 2U);
  BOOST_TEST(events_seen[0].second.change == suspect);
  BOOST_TEST(events_seen[1].second.change == lost);
  two_nodes g;
  g.registry.drain(g.a);
  g.run(1, 5);
  BOOST_TEST(g.registry.is_silent(g.a));
  BOOST_TEST(g.registry.heard(g.a, at(5s)));
  BOOST_TEST(!g.registry.is_silent(g.a));
  BOOST_TEST(g.registry.state(g.a).value() == dist::node_state::draining);
}

BOOST_AUTO_TEST_CASE(node_that_came_back_and_left_is_not_reported) {
  two_nodes f;
  f.run(1, 5);
  f.registry.heard(f.a, at(5s));
  f.registry.leave(f.a);
  f.registry.heard(f.b, at(6s));
  BOOST_TEST(f.registry.tick(at(6s)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
