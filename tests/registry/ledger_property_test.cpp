// Random events for the ledger, and after each of them a naive model's opinion of every call: maps and scans over everything,
// no ids that are used again, no heaps, no batches. Which node gets a call, and how long a pause is, is left to the ledger.
#include <functional>
#include <random>

#include "registry/ledger_stage.hpp"

using namespace std::chrono_literals;
using dist::departure;
using dist::errc;
using dist::progress;
using dist::test::ledger_stage;
using dist::test::outcome;
using dist::test::stage_node;

namespace {

/// Where a call is, as seen from outside.
struct place {
  std::set<std::string> on;
  bool queued = false;
  bool pauses = false;
  bool dying = false;
  bool ended = false;

  bool goes_on() const { return !ended && !dying; }
  friend bool operator==(place const&, place const&) = default;
};

std::ostream& operator<<(std::ostream& out, place const& where) {
  for (auto const& name : where.on) out << name << ' ';
  return out << (where.queued ? "queued " : "") << (where.pauses ? "pauses " : "") << (where.dying ? "dying " : "")
             << (where.ended ? "ended" : "");
}

struct death {
  std::uint64_t process = 0;
  dist::time_point certain_at;
};

struct call_of_model {
  std::size_t order = 0;  ///< counts the calls
  dist::call_no number;
  std::string method;
  bool once = false;
  std::string only;  ///< this node
  dist::duration node_wait = dist::duration::max();
  std::optional<dist::call_id> parent;
  outcome end;
  bool given_up = false;
  bool ran = false;   ///< it may have run
  bool poisoned = false;
  std::vector<dist::node_id> avoided;  ///< the latest four nodes on which something was wrong
  unsigned refusals = 0;             ///< since the last pause
  unsigned retries = 0;
  std::vector<death> deaths;
  std::uint64_t died_with = 0;       ///< a process, while its end is awaited
  dist::time_point until{};          ///< when that ends
  std::optional<dist::time_point> alone_in_the_world;  ///< since when no node could take it

  bool is_over() const { return end.ended || given_up; }
  bool may_repeat(bool node_says_so) const { return !once && only.empty() && node_says_so; }
  void avoid(dist::node_id node) {
    if (std::ranges::find(avoided, node) != avoided.end()) return;
    avoided.insert(avoided.begin(), node);
    if (avoided.size() > 4) avoided.pop_back();
  }
};

dist::registry_settings settings() {
  dist::registry_settings settings;
  settings.liveness.lost_after = 8s;
  settings.window = settings.brief_window = 0;
  settings.ejection.failures = 0;
  return settings;
}

/// The same on each run, unlike the order of addresses.
struct by_order {
  bool operator()(call_of_model const* a, call_of_model const* b) const noexcept { return a->order < b->order; }
};
using model_calls = std::set<call_of_model*, by_order>;

class driver {
 public:
  explicit driver(std::uint32_t seed) : random_(seed), on_(settings()) {}

  void step() {
    ++steps;
    switch (below(20)) {
      case 0: return join();
      case 1: return leave();
      case 2: return drain();
      case 3: return silence();
      case 4: return sound();
      case 5: return give_up();
      case 6:
      case 7: return refuse();
      case 8: return fail();
      case 9: return explain();
      case 10:
      case 11:
      case 12: return pass();
      case 13:
      case 14:
      case 15: return answer();
      default: return start();
    }
  }

  void rest() {
    for (int n = 0; n < 200 && !live().empty(); ++n) {
      join();
      for (auto* node : here()) {
        sound_of(*node);
        while (here_.contains(node) && !node->attempts.empty()) answer_on(*node, 0);
      }
      pass();
    }
    for (auto* call : live()) cancel(*call);  // what no node can take
    for (auto* node : here())
      while (!node->attempts.empty()) answer_on(*node, 0);
    auto const counts = on_.ledger.nodes().counts();
    BOOST_REQUIRE(counts.queued == 0U);
    BOOST_REQUIRE(counts.in_use == 0U);
    BOOST_REQUIRE(on_.ledger.live_calls() == 0U);
  }

  std::uint64_t steps = 0;
  std::uint64_t copies = 0;
  std::uint64_t poisoned = 0;
  std::uint64_t cascades = 0;

