#include "registry/support.hpp"

#include <boost/test/unit_test.hpp>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <unordered_map>
#include <unordered_set>

using namespace registry_test;

namespace {

/// The registry's rules implemented naively: linear scans, no heaps, no indexes.
struct model {
  struct node {
    std::uint32_t slots = 0;
    std::uint32_t in_use = 0;
    bool takes_calls = true;
    bool go = false;
    bool gpu = false;
    std::set<dist::method_ref> methods;
    std::set<dist::method_ref> unknown;
  };
  struct waiting {
    dist::call_no call;
    dist::call_needs needs;
  };

  std::map<dist::method_ref, std::uint32_t> windows;
  dist::label_filter_ref gpu{};
  std::map<dist::node_id, node> nodes;
  std::deque<waiting> queue;  ///< in order of arrival; moved calls at the front

  static bool lists(node const& n, dist::method_ref m) { return n.methods.contains(m); }
  static bool may_have(node const& n, dist::method_ref m) { return lists(n, m) || (n.go && !n.unknown.contains(m)); }

  /// A fraction below 1 while slots are free; beyond that, 1 plus the number of extra calls.
  static double use(node const& n) {
    if (n.in_use < n.slots) return static_cast<double>(n.in_use) / n.slots;
    return 1 + static_cast<double>(n.in_use - n.slots);
  }

  bool serves(dist::node_id id, node const& n, dist::call_needs const& needs) const {
    if (needs.pin != dist::no_node_id && needs.pin != id) return false;
    if (needs.held_by == id || (needs.not_in_go && n.go)) return false;
    return n.takes_calls && may_have(n, needs.method) && (needs.labels == dist::no_label_filter || n.gpu);
  }

  bool room(dist::node_id id, node const& n, dist::call_needs const& needs) const {
    auto const window = needs.may_use_window() ? windows.at(needs.method) : 0;
    return serves(id, n, needs) && n.in_use < n.slots + window;
  }

  /// The nodes that a call may go to now, all equally good.
  std::set<dist::node_id> choices(dist::call_needs const& needs) const {
    auto out = choices_but(needs, true);
    if (!out.empty() || needs.avoided.empty()) return out;
    return choices_but(needs, false);
  }

  std::set<dist::node_id> choices_but(dist::call_needs const& needs, bool avoiding) const {
    for (bool const listed : {true, false}) {
      std::set<dist::node_id> out;
      double best = 1e9;
      for (auto const& [id, n] : nodes) {
        if (!room(id, n, needs) || lists(n, needs.method) != listed) continue;
        if (avoiding && needs.avoided.contains(id)) continue;
        if (use(n) < best) out.clear();
        if (use(n) <= best) out.insert(id);
        best = std::min(best, use(n));
      }
      if (!out.empty()) return out;
    }
    return {};
  }

  bool waits_plainly(dist::method_ref m) const {
    return std::ranges::any_of(queue,
                               [&](waiting const& w) { return w.needs.method == m && !is_particular(w.needs); });
  }

  static bool is_particular(dist::call_needs const& needs) { return needs.not_in_go || needs.is_choosy(); }

  static auto line_of(dist::call_needs const& needs) {
    return std::tuple(needs.method, needs.labels, needs.pin, needs.caller, needs.repeatable);
  }

  // Turns: a caller that was served goes behind those that wait; a new one starts one behind the last one served.
  std::map<dist::caller_ref, std::int64_t> turns;
  std::int64_t turn = 0;

  void wait(waiting one) {
    auto const caller = one.needs.caller;
    bool const first = std::ranges::none_of(queue, [&](waiting const& w) { return w.needs.caller == caller; });
    if (first) turns[caller] = turn + 1;
    if (one.needs.moved)
      queue.push_front(std::move(one));
    else
      queue.push_back(std::move(one));
  }

  void serve(std::deque<waiting>::iterator at) {
    auto& mine = turns[at->needs.caller];
    turn = std::max(turn, mine);
    mine = std::max(mine + 1, turn);
    queue.erase(at);
  }

  /// The next call to send: nested before top-level, then by the caller's turn, then the oldest that fits, never past
  /// the head of its own lane. If `on` is given, only calls that this node could take.
  std::deque<waiting>::iterator next(std::optional<dist::node_id> on = {}) {
    auto best = queue.end();
    std::set<std::pair<decltype(line_of({})), bool>> plain_seen;
    for (auto w = queue.begin(); w != queue.end(); ++w) {
      if (!is_particular(w->needs) && !plain_seen.emplace(line_of(w->needs), w->needs.nested).second) continue;
      auto const where = choices(w->needs);
      if (where.empty() || (on && !where.contains(*on))) continue;
      if (best == queue.end() || sooner(*w, *best)) best = w;
    }
    return best;
  }

