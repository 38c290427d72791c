#pragma once

#include <boost/test/unit_test.hpp>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ledger/call_ledger.hpp"

namespace dist {

inline std::ostream& operator<<(std::ostream& out, progress what) {
  constexpr char const* names[] = {"not_started", "unknown", "executed"};
  return out << names[static_cast<std::size_t>(what)];
}

inline std::ostream& operator<<(std::ostream& out, remedy what) {
  constexpr char const* names[] = {"elsewhere", "if_repeatable", "never"};
  return out << names[static_cast<std::size_t>(what)];
}

}  // namespace dist

namespace dist::test {

/// How a call ended.
struct outcome {
  bool ended = false;
  std::optional<fault> failed;
  std::string by;  ///< the node that answered
};

/// How a call is made.
struct test_call {
  std::vector<std::string> labels;
  duration node_wait = duration::max();
  time_point deadline = time_point::max();
  bool once = false;
  bool again = false;
  std::uint32_t kill_after_us = 0;
  std::optional<unsigned> retries;
  std::optional<call_id> parent;
  bool parent_blocks = false;
};

/// A node that holds its calls until the test says what becomes of them.
struct stage_node {
  struct attempt {
    call_no call;
    call_id id;
    std::uint64_t frame = 0;
    bool written = true;
    bool abandoned = false;
    std::uint32_t kill_after_us = 0;  ///< as it was cancelled
  };

  bool has(call_no call) const {
    for (auto const& one : attempts)
      if (one.call == call) return true;
    return false;
  }

  node_id id{};
  std::size_t joined = 0;  ///< counts the nodes
  std::string name;
  std::deque<attempt> attempts;   ///< not answered
  std::vector<std::string> sent;  ///< methods, in order
  bool silent = false;            ///< nothing is heard of it
};

/// In the order in which they joined: the same on each run, unlike that of their addresses.
struct by_join {
  bool operator()(stage_node const* a, stage_node const* b) const noexcept { return a->joined < b->joined; }
};
using stage_nodes = std::set<stage_node*, by_join>;

/// A ledger with nodes that do what the test says, in virtual time: the fate of calls, event by event. `Work.read` and
/// `Work.slow` may run twice, `Work.write` may not.
class ledger_stage {
 public:
  explicit ledger_stage(registry_settings const& settings = {}) : ledger(settings, 1, now_) {
    for (auto const* method : {"Work.read", "Work.slow", "Work.write"}) ledger.methods().expect(method);
  }

  time_point now() const noexcept { return now_; }

  /// Each process has a number of its own. `process` 0: it does not tell.
  stage_node& add(std::string name, std::uint32_t slots, std::uint64_t process, bool supervised = false) {
    node_info info;
    info.name = std::move(name);
    info.slots = slots;
    info.incarnation = process;
    for (auto const* method : {"Work.read", "Work.slow", "Work.write"})
      info.methods.push_back({method, "", "", method != std::string_view("Work.write"), false});
    return let_in(std::move(info), supervised);
  }
  stage_node& add(std::string name, std::uint32_t slots = 1) { return add(std::move(name), slots, ++last_process_); }
  stage_node& add_supervised(std::string name) { return add(std::move(name), 1, ++last_process_, true); }
  /// One that lists these methods only, none of them repeatable.
  stage_node& add_listing(std::string name, std::vector<std::string> const& methods) {
    node_info info;
    info.name = std::move(name);
    info.incarnation = ++last_process_;
    for (auto const& method : methods) info.methods.push_back({method, "", "", false, false});
    return let_in(std::move(info), false);
  }
  stage_node& add_go(std::string name, std::uint32_t slots = 1) {
    node_info info;
    info.name = std::move(name);
    info.kind = node_kind::go;
    info.slots = slots;
    return let_in(std::move(info), false);
  }
  stage_node& let_in(node_info info, bool supervised) {
    auto& node = *nodes.emplace_back(std::make_unique<stage_node>());
    auto const process = info.incarnation;
    auto const in = ledger.join(std::move(info), supervised, now_);
    BOOST_REQUIRE(in);
    node.id = in->id;
    node.name = in->name;
    node.joined = nodes.size();
    here_.insert(&node);
    if (in->replaced)
      for (auto* old : stage_nodes(here_))
        if (old->id == *in->replaced) {
          auto const same = process != 0 && ledger.node(old->id)->incarnation == process;
          leave(*old, !same && in->replaced_silent ? departure::silent : departure::left);
        }
    ledger.ready(node.id, now_);
    carry_out();
    return node;
  }

  call_no start(std::string const& method, test_call const& how = {}, outcome* into = nullptr) {
    auto const number = ledger.methods().find(method, ledger.may_be_heard_of());
    BOOST_REQUIRE(number);
    submitted asked;
    asked.call = {free_.empty() ? ++last_index_ : free_.back(), ++last_generation_};
    if (!free_.empty()) free_.pop_back();
    asked.method = *number;
    asked.callers_word = method == "Work.read" || method == "Work.slow";
    asked.labels = how.labels;
    asked.node_wait = how.node_wait;
    asked.deadline = how.deadline;
    asked.once = how.once;
    asked.again = how.again;
    asked.kill_after_us = how.kill_after_us;
    asked.retries = how.retries;
    asked.parent = how.parent;
    asked.parent_blocks = how.parent_blocks;
    if (into) outcomes_[asked.call.index] = into;
    names_[asked.call.index] = method;
    ledger.take(asked, now_);
    carry_out();
    return asked.call;
  }
  std::optional<end_facts> give_up(call_no call) {
    auto const left = ledger.given_up(call);
    carry_out();
    if (left) forget(call);
    carry_out();
    return left;
  }