 private:
  struct known_node {
    std::uint64_t process = 0;
    bool supervised = false;
    bool go = false;
    bool drains = false;
    std::set<std::string> lacks;
  };
  using opinion = std::function<void(call_of_model&, place const& before, place const& after)>;

  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }

  // Scans

  std::vector<stage_node*> here() const { return {here_.begin(), here_.end()}; }
  stage_node* any_node() {
    auto const all = here();
    return all.empty() ? nullptr : all[below(static_cast<std::uint32_t>(all.size()))];
  }
  std::vector<call_of_model*> live() {
    std::vector<call_of_model*> found;
    for (auto& call : calls_)
      if (!call.is_over()) found.push_back(&call);
    return found;
  }
  call_of_model* call_of(dist::call_no number) {
    for (auto& call : calls_)
      if (!call.is_over() && call.number == number) return &call;
    return nullptr;
  }
  bool is_suspect(stage_node const& node) const { return on_.ledger.nodes().is_silent(node.id); }
  stage_node* named(std::string const& name) const {
    for (auto* node : here_)
      if (node->name == name) return node;
    return nullptr;
  }
  bool says_yes(stage_node const& node, call_of_model const& call) { return call.method != "Work.write" || (void(node), false); }
  bool has(stage_node const& node, call_of_model const& call) { return !about_[&node].lacks.contains(call.method); }
  bool able(stage_node const& node, call_of_model const& call) {
    return !is_suspect(node) && !about_[&node].drains && has(node, call) && (call.only.empty() || call.only == node.name);
  }
  bool anybody_able(call_of_model const& call) {
    return std::ranges::any_of(here_, [&](auto* node) { return able(*node, call); });
  }
  place look(call_of_model const& call) const {
    place where;
    where.ended = call.is_over();
    if (where.ended) return where;
    auto const standing = on_.ledger.standing(call.number);
    where.on = {standing.on.begin(), standing.on.end()};
    BOOST_REQUIRE(where.on.size() == standing.on.size());  // never twice on one node
    where.queued = !standing.waits.empty();
    where.pauses = standing.pauses;
    where.dying = standing.waits_for_death;
    return where;
  }
  /// The calls that end because their parents' attempts on these calls' nodes are not wanted any more.
  model_calls cascade_of(std::vector<dist::call_id> attempts) {
    model_calls ends;
    for (std::size_t n = 0; n < attempts.size(); ++n)
      for (auto* child : live())
        if (child->parent == attempts[n] && ends.insert(child).second)
          for (auto const id : attempts_of(*child)) attempts.push_back(id);
    return ends;
  }
  std::vector<dist::call_id> attempts_of(call_of_model const& call) const {
    std::vector<dist::call_id> found;
    for (auto* node : here_)
      for (auto const& one : node->attempts)
        if (one.call == call.number && !one.abandoned) found.push_back(one.id);
    return found;
  }

  /// Does it, and judges: `of` the calls that it concerns as `opinion` says, those that it cancels, and all others, which
  /// can only come from the queue to a node.
  void happens(std::function<void()> const& what, model_calls const& of, opinion const& concerned,
               model_calls const& cancelled = {}) {
    std::map<call_of_model*, place, by_order> before;
    for (auto* call : live()) before[call] = look(*call);
    what();
    for (auto& [call, was] : before) {
      auto const is = look(*call);
      BOOST_TEST_CONTEXT(call->method << (call->once ? " once" : "") << " for " << call->only << ": " << was << "-> " << is) {
        if (of.contains(call)) {
          concerned(*call, was, is);
        } else if (cancelled.contains(call)) {
          ++cascades;
          BOOST_REQUIRE(call->end.failed);
          BOOST_REQUIRE(call->end.failed->code == errc::cancelled);
          BOOST_REQUIRE((call->end.failed->known == progress::unknown) == (call->ran || !was.on.empty()));
        } else {
          unaffected(*call, was, is);
        }
      }
    }
    judge_all();
  }
  void unaffected(call_of_model& call, place const& was, place const& is) {
    if (was == is) return;
    if (is.ended && was.queued && !call.only.empty() && call.end.failed) {
      // What it was for has gone, or has not got it.
      auto const* node = named(call.only);
      BOOST_REQUIRE((!node || !has(*node, call)));
      BOOST_REQUIRE((call.end.failed->code == errc::no_node || call.end.failed->code == errc::unknown_method));
      return;
    }
    BOOST_REQUIRE(was.queued);
    came_out(was, is);
  }
  void came_out(place const& was, place const& is) {
    BOOST_REQUIRE((!is.queued && !is.pauses && is.goes_on()));
    BOOST_REQUIRE(is.on.size() == was.on.size() + 1);
    BOOST_REQUIRE(std::ranges::includes(is.on, was.on));
    copies += is.on.size() == 2;
  }
  /// It waits for a node or has one already.
  static void goes_out(place const& is) { BOOST_REQUIRE((is.goes_on() && !is.pauses && (is.queued || is.on.size() == 1))); }