  bool sooner(waiting const& a, waiting const& b) {
    if (a.needs.nested != b.needs.nested) return a.needs.nested;
    return turns[a.needs.caller] < turns[b.needs.caller];
  }
};

/// Applies the same random operations to the registry and to the model and compares them.
class driver {
 public:
  explicit driver(std::uint32_t seed) : random_(seed), registry_(settings()) {
    for (auto const* name : {"A.a", "B.b", "C.c", "D.d"}) {
      methods_.push_back(*registry_.intern(name));
      model_.windows[methods_.back()] = methods_.size() % 2 == 0 ? settings().window : 0;
      registry_.declare_brief(methods_.back(), methods_.size() % 2 == 0);
    }
    dist::call_needs needs;
    std::string const gpu = "gpu=1";
    BOOST_REQUIRE(!registry_.ask({&gpu, 1}, needs));
    model_.gpu = needs.labels;
  }

  void step() {
    switch (below(16)) {
      case 0:
        return join();
      case 1:
        return leave();
      case 2:
        return beat_or_stay_silent();
      case 3:
        return drain();
      case 4:
        return refuse();
      case 5:
        return withdraw();
      case 6:
        return suspend_or_resume();
      case 7:
      case 8:
      case 9:
      case 10:
        return submit();
      default:
        return end_one();
    }
  }

  void finish() {
    for (auto& h : held_) h.held = {};
    held_.clear();
    BOOST_REQUIRE(registry_.counts().in_use == 0U);
  }

  /// The registry keeps these counts incrementally; here they are computed from scratch.
  void check_counts(std::vector<dist::node_view> const& views) {
    auto const counts = registry_.counts();
    auto const count = [&](dist::node_state state) {
      return static_cast<std::size_t>(std::ranges::count(views, state, &dist::node_view::state));
    };
    BOOST_REQUIRE(counts.nodes == views.size());
    BOOST_REQUIRE(counts.living == count(dist::node_state::living));
    BOOST_REQUIRE(counts.suspect == count(dist::node_state::suspect));
    BOOST_REQUIRE(counts.draining == count(dist::node_state::draining));
    BOOST_REQUIRE(counts.set_aside == count(dist::node_state::set_aside));
    std::uint64_t slots = 0;
    std::uint64_t in_use = 0;
    std::uint64_t abandoned = 0;
    for (auto const& view : views) {
      if (view.state == dist::node_state::living) slots += view.info->slots;
      in_use += view.in_use;
      abandoned += view.abandoned;
    }
    BOOST_REQUIRE(counts.slots == slots);
    BOOST_REQUIRE(counts.in_use == in_use);
    BOOST_REQUIRE(counts.abandoned == abandoned);
    BOOST_REQUIRE(counts.queued == model_.queue.size());
  }

  void check() {
    take_all_ready();
    std::map<dist::node_id, std::uint32_t> leases;
    for (auto const& h : held_)
      if (h.counted) ++leases[h.held.node()];
    auto const views = registry_.nodes();
    BOOST_REQUIRE(views.size() == model_.nodes.size());
    for (auto const& view : views) {
      BOOST_REQUIRE(view.in_use == model_.nodes.at(view.id).in_use);
      BOOST_REQUIRE(view.in_use == leases[view.id]);
      BOOST_REQUIRE((view.state == dist::node_state::living) == model_.nodes.at(view.id).takes_calls);
    }
    check_counts(views);
    for (auto const m : methods_) {
      bool const available = std::ranges::any_of(
          model_.nodes, [&](auto const& n) { return n.second.takes_calls && model::may_have(n.second, m); });
      BOOST_REQUIRE(registry_.available(m) == available);
    }
  }

  std::uint64_t placed = 0;
  std::uint64_t went_out = 0;
  std::uint64_t stranded = 0;

 private:
  struct running {
    dist::lease held;
    bool counted = true;
  };

  static dist::registry_settings settings() {
    dist::registry_settings out;
    out.window = 3;
    return out;
  }

  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  dist::method_ref any_method() { return methods_[below(static_cast<std::uint32_t>(methods_.size()))]; }

  std::optional<dist::node_id> any_node() {
    if (model_.nodes.empty()) return {};
    return std::next(model_.nodes.begin(), below(static_cast<std::uint32_t>(model_.nodes.size())))->first;
  }

