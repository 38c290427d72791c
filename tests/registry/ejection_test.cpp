#include "registry/support.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>

using namespace registry_test;

namespace {

/// Simulates calls in virtual time: each node takes a fixed time and always succeeds or always fails.
struct simulation : fixture {
  struct behaviour {
    std::string name;
    dist::duration takes;
    bool fails;
  };
  struct running {
    dist::lease held;
    dist::duration ends;
    behaviour const* on;
  };

  explicit simulation(std::vector<behaviour> nodes) : nodes_(std::move(nodes)) {
    for (auto const& one : nodes_) ids_.push_back(join(one.name, 1));
  }

  /// Submits `count` calls at once and runs them to the end, with a beat every second.
  void serve(std::size_t count) {
    for (std::size_t n = 0; n < count; ++n) {
      auto out = submit(n);
      if (out.what == dist::placing::placed) start(out.node, std::move(out.held));
    }
    take_queued();
    auto beat = now + 1s;
    while (!running_.empty()) {
      auto const first = std::ranges::min_element(running_, {}, &running::ends);
      if (beat < first->ends) {
        now = beat;
        beat += 1s;
        for (auto const id : ids_) registry.heard(id, at(now));
        registry.tick(at(now));
        take_queued();
        continue;
      }
      now = first->ends;
      auto ended = std::move(*first);
      running_.erase(first);
      auto const us = static_cast<std::uint32_t>(ended.on->takes / 1us);
      if (ended.on->fails) {
        ++failures;
        if (registry.failed(ended.held, sum, us, at(now), 0)) ++set_aside;
      } else {
        ++successes;
        registry.succeeded(ended.held, sum, us);
      }
      ended.held = {};
      take_queued();
    }
  }

  dist::duration now{};
  std::size_t failures = 0;
  std::size_t successes = 0;
  std::size_t set_aside = 0;

 private:
  void start(dist::node_id on, dist::lease held) {
    auto const at = static_cast<std::size_t>(std::ranges::find(ids_, on) - ids_.begin());
    running_.push_back({std::move(held), now + nodes_[at].takes, &nodes_[at]});
  }
  void take_queued() {
    while (auto out = registry.next()) start(out->node, std::move(out->held));
  }