  /// What holds whatever has happened.
  void judge_all() {
    for (auto& call : calls_) {
      if (call.end.ended && call.end.failed && call.end.failed->known == progress::not_started) BOOST_REQUIRE(!call.ran);
      if (call.is_over()) continue;
      auto const is = look(call);
      BOOST_TEST_CONTEXT(call.method << " for " << call.only << ": " << is) {
        // It has a future, and one only.
        BOOST_REQUIRE(is.on.size() <= 2U);
        BOOST_REQUIRE(int{is.queued} + int{is.pauses} + int{is.dying} <= 1);
        BOOST_REQUIRE((!is.on.empty() || is.queued || is.pauses || is.dying));
        BOOST_REQUIRE((!is.dying || is.on.empty()));
        BOOST_REQUIRE((is.on.size() < 2 || call.may_repeat(call.method != "Work.write")));
        if (is.on.size() == 1) {
          auto const& node = *named(*is.on.begin());
          auto const wants_copy = is_suspect(node) && call.may_repeat(says_yes(node, call));
          BOOST_REQUIRE(((is.queued || is.pauses) == wants_copy || about_[&node].drains));
        }
        auto const misses = is.queued && is.on.empty() && !anybody_able(call);
        if (!misses) call.alone_in_the_world.reset();
        if (misses && !call.alone_in_the_world) call.alone_in_the_world = on_.now();
      }
    }
    std::size_t slots = 0;
    for (auto* node : here_) {
      std::size_t alone = 0, running = 0;
      for (auto const& one : node->attempts) {
        auto const* attempt = on_.ledger.find(one.id, node->id);
        BOOST_REQUIRE(attempt);
        BOOST_REQUIRE(attempt->abandoned == one.abandoned);
        std::size_t children = 0;
        for (auto const* child : live()) children += child->parent == one.id;
        BOOST_REQUIRE(attempt->nested == children);
        slots += children == 0;
        running += children == 0;
        alone += children == 0 && attempt->alone;
        auto* call = call_of(one.call);
        BOOST_REQUIRE((one.abandoned || (call && look(*call).on.contains(node->name))));
      }
      BOOST_REQUIRE((alone == 0 || running == 1 || about_[node].drains || nested_beside(*node)));
    }
    BOOST_REQUIRE(on_.ledger.nodes().counts().in_use == slots);
  }
  /// A suspended call that goes on takes its slot whoever is there.
  bool nested_beside(stage_node const& node) {
    return std::ranges::any_of(node.attempts, [&](auto const& one) { return parents_.contains(one.id.index); });
  }

  // Events

  void join() {
    if (here_.size() >= 6) return;
    std::string const name = "n" + std::to_string(below(8));
    if (named(name)) return;
    known_node about;
    about.go = below(6) == 0;
    about.supervised = !about.go && below(2) == 0;
    // Some processes come back, having lost only their connection.
    if (!about.go) about.process = below(2) == 0 && !gone_.empty() ? gone_[below(static_cast<std::uint32_t>(gone_.size()))] : ++last_process_;
    for (auto* node : here_)
      if (about.process != 0 && about_[node].process == about.process) return;
    std::erase(gone_, about.process);
    model_calls relieved;
    for (auto* call : live()) {
      if (std::erase_if(call->deaths, [&](death const& one) { return one.process == about.process && about.process != 0; }) > 0 &&
          call->poisoned && call->deaths.size() < 3)
        relieved.insert(call);
    }
    happens(
        [&] {
          auto& node = about.go ? on_.add_go(name, 1 + below(3)) : on_.add(name, 1 + below(3), about.process, about.supervised);
          here_.insert(&node);
          about_[&node] = about;
        },
        relieved,
        [&](call_of_model& call, place const& was, place const& is) {
          BOOST_REQUIRE(was.dying);
          BOOST_REQUIRE((is.goes_on() && (is.pauses || is.queued || is.on.size() == 1)));
          call.poisoned = false;
          call.died_with = 0;
        });
  }