  void answer(stage_node& by, std::size_t index = 0) { answer_after(by, 0, index); }
  /// As the node has measured it.
  void answer_after(stage_node& by, std::uint32_t running_us, std::size_t index = 0) {
    auto const one = take(by, index);
    auto const told = ledger.take(answered{one.id, running_us, 0}, now_);
    answered_by_ = by.name;
    last_end = told;
    carry_out();
  }
  void refuse(stage_node& by, errc code, std::size_t index = 0) { refuse(by, make_fault(code, ""), index); }
  void refuse(stage_node& by, fault what, std::size_t index = 0) {
    auto const one = take(by, index);
    last_end = ledger.take(faulted{one.id, 0, std::move(what)}, now_);
    carry_out();
  }
  /// Arguments that the Go node cannot be told.
  void cannot_tell(stage_node& go) {
    auto what = make_fault(errc::bad_arguments, "a method of a Go node takes exactly one argument");
    what.may = remedy::elsewhere;
    refuse(go, std::move(what));
  }
  void drain(stage_node& node) {
    ledger.drains(node.id);
    carry_out();
  }
  void leave(stage_node& node, departure how = departure::died) {
    here_.erase(&node);
    std::uint64_t written = 0;
    for (auto const& one : node.attempts)
      if (one.written) written = one.frame;
    ledger.take(gone{node.id, how, "its connection ended", written}, now_);
    node.attempts.clear();
    carry_out();
  }
  void tell_end(std::uint64_t process, std::string how, std::string running = {}) {
    ledger.take(process_ended{process, std::move(how), std::move(running)}, now_);
    carry_out();
  }
  void goes_silent(stage_node& node) {
    node.silent = true;
    pass(std::chrono::seconds(4));
  }
  void heard(stage_node& node) {
    node.silent = false;
    ledger.heard(node.id, now_);
    carry_out();
  }
  /// The time goes on, and with it beats; nodes that are not silent are heard.
  void pass(duration time) {
    auto const until = now_ + time;
    while (now_ < until) {
      now_ = std::min({until, beat_at_, std::max(now_, ledger.next_wake())});
      if (ledger.next_wake() <= now_) {
        ledger.wake(now_);
        carry_out();
      }
      if (now_ == beat_at_) beat();
    }
  }
  /// The node that has calls; null where none has.
  stage_node* holder() const {
    for (auto const& node : nodes)
      if (here_.contains(node.get()) && !node->attempts.empty()) return node.get();
    return nullptr;
  }
  std::uint64_t issued_again(issue_cost cost) const { return again_[static_cast<std::size_t>(cost)]; }

  std::deque<std::unique_ptr<stage_node>> nodes;
  std::vector<ledger_note> notes;
  attempt_end last_end;
  outcome got;  ///< of the call that a test is about

 private:
  stage_node::attempt take(stage_node& by, std::size_t index) {
    auto const one = by.attempts.at(index);
    by.attempts.erase(by.attempts.begin() + static_cast<std::ptrdiff_t>(index));
    return one;
  }
  void beat() {
    beat_at_ += std::chrono::seconds(1);
    for (auto* node : stage_nodes(here_))
      if (!node->silent) ledger.heard(node->id, now_);
    auto const events = ledger.tick(now_);
    for (auto const& event : events)
      if (event.change == liveness_change::became_lost)
        for (auto* node : stage_nodes(here_))
          if (node->id == event.node) leave(*node, departure::silent);
    carry_out();
  }
  void carry_out() {
    for (;;) {
      ledger.settle(now_);
      auto const actions = std::exchange(ledger.actions(), {});
      if (actions.empty()) return;
      for (auto const& one : actions.to_nodes) carry_out(one);
      for (auto const& one : actions.to_callers) {
        if (auto const to = outcomes_.find(one.call.index); to != outcomes_.end()) {
          BOOST_REQUIRE(!to->second->ended);
          to->second->ended = true;
          if (one.why) to->second->failed = *one.why;
          if (!one.why) to->second->by = answered_by_;
        }
        forget(one.call);
      }
      for (auto const& note : actions.notes) notes.push_back(note);
    }
  }
  void carry_out(node_action const& one) {
    auto const at = std::find_if(here_.begin(), here_.end(), [&](auto const* node) { return node->id == one.node; });
    if (one.what == node_action::kind::send) {
      if (!ledger.to_be_sent(one.attempt)) return;
      BOOST_REQUIRE((at != here_.end()));
      (*at)->attempts.push_back({one.call, one.attempt, ++frames_});
      (*at)->sent.push_back(names_.at(one.call.index));
      if (one.again) ++again_[static_cast<std::size_t>(*one.again)];
      ledger.sent(one.attempt, frames_);
    } else if (at != here_.end()) {
      for (auto& there : (*at)->attempts)
        if (there.id == one.attempt) {
          there.abandoned = true;
          there.kill_after_us = one.kill_after_us;
        }
    }
  }
  void forget(call_no call) {
    ledger.forget(call);
    outcomes_.erase(call.index);
    free_.push_back(call.index);
  }

  time_point now_ = time_point() + std::chrono::hours(1);
  time_point beat_at_ = now_ + std::chrono::seconds(1);
  stage_nodes here_;
  std::map<std::uint32_t, outcome*> outcomes_;
  std::map<std::uint32_t, std::string> names_;
  std::vector<std::uint32_t> free_;
  std::uint32_t last_index_ = 0;
  std::uint32_t last_generation_ = 0;
  std::uint64_t last_process_ = 100;
  std::uint64_t frames_ = 0;
  std::array<std::uint64_t, 3> again_{};
  std::string answered_by_;

 public:
  call_ledger ledger;
};

}  // namespace dist::test
