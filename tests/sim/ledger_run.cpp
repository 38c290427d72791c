#include "ledger_run.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <deque>
#include <iostream>
#include <queue>
#include <random>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ledger/call_ledger.hpp"

namespace dist::sim {
namespace {

using namespace std::chrono_literals;

struct broken : std::logic_error {
  using std::logic_error::logic_error;
};

void expect(bool holds, char const* what) {
  if (!holds) throw broken(what);
}

/// One open attempt, as its node sees it.
struct open_attempt {
  call_no call;
  call_id id;
  std::uint32_t node = 0;
  std::uint32_t position = 0;  ///< in its node's list
  std::uint64_t frame = 0;
  std::uint32_t children = 0;  ///< that have not ended
  bool open = false;
  bool alone = false;
  bool abandoned = false;
  bool was_suspended = false;  ///< for a call of its own: then others may have come to its node
};

/// One call, as its caller sees it.
struct open_call {
  call_no number;
  std::uint32_t method = 0;
  std::uint32_t position = 0;  ///< among those that live
  bool live = false;
  bool once = false;
  bool word = false;
  bool ran = false;       ///< as far as anybody can tell it may have
  bool lost = false;      ///< on a node that had it and went
  bool is_answered = false;
  bool named = false;     ///< for one node only
  bool is_over = false;   ///< lost, and it may not run twice anywhere
  std::uint32_t reply = 0;
  call_id parent{};
  std::vector<std::uint64_t> deaths;  ///< processes that ended while it ran there; some may come back
  std::vector<call_id> on;  ///< attempts that are wanted, sent ones only
};

struct node_of_run {
  node_id id{};
  std::string name;
  bool here = false;
  bool silent = false;
  bool go = false;
  bool supervised = false;
  bool lists_no = false;       ///< of the methods that others list as repeatable, it does not
  std::uint32_t slots = 1;
  std::uint64_t incarnation = 0;
  std::uint64_t last_frame = 0;
  std::uint64_t answered_frame = 0;
  duration delay{};
  std::vector<call_id> attempts;
};

enum class kind : std::uint8_t { reply, child, process_ends, comes, goes, falls_silent, speaks, drains, leaves };

struct happening {
  time_point due;
  std::uint64_t order;
  kind what;
  std::uint32_t node;
  call_id attempt;
  std::uint64_t number;  ///< incarnation
};

struct later_first {
  bool operator()(happening const& a, happening const& b) const noexcept {
    return a.due != b.due ? a.due > b.due : a.order > b.order;
  }
};

class ledger_run {
 public:
  ledger_run(std::uint64_t seed, std::uint64_t sweep)
      : random_(seed), sweep_(sweep), settings_(choose_settings()), ledger_(settings_, seed, now_) {
    for (std::uint32_t n = 0; n < method_count; ++n) {
      ledger_.methods().expect("M.m" + std::to_string(n));
      methods_.push_back(*ledger_.methods().find("M.m" + std::to_string(n), false));
    }
    target_ = 4 + below(120);
    mixed_ = below(4) == 0;
    stormy_ = below(4) == 0;
    delay_ = 2ms + below(30) * 1ms;
    nodes_.resize(2 + below(9));
    for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
      auto& node = nodes_[n];
      node.name = "n" + std::to_string(n);
      node.go = below(5) == 0;
      node.supervised = !node.go && below(2) == 0;
      node.lists_no = mixed_ && below(3) == 0;
      node.slots = 1 + below(4);
      node.delay = delay_ * (1 + below(4));
      node.incarnation = node.go ? 0 : ++last_incarnation_;
      later_on(kind::comes, n, 1ms * below(500));
    }
  }

  ledger_verdict run(std::uint64_t events) {
    ledger_verdict told;
    try {
      while (events_ < events) step();
      rest();
    } catch (broken const& why) {
      told.problem = why.what();
    }
    told.events = events_;
    told.calls = calls_begun_;
    told.actions = hash_;
    return told;
  }

 private:
  static constexpr std::uint32_t method_count = 6;  ///< the first half may run twice, the last is slow