  void join() {
    if (model_.nodes.size() >= 8) return leave();
    bool const go = below(4) == 0;
    auto info = node("n" + std::to_string(++names_), 1 + below(4), {});
    info.kind = go ? dist::node_kind::go : dist::node_kind::dist;
    model::node n;
    n.gpu = below(3) == 0;
    if (n.gpu) info.labels["gpu"] = "1";
    n.slots = info.slots;
    n.go = go;
    for (auto const m : methods_) {
      if (below(2) == 0 || go) continue;
      n.methods.insert(m);
      info.methods.push_back({registry_.method_name(m), "", "", false, false});
    }
    auto const name = info.name;
    auto const out = registry_.join(std::move(info), now_);
    model_.nodes.emplace(out->id, std::move(n));
    // Calls may already wait for a node of this name.
    if (auto const absent = absent_.extract(name))
      for (auto& w : model_.queue)
        if (w.needs.pin == absent.mapped()) w.needs.pin = out->id;
    strand();
  }

  bool hopeless(dist::call_needs const& needs) const {
    if (needs.pin == dist::no_node_id || std::ranges::any_of(absent_, [&](auto const& one) {
          return one.second == needs.pin;
        }))
      return false;
    auto const at = model_.nodes.find(needs.pin);
    return at == model_.nodes.end() || !model::may_have(at->second, needs.method) ||
           (needs.labels != dist::no_label_filter && !at->second.gpu);
  }

  /// Calls for a node that has left, or that cannot run them, end.
  void strand() {
    std::unordered_set<dist::call_no> expected;
    for (auto const& w : model_.queue)
      if (hopeless(w.needs)) expected.insert(w.call);
    for (auto const& one : registry_.stranded()) {
      BOOST_REQUIRE(expected.erase(one.call) == 1U);
      BOOST_REQUIRE((one.why.known == dist::progress::not_started));
      places_.erase(one.call);
      ++stranded;
    }
    BOOST_REQUIRE(expected.empty());
    std::erase_if(model_.queue, [&](model::waiting const& w) { return hopeless(w.needs); });
  }

  void leave() {
    auto const id = any_node();
    if (!id) return;
    registry_.leave(*id);
    model_.nodes.erase(*id);
    strand();
  }

  void beat_or_stay_silent() {
    // Three rounds, so that silent nodes become suspect and the others come back.
    std::set<dist::node_id> heard;
    for (auto const& [id, n] : model_.nodes)
      if (below(8) != 0) heard.insert(id);
    std::set<dist::node_id> lost;
    for (int round = 0; round < 3; ++round) {
      now_ += 1s;
      for (auto const id : heard) registry_.heard(id, now_);
      for (auto const& event : registry_.tick(now_))
        if (event.change == dist::liveness_change::became_lost) lost.insert(event.node);
    }
    for (auto const id : lost) model_.nodes.erase(id);
    strand();
    for (auto& [id, n] : model_.nodes) {
      auto const state = registry_.state(id).value();
      if (draining_.contains(id)) {
        BOOST_REQUIRE(state == dist::node_state::draining);
      } else {
        BOOST_REQUIRE(state == (heard.contains(id) ? dist::node_state::living : dist::node_state::suspect));
        n.takes_calls = heard.contains(id);
      }
    }
  }

  void drain() {
    auto const id = any_node();
    if (!id || below(4) != 0) return;
    registry_.drain(*id);
    draining_.insert(*id);
    model_.nodes.at(*id).takes_calls = false;
  }

  void refuse() {
    auto const id = any_node();
    if (!id || below(3) != 0) return;
    auto& n = model_.nodes.at(*id);
    auto const m = any_method();
    if (n.go && below(3) == 0) {
      registry_.known_method(*id, m);
      n.methods.insert(m);
      n.unknown.erase(m);
    } else {
      registry_.unknown_method(*id, m);
      n.methods.erase(m);
      if (n.go) n.unknown.insert(m);
    }
    strand();
  }

  void submit() {
    dist::call_needs needs;
    needs.method = any_method();
    needs.caller = static_cast<dist::caller_ref>(below(3));
    needs.repeatable = below(2) == 0;
    needs.nested = below(4) == 0;
    needs.moved = below(16) == 0;
    needs.bytes = below(100);
    if (auto const avoid = any_node(); avoid && below(6) == 0) needs.avoided.add(*avoid);
    if (auto const holder = any_node(); holder && below(12) == 0) needs.held_by = *holder;
    needs.not_in_go = below(12) == 0;
    std::vector<std::string> asked;
    if (below(5) == 0) asked.push_back("gpu=1");
    // Some are for a node that joins later, or never.
    if (below(6) == 0) asked.push_back("node=n" + std::to_string(1 + below(static_cast<std::uint32_t>(names_) + 2)));
    BOOST_REQUIRE(!registry_.ask(asked, needs));
    if (needs.pin != dist::no_node_id && !model_.nodes.contains(needs.pin)) absent_[asked.back().substr(5)] = needs.pin;
    auto const ref = call(++calls_);
    auto const choices = model_.choices(needs);
    bool const at_once = !model_.waits_plainly(needs.method) && !choices.empty();
    bool const refused = hopeless(needs) || (needs.moved && !model_.nodes.contains(needs.pin) &&
                                             needs.pin != dist::no_node_id);
    auto out = registry_.submit(ref, needs);
    if (refused) {
      BOOST_REQUIRE((out.what == dist::placing::refused));
      return;
    }
    BOOST_REQUIRE(out.what == (at_once ? dist::placing::placed : dist::placing::queued));
    if (at_once) {
      ++placed;
      BOOST_REQUIRE(choices.contains(out.node));
      ++model_.nodes.at(out.node).in_use;
      held_.push_back({std::move(out.held), true});
    } else {
      model_.wait({ref, needs});
      places_[ref] = out.place;
    }
  }