  std::vector<behaviour> nodes_;
  std::vector<dist::node_id> ids_;
  std::vector<running> running_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ejection)

BOOST_AUTO_TEST_CASE(node_that_fails_fast_does_not_attract_all_calls) {
  simulation s({{"a", 1ms, true}, {"b", 100ms, false}, {"c", 100ms, false}});
  s.serve(1000);
  BOOST_TEST(s.failures + s.successes == 1000U);
  // Five in a row, then one per trial after 0.5 to 1 s, 2 s, 4 s and so on, over 50 s.
  BOOST_TEST(s.failures >= 5U);
  BOOST_TEST(s.failures <= 15U);
  BOOST_TEST(s.registry.counts().set_aside == 1U);
}

BOOST_AUTO_TEST_CASE(at_most_half_of_the_nodes_are_set_aside) {
  for (std::size_t broken = 1; broken <= 4; ++broken) {
    BOOST_TEST_CONTEXT(broken << " of 4 nodes fail") {
      std::vector<simulation::behaviour> nodes;
      for (std::size_t n = 0; n < 4; ++n)
        nodes.push_back({std::string(1, static_cast<char>('a' + n)), n < broken ? 1ms : 20ms, n < broken});
      simulation s(std::move(nodes));
      s.serve(200);
      BOOST_TEST(s.registry.counts().set_aside <= 2U);
      BOOST_TEST(s.registry.counts().living >= 2U);
      if (broken == 1) BOOST_TEST(s.failures <= 10U);
    }
  }
}

BOOST_AUTO_TEST_CASE(failures_on_every_node_set_none_aside) {
  simulation s({{"a", 1ms, true}, {"b", 1ms, true}, {"c", 1ms, true}});
  s.serve(1000);
  BOOST_TEST(s.set_aside == 0U);
}

// A search that finds nothing, beside calls that succeed: by chance each node fails five times in a row.
BOOST_AUTO_TEST_CASE(method_that_fails_everywhere_sets_no_node_aside) {
  fixture f;
  auto const search = *f.registry.intern("Lock.try_keys");
  for (auto const* name : {"a", "b", "c", "d"}) f.registry.join(node(name, 1, {"Arith.sum", "Lock.try_keys"}), at(0s));
  std::mt19937 random(1);
  std::size_t set_aside = 0;
  for (int n = 0; n < 5000; ++n) {
    auto const searches = random() % 4 != 0;
    auto wants = f.needs();
    if (searches) wants.method = search;
    auto out = f.registry.submit(call(static_cast<std::uint64_t>(n)), wants);
    if (!searches)
      f.registry.succeeded(out.held, f.sum, 0);
    else if (f.registry.failed(out.held, search, 0, at(0s), 0))
      ++set_aside;
  }
  BOOST_TEST(set_aside == 0U);
}

// A failure that every node has counts neither for nor against a node.
BOOST_AUTO_TEST_CASE(broken_node_is_set_aside_even_if_another_method_fails_everywhere) {
  fixture f;
  auto const search = *f.registry.intern("Lock.try_keys");
  for (auto const* name : {"a", "b", "c", "d"}) f.registry.join(node(name, 1, {"Arith.sum", "Lock.try_keys"}), at(0s));
  std::size_t set_aside = 0;
  for (int n = 0; n < 400; ++n) {
    auto wants = f.needs();
    auto const searches = n % 8 < 4;
    if (searches) wants.method = search;
    auto out = f.registry.submit(call(static_cast<std::uint64_t>(n)), wants);
    if (!searches && f.registry.find(out.node)->name != "b")
      f.registry.succeeded(out.held, f.sum, 0);
    else if (f.registry.failed(out.held, wants.method, 0, at(0s), 0))
      ++set_aside;
  }
  BOOST_TEST(set_aside == 1U);
  BOOST_TEST(f.registry.counts().set_aside == 1U);
}

BOOST_AUTO_TEST_CASE(only_node_is_never_set_aside) {
  simulation s({{"a", 1ms, true}});
  s.serve(100);
  BOOST_TEST(s.failures == 100U);
  BOOST_TEST(s.set_aside == 0U);
}

BOOST_AUTO_TEST_CASE(node_that_fails_slowly_is_not_set_aside) {
  simulation s({{"a", 30ms, true}, {"b", 10ms, false}, {"c", 10ms, false}});
  s.serve(200);
  BOOST_TEST(s.set_aside == 0U);
}

BOOST_AUTO_TEST_CASE(node_set_aside_gets_one_trial_call_at_a_time_until_one_succeeds) {
  fixture f;
  auto const a = f.join("a", 4);
  auto const b = f.join("b", 4);
  auto pinned = f.needs();
  pinned.pin = a;
  std::optional<dist::duration> pause;
  for (int n = 0; n < 5; ++n) {
    BOOST_TEST(!pause);
    auto const out = f.registry.submit(call(0), pinned);
    pause = f.registry.failed(out.held, f.sum, 0, at(0s), 0);
  }
  BOOST_REQUIRE(pause);
  BOOST_TEST((*pause == 1s));
  BOOST_TEST((f.registry.state(a).value() == dist::node_state::set_aside));
  for (int n = 0; n < 20; ++n) BOOST_TEST(f.submit().node == b);
  f.registry.heard(a, at(1s));
  f.registry.heard(b, at(1s));
  f.registry.tick(at(1s));
  auto tried = f.submit();
  BOOST_TEST(tried.node == a);
  f.registry.tick(at(2s));
  BOOST_TEST(f.submit().node == b);
  // The trial failed: the pause doubles.
  pause = f.registry.failed(tried.held, f.sum, 0, at(2s), 0);
  BOOST_REQUIRE(pause);
  BOOST_TEST((*pause == 2s));
  tried.held = {};
  f.registry.tick(at(3s));
  BOOST_TEST(f.submit().node == b);
  f.registry.heard(a, at(4s));
  f.registry.heard(b, at(4s));
  f.registry.tick(at(4s));
  tried = f.submit();
  BOOST_TEST(tried.node == a);
  BOOST_TEST(f.registry.succeeded(tried.held, f.sum, 0));
  BOOST_TEST((f.registry.state(a).value() == dist::node_state::living));
  auto const one = f.submit();
  auto const two = f.submit();
  BOOST_TEST(one.node != two.node);
}

BOOST_AUTO_TEST_CASE(trial_without_an_outcome_is_followed_by_another) {
  fixture f;
  auto const a = f.join("a", 1);
  auto const b = f.join("b", 1);
  auto pinned = f.needs();
  pinned.pin = a;
  for (int n = 0; n < 5; ++n) f.registry.failed(f.registry.submit(call(0), pinned).held, f.sum, 0, at(0s), 0);
  for (auto const now : {1s, 2s, 3s}) {
    f.registry.heard(a, at(now));
    f.registry.heard(b, at(now));
    f.registry.tick(at(now));
    auto const one = f.submit();
    auto const two = f.submit();
    BOOST_TEST(one.node != two.node);
    auto const third = f.submit();
    BOOST_TEST(third.what == dist::placing::queued);
    f.registry.withdraw(third.place);
  }
}

BOOST_AUTO_TEST_CASE(node_set_aside_is_used_again_when_healthy_nodes_leave) {
  fixture f;
  auto const a = f.join("a", 1);
  auto const b = f.join("b", 1);
  auto pinned = f.needs();
  pinned.pin = a;
  for (int n = 0; n < 5; ++n) f.registry.failed(f.registry.submit(call(0), pinned).held, f.sum, 0, at(0s), 0);
  BOOST_TEST(f.registry.counts().set_aside == 1U);
  // Draining is not a failure; the remaining node is used even though it was set aside.
  f.registry.drain(b);
  BOOST_TEST(f.registry.counts().set_aside == 0U);
  for (int n = 0; n < 100; ++n) BOOST_TEST(f.submit().node == a);
  auto const events = f.registry.tick(at(1s));
  BOOST_TEST(std::ranges::count(events, dist::liveness_event{a, dist::liveness_change::needed_again}) == 1);
}

BOOST_AUTO_TEST_CASE(only_node_with_a_method_is_not_set_aside) {
  fixture f;
  auto const a = f.join(node("a", 1, {"Arith.sum", "Only.here"}));
  f.join("b", 1);
  f.join("c", 1);
  auto pinned = f.needs();
  pinned.pin = a;
  for (int n = 0; n < 50; ++n) f.registry.failed(f.registry.submit(call(0), pinned).held, f.sum, 0, at(0s), 0);
  BOOST_TEST(f.registry.counts().set_aside == 0U);
}

BOOST_AUTO_TEST_CASE(random_events_never_set_aside_too_many_nodes) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    auto const below = [&](std::size_t bound) { return random() % bound; };
    fixture f;
    dist::duration now{};
    std::map<dist::node_id, bool> broken;
    std::vector<dist::lease> held;
    std::size_t set_aside = 0;
    for (int step = 0; step < 3000; ++step) {
      auto const any = [&] {
        return std::next(broken.begin(), static_cast<std::ptrdiff_t>(below(broken.size())))->first;
      };
      auto const what = below(100);
      if (broken.empty() || (what < 3 && broken.size() < 10)) {
        auto const id = f.registry.join(
            node("n" + std::to_string(step), 1 + static_cast<std::uint32_t>(below(3)), {"Arith.sum"}), at(now));
        broken.emplace(id->id, below(3) == 0);
      } else if (what < 5) {
        auto const id = any();
        f.registry.leave(id);
        broken.erase(id);
      } else if (what < 6) {
        f.registry.drain(any());
      } else if (what < 10) {
        now += 1s;
        for (auto const& [id, is_broken] : broken) f.registry.heard(id, at(now));
        for (auto const& event : f.registry.tick(at(now)))
          BOOST_REQUIRE(event.change == dist::liveness_change::needed_again);
      } else if (what < 55) {
        if (f.registry.counts().queued < 20) {
          if (auto out = f.submit(); out.held) held.push_back(std::move(out.held));
        }
      } else if (!held.empty()) {
        std::swap(held[below(held.size())], held.back());
        auto one = std::move(held.back());
        held.pop_back();
        auto const on = broken.find(one.node());
        if (on != broken.end() && on->second) {
          if (f.registry.failed(one, f.sum, 0, at(now), random())) ++set_aside;
        } else if (below(10) != 0) {
          f.registry.succeeded(one, f.sum, 0);
        }
      }
      for (auto& out : f.drain_queue()) held.push_back(std::move(out.held));
      auto const counts = f.registry.counts();
      BOOST_REQUIRE(counts.set_aside <= counts.living);
      BOOST_REQUIRE(counts.living + counts.set_aside + counts.draining == broken.size());
      BOOST_REQUIRE(f.registry.available(f.sum) == (counts.living > 0));
      // No call waits while a slot is free.
      if (counts.queued > 0)
        for (auto const& view : f.registry.nodes())
          BOOST_REQUIRE((view.state != dist::node_state::living || view.in_use >= view.info->slots));
    }
    BOOST_TEST(set_aside > 0U);
  }
}

BOOST_AUTO_TEST_CASE(pauses_double_up_to_a_maximum_with_jitter_of_half) {
  dist::ejection_settings const settings;
  struct {
    unsigned tries;
    std::uint64_t random;
    dist::duration pause;
  } const table[] = {{1, 0, 1s}, {2, 0, 2s}, {3, 0, 4s}, {7, 0, 60s}, {100, 0, 60s}, {1, 499'999'999, 500'000'001ns}};
  for (auto const& row : table) {
    dist::ejection one;
    dist::duration pause{};
    for (unsigned n = 0; n < row.tries; ++n) pause = one.set_aside(settings, at(0s), row.random);
    BOOST_TEST((pause == row.pause), row.tries << " tries");
    BOOST_TEST(!one.is_due(at(pause) - 1ns));
    BOOST_TEST(one.is_due(at(pause)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