  std::uint64_t draw() noexcept {
    auto z = random_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  std::uint32_t below(std::uint32_t bound) noexcept { return static_cast<std::uint32_t>(draw() % bound); }
  bool once_in(std::uint32_t times) noexcept { return below(times) == 0; }

  registry_settings choose_settings() {
    registry_settings settings;
    settings.liveness.heartbeat = 100ms;
    settings.liveness.lost_after = 1500ms;
    settings.window = once_in(2) ? 0 : 4;
    settings.brief_window = settings.window;
    settings.queue.count = once_in(3) ? 20 : 100'000;
    settings.ejection.failures = once_in(2) ? 0 : 5;
    return settings;
  }

  void later_on(kind what, std::uint32_t node, duration after, call_id attempt = {}, std::uint64_t number = 0) {
    agenda_.push({now_ + after, ++order_, what, node, attempt, number});
  }

  void step() {
    ++events_;
    // Submissions and cancellations come between what is due.
    if (!resting_ && live_.size() < target_ && once_in(2)) {
      submit({}, false);
    } else if (!resting_ && !live_.empty() && once_in(60)) {
      give_up(live_[below(static_cast<std::uint32_t>(live_.size()))]);
    } else if (!resting_ && once_in(stormy_ ? 4 : 250)) {
      disturb();
    } else {
      advance();
    }
    carry_out();
    if (events_ % sweep_ == 0) look_at_everything();
  }

  void advance() {
    auto next = std::min(beat_at_, ledger_.next_wake());
    if (!agenda_.empty()) next = std::min(next, agenda_.top().due);
    now_ = std::max(now_, next);
    if (now_ >= beat_at_) return beat();
    if (ledger_.next_wake() <= now_) return ledger_.wake(now_);
    auto const happens = agenda_.top();
    agenda_.pop();
    auto& node = nodes_[happens.node];
    switch (happens.what) {
      case kind::reply: return reply(happens);
      case kind::child: return make_child(happens);
      case kind::process_ends: return ledger_.take(process_ended{happens.number, "signal 6 (aborted)", "M.m0"}, now_);
      case kind::comes: return come(happens.node);
      case kind::goes: return node.here && node.silent && node.supervised ? go(node, departure::died) : void();
      case kind::falls_silent: node.silent = node.here; return;
      case kind::speaks:
        node.silent = false;
        if (node.here) ledger_.heard(node.id, now_);
        return;
      case kind::drains:
        if (node.here) ledger_.drains(node.id);
        return;
      case kind::leaves:
        if (node.here && ledger_.node(node.id)->drains) go(node, departure::left);
        return;
    }
  }

  /// Something goes wrong with a node.
  void disturb() {
    auto const index = below(static_cast<std::uint32_t>(nodes_.size()));
    auto& node = nodes_[index];
    if (!node.here) return come(index);
    if (stormy_ && once_in(2)) return go(node, departure::died);
    switch (below(6)) {
      case 0:
      case 1: return go(node, departure::died);
      case 2:
      case 3:
        node.silent = true;
        later_on(kind::speaks, index, 1ms * below(2500));
        if (once_in(4)) later_on(kind::goes, index, 1ms * below(1500));
        return;
      case 4:
        ledger_.drains(node.id);
        later_on(kind::leaves, index, 1ms * below(300));
        return;
      default:
        // Its connection is replaced by another, while the master believes in the old one.
        if (!node.go) come(index);
        return;
    }
  }

  void come(std::uint32_t index) {
    auto& node = nodes_[index];
    if (node.here && !node.silent && once_in(2)) return;
    auto const same = once_in(3);
    auto const before = node.incarnation;
    if (!node.go && !same) node.incarnation = ++last_incarnation_;
    node_info info;
    info.name = node.name;
    info.slots = node.slots;
    info.incarnation = node.incarnation;
    info.kind = node.go ? node_kind::go : node_kind::dist;
    if (index % 2 == 0) info.labels["even"] = "1";
    if (!node.go)
      for (std::uint32_t n = 0; n < method_count; ++n)
        info.methods.push_back({"M.m" + std::to_string(n), "", "", n < method_count / 2 && !node.lists_no, n == 0});
    auto const in = ledger_.join(std::move(info), node.supervised, now_);
    if (!in) {
      node.incarnation = before;
      return;
    }
    // It had lost its connection only: nobody may be blamed for that.
    if (same && !node.go)
      for (auto const index_of_call : live_) std::erase(calls_[index_of_call].deaths, node.incarnation);
    if (in->replaced) {
      expect(node.here && node.id == *in->replaced, "another node was replaced");
      auto const is_same = node.incarnation == before && before != 0;
      go(node, !is_same && in->replaced_silent ? departure::silent : departure::left, false);
    }
    expect(!node.here, "a node is here twice");
    node.id = in->id;
    node.here = true;
    node.silent = false;
    node.last_frame = node.answered_frame = 0;
    ledger_.ready(node.id, now_);
  }

  void go(node_of_run& node, departure how, bool returns = true) {
    auto const index = static_cast<std::uint32_t>(&node - nodes_.data());
    gone event;
    event.node = node.id;
    event.how = how;
    event.why = "it went";
    // What was written last may not have left.
    event.written = std::max(node.answered_frame, node.last_frame - std::min<std::uint64_t>(node.last_frame, below(3)));
    for (auto const id : node.attempts) {
      auto& one = attempts_[id.index];
      one.open = false;
      if (auto* call = find(one.call); call && !one.abandoned) {
        std::erase(call->on, id);
        if (one.frame > event.written) continue;
        call->ran = call->lost = true;
        call->is_over = call->once || call->method >= method_count / 2;
        if (how == departure::died && !node.go) call->deaths.push_back(node.incarnation);
      }
    }
    node.attempts.clear();
    node.here = false;
    ledger_.take(event, now_);
    if (node.supervised && how == departure::died && !once_in(4))
      later_on(kind::process_ends, index, 1ms * below(2500), {}, node.incarnation);
    if (returns) later_on(kind::comes, index, 1ms * below(stormy_ ? 50 : 1500));
  }

  void beat() {
    beat_at_ += 100ms;
    for (auto const& node : nodes_)
      if (node.here && !node.silent) ledger_.heard(node.id, now_);
    for (auto const& event : ledger_.tick(now_))
      if (event.change == liveness_change::became_lost)
        for (auto& node : nodes_)
          if (node.here && node.id == event.node) go(node, departure::silent);
  }

  // Calls

  open_call* find(call_no number) {
    auto& call = calls_[number.index];
    return call.live && call.number == number ? &call : nullptr;
  }

  void submit(call_id parent, bool blocks) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(calls_.size()));
      calls_.emplace_back();
    }
    auto& call = calls_[free_.back()];
    call = open_call();
    call.number = {free_.back(), ++last_generation_};
    free_.pop_back();
    call.live = true;
    call.position = static_cast<std::uint32_t>(live_.size());
    live_.push_back(call.number.index);
    call.method = below(method_count);
    call.word = call.method < method_count / 2;
    call.once = once_in(10);
    ++calls_begun_;
    submitted asked;
    asked.call = call.number;
    asked.method = methods_[call.method];
    asked.callers_word = call.word && !call.once;
    asked.once = call.once;
    asked.again = !call.once && once_in(50);
    call.ran = call.lost = asked.again;
    asked.caller = static_cast<caller_ref>(below(3));
    static std::string const even[] = {"even=1"};
    static std::string const named[] = {"node=n1"};
    static std::string const nobody[] = {"even=2"};
    auto const kind = below(40);
    if (kind < 3) asked.labels = even;
    if (kind == 3) asked.labels = named;
    call.named = kind == 3;
    if (kind == 4) asked.labels = nobody;
    if (once_in(4) || kind == 4) asked.node_wait = 1ms * below(800);
    if (once_in(20)) asked.retries = below(6);
    if (once_in(20)) asked.deadline = now_ + 1ms * below(100);
    if (parent.generation != 0) {
      call.parent = parent;
      ++attempts_[parent.index].children;
      attempts_[parent.index].was_suspended = true;
      asked.parent = parent;
      asked.parent_blocks = blocks;
    }
    ledger_.take(asked, now_);
  }

  void close(open_call& call) {
    if (call.parent.generation != 0)
      if (auto& parent = attempts_[call.parent.index]; parent.open && parent.id == call.parent) --parent.children;
    for (auto const id : call.on) attempts_[id.index].abandoned = true;
    call.on.clear();
    call.live = false;
    live_[call.position] = live_.back();
    calls_[live_.back()].position = call.position;
    live_.pop_back();
    free_.push_back(call.number.index);
  }

  void give_up(std::uint32_t index) {
    auto& call = calls_[index];
    auto const left = ledger_.given_up(call.number);
    if (!left) return;  // its end is among the actions
    expect((left->known == progress::unknown) == (call.ran || !call.on.empty()), "given_up() does not know what is known");
    expect(call.on.empty() || std::string_view(left->phase) == "running", "given_up() does not know that it runs");
    ledger_.forget(call.number);
    close(call);
  }

  void make_child(happening const& one) {
    auto& parent = attempts_[one.attempt.index];
    if (!parent.open || parent.id != one.attempt || resting_) return;
    submit(one.attempt, one.attempt.index % 2 == 0);
  }

  // Attempts

  void send(node_action const& one) {
    auto* call = find(one.call);
    if (!ledger_.to_be_sent(one.attempt)) return;
    expect(call != nullptr, "a call that has ended is sent");
    auto const at = std::ranges::find(nodes_, one.node, &node_of_run::id);
    expect(at != nodes_.end() && at->here, "a call is sent to a node that is not here");
    auto const state = ledger_.nodes().state(one.node);
    expect(state == node_state::living || state == node_state::set_aside || call->parent.generation != 0,
           "a call is sent to a node that takes none");
    expect(call->on.size() < 2, "a call is on three nodes");
    auto const repeats = at->go ? call->word && !call->once : call->method < method_count / 2 && !at->lists_no;
    for (auto const other : call->on)
      expect(attempts_[other.index].node != at - nodes_.begin(), "a call is on one node twice");
    if (one.again == issue_cost::loss) expect(++paid_losses_ <= losses_allowed(), "more lost calls are sent again than their budget allows");
    expect((call->on.empty() && !call->lost) || (repeats && !call->once), "a call may run twice that must not");
    auto const frame = ++at->last_frame;
    if (once_in(200)) {  // it cannot be written
      --at->last_frame;
      ledger_.take(faulted{one.attempt, 0, make_fault(errc::draining, "it leaves")}, now_);
      return;
    }
    ledger_.sent(one.attempt, frame);
    if (attempts_.size() <= one.attempt.index) attempts_.resize(one.attempt.index + std::size_t{1});
    auto& there = attempts_[one.attempt.index];
    expect(!there.open, "an attempt's number is used twice");
    auto const* in_ledger = ledger_.find(one.attempt, one.node);
    expect(in_ledger && in_ledger->call == one.call, "the ledger does not know what it sends");
    there = open_attempt();
    there.call = one.call;
    there.id = one.attempt;
    there.node = static_cast<std::uint32_t>(at - nodes_.begin());
    there.position = static_cast<std::uint32_t>(at->attempts.size());
    there.frame = frame;
    there.open = true;
    there.alone = in_ledger->alone;
    if (call->parent.generation == 0)
      for (auto const id : at->attempts) {
        auto const& beside = attempts_[id.index];
        if (!beside.was_suspended) expect(!beside.alone && !there.alone, "a call that has to be alone is not");
      }
    at->attempts.push_back(one.attempt);
    call->on.push_back(one.attempt);
    auto const takes = at->delay * (1 + below(3)) * (call->method == method_count - 1 ? 8 : 1);
    if (once_in(8)) later_on(kind::child, there.node, takes / 2, one.attempt);
    if (!once_in(2000)) later_on(kind::reply, there.node, takes, one.attempt);
  }

  void reply(happening const& one) {
    auto& attempt = attempts_[one.attempt.index];
    if (!attempt.open || attempt.id != one.attempt) return;
    auto& node = nodes_[one.node];
    // Behind a silence, or behind its own calls.
    if (node.silent || (attempt.children > 0 && !once_in(4)))
      return later_on(kind::reply, one.node, node.silent ? 50ms : 2ms, one.attempt);
    attempt.open = false;
    node.attempts[attempt.position] = node.attempts.back();
    attempts_[node.attempts.back().index].position = attempt.position;
    node.attempts.pop_back();
    node.answered_frame = std::max(node.answered_frame, attempt.frame);
    expect(ledger_.find(one.attempt, node.id) != nullptr, "the ledger has lost an attempt");
    auto* call = find(attempt.call);
    auto const wanted = call && !attempt.abandoned;
    if (wanted) std::erase(call->on, one.attempt);
    auto const us = static_cast<std::uint32_t>(node.delay / 1us / 10);
    switch (resting_ ? 63 : below(64)) {
      case 0:
      case 1:
      case 2: {
        auto what = make_fault(once_in(2) ? errc::transient : errc::method_failed, "it failed");
        if (wanted) call->ran = true;
        ended(ledger_.take(faulted{one.attempt, us, std::move(what)}, now_), wanted);
        if (wanted)
          for (auto const id : std::exchange(call->on, {})) attempts_[id.index].abandoned = true;
        return;
      }
      case 3:
      case 4:
      case 5:
      case 6: {
        auto what = make_fault(errc::overloaded, "refused");
        if (once_in(3)) what = make_fault(errc::draining, "refused");
        if (node.go && once_in(4)) {
          what = make_fault(errc::bad_arguments, "refused");
          what.may = remedy::elsewhere;
        }
        if (once_in(20)) what = make_fault(errc::bad_arguments, "refused");
        if (node.go && once_in(20)) what = make_fault(errc::unknown_method, "refused");
        return ended(ledger_.take(faulted{one.attempt, us, std::move(what)}, now_), wanted);
      }
      default:
        if (call) {
          call->is_answered = true;
          call->reply = ++last_reply_;
        }
        ended(ledger_.take(answered{one.attempt, us, last_reply_}, now_), call != nullptr);
    }
  }

  static void ended(attempt_end const& told, bool awaited) {
    expect(told.is_awaited == awaited, "the ledger and the caller disagree on who waits");
  }

  void finish(caller_action const& one) {
    auto* call = find(one.call);
    expect(call != nullptr, "a call ends twice");
    expect(call->is_answered == !one.why, "a call ends otherwise than it was answered");
    if (!one.why) expect(one.reply == call->reply, "a call ends with the answer of another");
    if (one.why && one.why->known == progress::not_started)
      expect(!call->ran && call->on.empty(), "a call that may have run has not started");
    if (one.why && one.why->code == errc::poisoned) expect(call->deaths.size() >= 3 && !call->once, "a call is poisoned too soon");
    ledger_.forget(one.call);
    close(*call);
    if (!resting_ && once_in(16)) submit({}, false);
    if (!resting_ && !live_.empty() && once_in(64)) give_up(live_[below(static_cast<std::uint32_t>(live_.size()))]);
  }

  void carry_out() {
    for (;;) {
      ledger_.settle(now_);
      if (ledger_.actions().empty()) break;
      std::swap(doing_, ledger_.actions());
      for (auto const& one : doing_.to_nodes) {
        note(static_cast<std::uint64_t>(one.what), one.attempt.index, static_cast<std::uint64_t>(one.node));
        if (one.what == node_action::kind::send) {
          send(one);
        } else if (auto& there = attempts_[one.attempt.index]; there.open && there.id == one.attempt) {
          there.abandoned = true;
          if (auto* call = find(there.call)) std::erase(call->on, one.attempt);
        }
      }
      for (auto const& one : doing_.to_callers) {
        note(7, one.call.index, one.why ? static_cast<std::uint64_t>(one.why->code) : 0);
        finish(one);
      }
      doing_.clear();
    }
  }

  /// All that the nodes hold at once, as much again every ten seconds, and a fifth of the new calls.
  std::uint64_t losses_allowed() const noexcept {
    std::uint64_t held = 0;
    // Twice: one that is replaced is there beside its successor for a moment.
    for (auto const& node : nodes_) held += 2 * (node.slots + settings_.window);
    auto const seconds = static_cast<std::uint64_t>((now_ - began_) / 1s) + 1;
    return std::max<std::uint64_t>(held, 10) + seconds * std::max<std::uint64_t>(held / 10, 10) + calls_begun_ / 5;
  }

  void note(std::uint64_t what, std::uint64_t which, std::uint64_t how) noexcept {
    for (auto const value : {what, which, how}) hash_ = (hash_ ^ value) * 0x100000001B3;
  }

  // Everything

  void look_at_everything() {
    expect(ledger_.live_calls() == live_.size(), "the ledger keeps calls that have ended");
    for (auto const index : live_) {
      auto const standing = ledger_.standing(calls_[index].number);
      expect(standing.on.size() == calls_[index].on.size(), "the ledger has another opinion of where a call is");
      expect(!standing.on.empty() || standing.pauses || standing.waits_for_death || !standing.waits.empty(),
             "a call waits for nothing");
      expect(!(standing.pauses && !standing.waits.empty()), "a call pauses in the queue");
      expect(!calls_[index].is_over || !standing.on.empty() || standing.waits_for_death, "a lost call waits that must not run twice");
      expect(!calls_[index].named || standing.on.empty() || (standing.waits.empty() && !standing.pauses),
             "a call for one node waits for a second");
    }
    std::uint64_t in_use = 0;
    std::uint64_t abandoned = 0;
    for (auto const& node : nodes_) {
      if (!node.here) continue;
      std::size_t there = 0;
      ledger_.each_attempt(node.id, [&](call_id id, attempt const& one) {
        ++there;
        abandoned += one.abandoned;
        expect(attempts_[id.index].open && attempts_[id.index].id == id, "the ledger has an attempt that has ended");
        expect(attempts_[id.index].abandoned == one.abandoned, "an attempt is abandoned, or is not");
        expect(attempts_[id.index].children == one.nested, "an attempt's calls are counted wrong");
        in_use += one.nested == 0 || id.index % 2 == 0;
      });
      expect(there == node.attempts.size(), "the ledger and a node disagree on what is there");
    }
    auto const counts = ledger_.nodes().counts();
    expect(counts.in_use == in_use, "slots are in use that no attempt holds");
    expect(counts.abandoned == abandoned, "abandoned slots are counted wrong");
  }

  /// All nodes are well and nothing new comes: all that lives must end.
  void rest() {
    resting_ = true;
    for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
      nodes_[n].silent = false;
      nodes_[n].lists_no = false;
    }
    look_at_everything();
    auto const until = now_ + std::chrono::hours(1);
    while (!live_.empty() && now_ < until) {
      for (std::uint32_t n = 0; n < nodes_.size(); ++n)
        if (!nodes_[n].here) come(n);
      for (std::size_t n = 0; n < live_.size(); ++n)
        if (now_ > until - 30min) give_up(live_[n]);  // those that no node can take
      step();
    }
    expect(live_.empty(), "calls never end");
    for (auto& node : nodes_)
      if (node.here) go(node, departure::left, false);
    carry_out();
    look_at_everything();
    auto const counts = ledger_.nodes().counts();
    expect(counts.queued == 0 && counts.in_use == 0 && counts.abandoned == 0, "something is left over");
    expect(ledger_.next_wake() == time_point::max(), "a wake is left over");
  }

  std::uint64_t random_;
  std::uint64_t sweep_;
  time_point now_ = time_point() + 1h;
  time_point beat_at_ = now_ + 100ms;
  time_point const began_ = now_;
  registry_settings settings_;
  call_ledger ledger_;
  std::vector<method_ref> methods_;
  std::vector<node_of_run> nodes_;
  std::deque<open_call> calls_;
  std::vector<std::uint32_t> live_;
  std::vector<std::uint32_t> free_;
  std::vector<open_attempt> attempts_;  ///< by the index of their ids
  std::priority_queue<happening, std::vector<happening>, later_first> agenda_;
  ledger_actions doing_;
  std::size_t target_ = 0;
  bool mixed_ = false;
  bool stormy_ = false;  ///< connections break and processes end all the time
  bool resting_ = false;
  duration delay_{};
  std::uint64_t order_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t calls_begun_ = 0;
  std::uint64_t paid_losses_ = 0;
  std::uint64_t hash_ = 0xCBF29CE484222325;
  std::uint64_t last_incarnation_ = 0;
  std::uint32_t last_generation_ = 0;
  std::uint32_t last_reply_ = 0;
};