  void leave() {
    auto* node = any_node();
    if (!node) return;
    // The last ones may not have been written.
    for (std::size_t n = below(3); n > 0 && n <= node->attempts.size(); --n)
      if (below(2) == 0) node->attempts[node->attempts.size() - n].written = false;
    lose(*node, below(3) == 0 ? departure::left : departure::died);
  }

  void lose(stage_node& node, departure how) {
    auto const about = about_[&node];
    std::uint64_t written = 0;
    for (auto const& one : node.attempts)
      if (one.written) written = one.frame;
    std::map<call_of_model*, std::pair<bool, bool>, by_order> had;  // written, alone
    model_calls of;
    for (auto const& one : node.attempts) {
      auto* call = one.abandoned ? nullptr : call_of(one.call);
      if (!call) continue;
      of.insert(call);
      had[call] = {one.frame <= written, on_.ledger.find(one.id, node.id)->alone};
    }
    here_.erase(&node);
    if (about.process != 0) gone_.push_back(about.process);
    happens(
        [&] { on_.leave(node, how); }, of,
        [&](call_of_model& call, place const& was, place const& is) {
          auto const [is_written, alone] = had.at(&call);
          auto rest = was.on;
          rest.erase(node.name);
          auto const repeats = call.may_repeat(about.go ? call.method != "Work.write" : call.method != "Work.write");
          call.ran = call.ran || is_written;
          if (is_written && how == departure::died && about.process != 0 && (!rest.empty() || repeats))
            call.deaths.push_back({about.process, on_.now() + (about.supervised ? dist::duration(2s) : settings().liveness.lost_after)});
          if (!rest.empty()) {  // 25
            BOOST_REQUIRE(is.goes_on());
            BOOST_REQUIRE(std::ranges::includes(is.on, rest));
            return;
          }
          if (!is_written) {  // 26
            if (call.only.empty()) {
              call.avoid(node.id);
              if (call.refusals < 4) return goes_out(is);
              call.refusals = 0;  // 14: those while it was elsewhere too
              BOOST_REQUIRE((is.pauses && is.on.empty()));
              return;
            }
            BOOST_REQUIRE(call.end.failed);
            BOOST_REQUIRE(call.end.failed->code == errc::no_node);
            return;
          }
          if (!repeats) {  // 29
            if (how == departure::died && about.supervised) return dies(call, is, false, about.process, on_.now() + 2s);
            BOOST_REQUIRE(call.end.failed);
            BOOST_REQUIRE(call.end.failed->code == (how == departure::silent ? errc::node_lost : errc::connection_lost));
            BOOST_REQUIRE(call.end.failed->known == progress::unknown);
            return;
          }
          if (how == departure::died && about.process != 0 && call.deaths.size() >= 3 && alone)  // 28
            return dies(call, is, true, about.process, certain(call));
          call.avoid(node.id);
          BOOST_REQUIRE((is.goes_on() && (is.pauses || is.queued || is.on.size() == 1)));  // 27
          if (is.pauses) call.refusals = 0;
        });
  }
  dist::time_point certain(call_of_model const& call) const {
    auto latest = on_.now();
    for (auto const& one : call.deaths) latest = std::max(latest, one.certain_at);
    return latest;
  }
  void dies(call_of_model& call, place const& is, bool is_poisoned, std::uint64_t process, dist::time_point until) {
    BOOST_REQUIRE(is.dying);
    call.poisoned = is_poisoned;
    call.died_with = process;
    call.until = until;
    poisoned += is_poisoned;
  }