  void withdraw() {
    if (model_.queue.empty()) return;
    auto const at = model_.queue.begin() + below(static_cast<std::uint32_t>(model_.queue.size()));
    BOOST_REQUIRE(registry_.withdraw(places_.at(at->call)));
    BOOST_REQUIRE(!registry_.withdraw(places_.at(at->call)));
    places_.erase(at->call);
    model_.queue.erase(at);
  }

  running* any_running() { return held_.empty() ? nullptr : &held_[below(static_cast<std::uint32_t>(held_.size()))]; }

  void count(running const& r, std::uint32_t difference) {
    if (auto const n = model_.nodes.find(r.held.node()); n != model_.nodes.end()) n->second.in_use += difference;
  }

  void suspend_or_resume() {
    auto* r = any_running();
    if (!r) return;
    count(*r, r->counted ? ~0U : 1U);
    r->counted ? r->held.give_back() : r->held.retake();
    r->counted = !r->counted;
  }

  void end_one() {
    auto* r = any_running();
    if (!r) return;
    // The caller has gone; the method ends at another time.
    if (below(4) == 0) return r->held.abandon();
    if (r->counted) count(*r, ~0U);
    std::swap(*r, held_.back());
    held_.pop_back();
  }

  void take_all_ready() {
    while (auto out = registry_.next()) {
      auto const expected = model_.next();
      BOOST_REQUIRE((expected != model_.queue.end()));
      // Classes are served one after the other, so two freed slots may be filled in either order: the call must be the
      // first of those that could go to its node.
      auto const at = std::ranges::find(model_.queue, out->call, &model::waiting::call);
      BOOST_REQUIRE((at != model_.queue.end()));
      auto const choices = model_.choices(at->needs);
      BOOST_REQUIRE(choices.contains(out->node));
      for (auto w = model_.queue.begin(); w != model_.queue.end(); ++w) {
        if (model::line_of(w->needs) != model::line_of(at->needs) || w->needs.nested != at->needs.nested) continue;
        if (w == at) break;
        BOOST_REQUIRE((model::is_particular(w->needs) != model::is_particular(at->needs) ||
                       model_.choices(w->needs).empty()));
      }
      fair(*at, out->node);
      ++went_out;
      ++model_.nodes.at(out->node).in_use;
      places_.erase(out->call);
      model_.serve(at);
      held_.push_back({std::move(out->held), true});
    }
    BOOST_REQUIRE((model_.next() == model_.queue.end()));
  }

  /// No caller with an earlier turn had a call that could have gone to this node.
  void fair(model::waiting const& chosen, dist::node_id node) {
    auto const best = model_.next(node);
    BOOST_REQUIRE((best != model_.queue.end()));
    BOOST_REQUIRE(!model_.sooner(*best, chosen));
  }

  std::mt19937 random_;
  dist::registry registry_;
  model model_;
  dist::time_point now_ = at(0s);
  std::vector<dist::method_ref> methods_;
  std::vector<running> held_;
  std::unordered_map<dist::call_no, dist::ticket> places_;
  std::map<std::string, dist::node_id> absent_;  ///< ids of nodes that have not joined
  std::set<dist::node_id> draining_;
  std::uint64_t names_ = 0;
  std::uint32_t calls_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(property)

BOOST_AUTO_TEST_CASE(registry_agrees_with_a_naive_model) {
  std::uint64_t placed = 0;
  std::uint64_t went_out = 0;
  std::uint64_t stranded = 0;
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      driver both(seed);
      for (int n = 0; n < 2000; ++n) {
        both.step();
        both.check();
      }
      placed += both.placed;
      went_out += both.went_out;
      stranded += both.stranded;
      both.finish();
    }
  }
  BOOST_TEST(placed > 1000U);
  BOOST_TEST(went_out > 1000U);
  BOOST_TEST(stranded > 20U);
}

BOOST_AUTO_TEST_SUITE_END()