constexpr std::uint64_t events_of_a_run = 50'000;
constexpr std::uint64_t usual_sweep = 1024;

constexpr char const* usage =
    "usage: sim --ledger [--events N] [--from N] [--seed N]\n"
    "  --events N  about so many events, in runs of 50,000 (10,000,000)\n"
    "  --from N    begin with this seed (default: a new one each time)\n"
    "  --seed N    run this one alone, with a look at everything after each event\n";

void say_problem(ledger_verdict const& one) {
  // A look at everything after each event shows it where it begins.
  auto const soonest = run_ledger(one.seed, events_of_a_run, 1);
  auto const& shown = soonest.problem.empty() ? one : soonest;
  std::cout << "seed " << one.seed << " fails at event " << shown.events << ": " << shown.problem
            << "; ./tests/run sim --ledger --seed " << one.seed << " repeats it" << std::endl;
}

}  // namespace

ledger_verdict run_ledger(std::uint64_t seed, std::uint64_t events, std::uint64_t sweep) {
  ledger_run one(seed, sweep);
  auto told = one.run(events);
  told.seed = seed;
  return told;
}

int run_ledgers(int argc, char** argv) {
  std::uint64_t events = 10'000'000;
  std::uint64_t seed = 1'000'000 + std::random_device()();
  std::uint64_t sweep = usual_sweep;
  for (int i = 0; i < argc; i += 2) {
    std::string_view const flag = argv[i];
    std::string_view const given = i + 1 < argc ? argv[i + 1] : "";
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    auto const is_number = !given.empty() && error == std::errc() && end == given.data() + given.size();
    if (is_number && flag == "--events") {
      events = value;
    } else if (is_number && flag == "--from") {
      seed = value;
    } else if (is_number && flag == "--seed") {
      seed = value;
      events = sweep = 1;
    } else {
      std::cerr << usage;
      return 2;
    }
  }
  std::cout << "seeds from " << seed << "; --from " << seed << " repeats them" << std::endl;
  // The same seed and the same events give the same actions.
  auto const first = run_ledger(seed, events_of_a_run, usual_sweep);
  if (first.problem.empty() && first.actions != run_ledger(seed, events_of_a_run, usual_sweep).actions) {
    std::cout << "seed " << seed << " does not repeat itself" << std::endl;
    return 1;
  }
  auto const began = std::chrono::steady_clock::now();
  std::uint64_t done = 0;
  std::uint64_t calls = 0;
  std::uint64_t runs = 0;
  std::uint64_t failures = 0;
  while (done < events) {
    auto const one = run_ledger(seed++, events_of_a_run, sweep);
    done += one.events;
    calls += one.calls;
    ++runs;
    if (one.problem.empty()) continue;
    say_problem(one);
    if (++failures == 5) break;
  }
  auto const took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::cout << "runs " << runs << ", events " << done << ", calls " << calls << ", failures " << failures << ", "
            << static_cast<std::uint64_t>(static_cast<double>(done) / took) << " events/s" << std::endl;
  return failures == 0 ? 0 : 1;
}

}  // namespace dist::sim