  void drain() {
    auto* node = any_node();
    if (!node || below(3) != 0) return;
    about_[node].drains = true;
    happens([&] { on_.drain(*node); }, {}, {});
  }
  void silence() {
    if (auto* node = any_node()) node->silent = true;
  }
  void sound() {
    if (auto* node = any_node()) sound_of(*node);
  }
  void sound_of(stage_node& node) {
    model_calls of;
    if (is_suspect(node))
      for (auto* call : live())
        if (look(*call).on == std::set{node.name}) of.insert(call);
    happens([&] { on_.heard(node); }, of, [&](call_of_model&, place const& was, place const& is) {  // 24
      BOOST_REQUIRE((is.on == was.on && !is.queued && !is.pauses));
    });
  }

  void start() {
    auto& call = calls_.emplace_back();
    call.order = calls_.size();
    dist::test::test_call asked;
    char const* const methods[] = {"Work.read", "Work.slow", "Work.write"};
    call.method = methods[below(3)];
    asked.once = call.once = below(8) == 0;
    if (below(6) == 0) {
      call.only = "n" + std::to_string(below(8));
      asked.labels = {"node=" + call.only};
    }
    if (below(4) == 0) asked.node_wait = call.node_wait = 1s * (1 + below(5));
    model_calls none;
    if (auto* node = any_node(); node && !node->attempts.empty() && below(3) == 0) {
      auto const& parent = node->attempts[below(static_cast<std::uint32_t>(node->attempts.size()))];
      asked.parent = parent.id;
      if (!parent.abandoned) {
        call.parent = parent.id;
        parents_.insert(parent.id.index);
      }
      call.given_up = true;  // it is not there yet
      happens([&] { begin(call, asked); }, none, {});
      if (parent_was_abandoned_) {  // 3
        BOOST_REQUIRE(call.end.failed);
        BOOST_REQUIRE(call.end.failed->code == errc::cancelled);
      }
      return;
    }
    call.given_up = true;
    happens([&] { begin(call, asked); }, none, {});
  }
  void begin(call_of_model& call, dist::test::test_call const& asked) {
    parent_was_abandoned_ = asked.parent && !call.parent;
    call.given_up = false;
    call.number = on_.start(call.method, asked, &call.end);
    if (call.end.ended && !parent_was_abandoned_) {  // 2
      auto const* node = named(call.only);
      BOOST_REQUIRE((node && !has(*node, call)));
      BOOST_REQUIRE(call.end.failed->code == errc::unknown_method);
    }
    if (look(call).queued && call.only.empty()) {
      // Nobody is idle who could take it.
      for (auto* one : here_) BOOST_REQUIRE((!able(*one, call) || !one->attempts.empty() || reserved()));
    }
  }
  /// A call that needs a node for itself keeps one from the others.
  bool reserved() {
    return std::ranges::any_of(calls_, [&](auto const& call) { return !call.is_over() && call.deaths.size() >= 2; });
  }

  void give_up() {
    auto const all = live();
    if (!all.empty()) cancel(*all[below(static_cast<std::uint32_t>(all.size()))]);
  }
  void cancel(call_of_model& call) {
    auto const was = look(call);
    auto const ends = cascade_of(attempts_of(call));
    std::optional<dist::end_facts> left;
    happens(
        [&] {
          left = on_.give_up(call.number);
          call.given_up = true;
        },
        {&call}, [](call_of_model&, place const&, place const&) {}, ends);
    BOOST_REQUIRE(left);
    BOOST_REQUIRE((left->known == progress::unknown) == (call.ran || !was.on.empty()));
    BOOST_REQUIRE((std::string_view(left->phase) == "running") == (!was.on.empty() || was.dying));
  }

  void answer() {
    auto* node = any_node();
    if (node && !node->silent && !node->attempts.empty())
      answer_on(*node, below(static_cast<std::uint32_t>(node->attempts.size())));
  }
  void answer_on(stage_node& node, std::size_t index) {
    auto* call = call_of(node.attempts[index].call);
    auto ends = call ? attempts_of(*call) : std::vector<dist::call_id>();
    std::erase(ends, node.attempts[index].id);
    model_calls of;
    if (call) of.insert(call);
    orphan(node.attempts[index].id);
    happens([&] { on_.answer(node, index); }, of, [&](call_of_model& one, place const&, place const& is) {  // 12
      BOOST_REQUIRE((is.ended && !one.end.failed));
      BOOST_REQUIRE(one.end.by == node.name);
    }, cascade_of(ends));
  }
  /// What it has made goes on without it.
  void orphan(dist::call_id parent) {
    for (auto& call : calls_)
      if (call.parent == parent) call.parent.reset();
  }

  void fail() {
    auto* node = any_node();
    if (!node || node->silent || node->attempts.empty()) return;
    auto const index = below(static_cast<std::uint32_t>(node->attempts.size()));
    auto const one = node->attempts[index];
    auto* call = one.abandoned ? nullptr : call_of(one.call);
    auto const code = below(3) == 0 ? errc::method_failed : errc::transient;
    auto ends = call ? attempts_of(*call) : std::vector<dist::call_id>();
    std::erase(ends, one.id);
    model_calls of;
    if (call) of.insert(call);
    orphan(one.id);
    happens([&] { on_.refuse(*node, code, index); }, of, [&](call_of_model& about, place const&, place const& is) {
      about.ran = true;
      if (code == errc::transient && !about.once && about.retries < 3) {  // 18
        ++about.retries;
        about.refusals = 0;
        about.avoid(node->id);
        BOOST_REQUIRE((is.pauses && is.on.empty()));
        return;
      }
      BOOST_REQUIRE(about.end.failed);  // 19
      BOOST_REQUIRE(about.end.failed->code == code);
      BOOST_REQUIRE(about.end.failed->known == progress::executed);
    }, cascade_of(ends));
  }

  void refuse() {
    auto* node = any_node();
    if (!node || node->silent || node->attempts.empty()) return;
    auto const index = below(static_cast<std::uint32_t>(node->attempts.size()));
    auto const one = node->attempts[index];
    auto* call = one.abandoned ? nullptr : call_of(one.call);
    errc const codes[] = {errc::overloaded, errc::overloaded, errc::draining, errc::unknown_method, errc::bad_arguments};
    auto const code = codes[below(below(4) == 0 ? 5 : 3)];
    model_calls of;
    if (call) of.insert(call);
    orphan(one.id);
    if (call && code == errc::unknown_method) about_[node].lacks.insert(call->method);
    happens([&] { on_.refuse(*node, code, index); }, of, [&](call_of_model& about, place const& was, place const& is) {
      ++about.refusals;
      auto rest = was.on;
      rest.erase(node->name);
      auto const been_here = std::ranges::find(about.avoided, node->id) != about.avoided.end();
      auto const others = std::ranges::any_of(here_, [&](auto* other) { return has(*other, about); });
      if (!rest.empty()) {  // 17
        about.avoid(node->id);
        BOOST_REQUIRE((is.goes_on() && std::ranges::includes(is.on, rest)));
      } else if (was.queued || was.pauses) {
        about.avoid(node->id);
        goes_out(is);
      } else if (code == errc::bad_arguments || (code == errc::unknown_method && !others) ||
                 (!about.only.empty() && !has(*node, about))) {  // 16, 11
        BOOST_REQUIRE(about.end.failed);
        BOOST_REQUIRE((about.end.failed->code == code || about.end.failed->code == errc::unknown_method));
        BOOST_REQUIRE(about.end.failed->known == (about.ran ? progress::unknown : progress::not_started));
      } else if ((code == errc::overloaded && been_here) || about.refusals >= 4) {  // 14
        about.avoid(node->id);
        about.refusals = 0;
        BOOST_REQUIRE((is.pauses && is.on.empty()));
      } else {  // 15
        about.avoid(node->id);
        goes_out(is);
      }
    });
  }

  void explain() {
    if (gone_.empty()) return;
    auto const process = gone_[below(static_cast<std::uint32_t>(gone_.size()))];
    std::erase(gone_, process);  // it does not come back
    model_calls of;
    for (auto* call : live()) {
      for (auto& one : call->deaths)
        if (one.process == process) one.certain_at = dist::time_point::min();
      if (call->died_with != 0 && (call->poisoned || call->died_with == process)) of.insert(call);
    }
    happens([&] { on_.tell_end(process, "signal 6"); }, of, [&](call_of_model& call, place const& was, place const& is) {  // 30
      BOOST_REQUIRE(was.dying);
      if (call.poisoned && certain(call) > on_.now()) {
        BOOST_REQUIRE(is.dying);
        call.until = certain(call);
        return;
      }
      is_dead(call);
    });
  }
  static void is_dead(call_of_model const& call) {
    BOOST_REQUIRE(call.end.failed);
    BOOST_REQUIRE(call.end.failed->code == (call.poisoned ? errc::poisoned : errc::connection_lost));
    BOOST_REQUIRE(call.end.failed->known == progress::unknown);
  }

  /// Half a second: pauses, waits and post-mortems end, nodes fall silent and are lost.
  void pass() {
    // A node that will be lost is lost first, so that only this happens to its calls.
    model_calls all;
    for (auto* call : live()) all.insert(call);
    dist::test::stage_nodes before = here_;
    happens(
        [&] {
          on_.pass(500ms);
          for (auto* node : before)
            if (!on_.ledger.node(node->id)) {
              here_.erase(node);
              if (about_[node].process != 0) gone_.push_back(about_[node].process);
              lost_[node->name] = node->id;
            }
        },
        all, [&](call_of_model& call, place const& was, place const& is) { passed(call, was, is); });
    lost_.clear();
  }
  void passed(call_of_model& call, place const& was, place const& is) {
    if (was.dying) {
      if (on_.now() >= call.until) return is_dead(call);
      BOOST_REQUIRE(is.dying);
      return;
    }
    auto rest = was.on;
    for (auto const& [name, id] : lost_) rest.erase(name);
    auto const lost = rest.size() < was.on.size();
    if (lost) {
      call.ran = true;
      if (rest.empty())
        for (auto const& name : was.on) call.avoid(lost_.at(name));
    }
    if (!is.ended) {
      BOOST_REQUIRE(is.goes_on());
      BOOST_REQUIRE((std::ranges::includes(is.on, rest) || lost));
      if (lost && rest.empty()) BOOST_REQUIRE(call.may_repeat(call.method != "Work.write"));
      if (is.pauses && lost) call.refusals = 0;
      // Longer than it wants to it does not wait.
      if (call.alone_in_the_world && was.queued && is.queued && call.node_wait != dist::duration::max())
        BOOST_REQUIRE((on_.now() - *call.alone_in_the_world < call.node_wait + 1s));
      return;
    }
    BOOST_REQUIRE(call.end.failed);
    auto const& what = *call.end.failed;
    if (what.code == errc::node_lost) {
      BOOST_REQUIRE((lost && rest.empty() && what.known == progress::unknown));
      BOOST_REQUIRE(!call.may_repeat(call.method != "Work.write"));
    } else if (what.code == errc::no_node && call.only.empty()) {
      // The wait began when the last able node went, or when the call was queued.
      BOOST_REQUIRE((was.queued || was.pauses || lost));
      BOOST_REQUIRE((call.node_wait != dist::duration::max() && call.alone_in_the_world));
      BOOST_REQUIRE((on_.now() - *call.alone_in_the_world >= call.node_wait - 500ms));
    } else {
      BOOST_REQUIRE((!call.only.empty() && (what.code == errc::no_node || what.code == errc::unknown_method)));
    }
  }

  std::mt19937 random_;
  ledger_stage on_;
  std::deque<call_of_model> calls_;
  dist::test::stage_nodes here_;
  std::map<stage_node const*, known_node, dist::test::by_join> about_;
  std::vector<std::uint64_t> gone_;  ///< processes that went, and that nobody has explained
  std::map<std::string, dist::node_id> lost_;
  std::set<std::uint32_t> parents_;  ///< attempts that have made calls
  std::uint64_t last_process_ = 0;
  bool parent_was_abandoned_ = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ledger_property)

BOOST_AUTO_TEST_CASE(ledger_does_what_the_naive_model_says) {
  std::uint64_t copies = 0;
  std::uint64_t poisoned = 0;
  std::uint64_t cascades = 0;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      driver both(seed);
      for (int n = 0; n < 500; ++n) both.step();
      both.rest();
      copies += both.copies;
      poisoned += both.poisoned;
      cascades += both.cascades;
    }
  }
  BOOST_TEST(copies > 20U);
  BOOST_TEST(poisoned > 0U);
  BOOST_TEST(cascades > 20U);
}

BOOST_AUTO_TEST_SUITE_END()
