#pragma once

#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/detail/end_facts.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/attempts.hpp"
#include "ledger/ledger_actions.hpp"
#include "ledger/ledger_call.hpp"
#include "ledger/ledger_calls.hpp"
#include "ledger/method_names.hpp"
#include "ledger/next_step.hpp"
#include "ledger/post_mortems.hpp"
#include "ledger/retry.hpp"
#include "ledger/wakes.hpp"
#include "placement/registry.hpp"

namespace dist {

// Events

/// A call that wants a node. Its method has its number already; see method_names::find.
struct submitted {
  call_no call;
  method_ref method{};
  bool callers_word = false;  ///< the caller's type says that the method may run twice; counts where no node lists it
  bool once = false;          ///< never a second attempt
  bool again = false;         ///< it may have run before
  std::span<std::string const> labels;  ///< as the caller wrote them
  caller_ref caller{};
  std::optional<call_id> parent;        ///< the attempt that made it
  bool parent_blocks = false;           ///< which keeps its thread while it waits
  std::uint32_t bytes = 0;              ///< of the arguments
  std::optional<unsigned> retries;      ///< after dist::transient; nothing: as usual
  std::uint32_t kill_after_us = 0;      ///< once it is cancelled; 0: never
  duration node_wait = duration::max();
  time_point deadline = time_point::max();
};

/// The node has answered. `reply` comes back with the call's end.
struct answered {
  call_id attempt;
  std::uint32_t running_us = 0;
  std::uint32_t reply = 0;
};

/// The node refused the call, or its method failed; or the request could not be written at all.
struct faulted {
  call_id attempt;
  std::uint32_t running_us = 0;
  fault what;
};

/// How a node went.
enum class departure {
  died,    ///< its connection ended by itself
  left,    ///< it said goodbye, or was sent away
  silent,  ///< it was given up
};

/// A node's connection has ended.
struct gone {
  node_id node{};
  departure how = departure::died;
  std::string why;
  std::uint64_t written = 0;  ///< frames up to here have left this process
};

/// How a supervised process ended, as reported by its supervisor.
struct process_ended {
  std::uint64_t incarnation = 0;
  std::string end;
  std::string running;
};

// What events tell

/// An attempt that has ended.
struct attempt_end {
  call_no call;
  method_ref method{};
  time_point sent_at{};
  bool is_awaited = false;   ///< the caller waits for it
  bool takes_again = false;  ///< its node had been set aside and takes calls again
  std::optional<duration> set_aside;  ///< for its failures
};

/// What a call waits for, for people; see call_ledger::standing.
struct call_standing {
  std::vector<std::string> on;  ///< nodes
  bool waits_for_death = false;
  bool pauses = false;
  std::string waits;           ///< why it is queued; empty: it is not
  duration queued_for{};
  std::size_t able = 0;        ///< nodes that could take it
  call_story story;            ///< so far
};

/// Decides what becomes of every call of a master: who gets it, what happens when a node refuses it, falls silent, drains or
/// goes, and when it has failed for good. Pure: events and the time in, actions out; the same events and the same seed
/// give the same actions.
///
/// Use      take() an event, settle(), carry out actions(). An event may be taken while actions are carried out: its own come
///          with the next round. Each call that is submitted ends once: with a caller_action, or with what given_up() returns.
/// Overlap  one thread.
class call_ledger {
 public:
  call_ledger(registry_settings const& settings, std::uint64_t seed, time_point now);

  // Calls
  void take(submitted const& asked, time_point now);
  /// The caller no longer needs the call. Nothing: its end has been decided already and is among the actions. A call that was
  /// not submitted has not started.
  std::optional<end_facts> given_up(call_no call);
  /// The caller has its end; nothing of the call is kept.
  call_story forget(call_no call) noexcept;

  // Attempts
  /// What was asked for with node_action::send has happened: `frame` is its place in what is written to the node, above 0.
  void sent(call_id attempt, std::uint64_t frame) noexcept {
    if (auto* one = attempts_.find(attempt)) one->frame = frame;
  }
  /// Null: it has been sent, or is not to be sent any more.
  attempt const* to_be_sent(call_id attempt) const noexcept {
    auto const* one = attempts_.find(attempt);
    return one && one->frame == 0 ? one : nullptr;
  }
  /// The call that this node has under this id, abandoned or not; null: it has none.
  attempt const* find(call_id id, node_id on) const noexcept {
    auto const* one = attempts_.find(id);
    return one && one->at->id == on ? one : nullptr;
  }
  attempt_end take(answered const& reply, time_point now);
  attempt_end take(faulted reply, time_point now);

  // Nodes
  /// Its methods' offers are in `info`. Nothing else happens before ready(), so that the node can be told first.
  /// Errors as registry::join.
  result<joined> join(node_info info, bool is_supervised, time_point now);
  /// The node has been told; the one that it replaces is gone by now.
  void ready(node_id node, time_point now);
  /// Any frame of the node. True if it had been silent.
  bool heard(node_id node, time_point now);
  void drains(node_id node);
  void take(gone const& node, time_point now);
  void take(process_ended const& which, time_point now);
  /// Once each heartbeat. For a node that is lost, gone() is to follow.
  std::vector<liveness_event> tick(time_point now);

  // Rounds
  /// next_wake() has come.
  void wake(time_point now);
  time_point next_wake() const noexcept { return wakes_.next(); }
  /// The queue meets the nodes.
  void settle(time_point now);
  /// settle() would do nothing.
  bool is_settled() const noexcept {
    return registry_.is_settled() && !lists_.homes_changed && !lists_.waits_changed && !lists_.methods_changed;
  }
  /// The caller swaps them out.
  ledger_actions& actions() noexcept { return actions_; }
  /// Notes of every call, not only of what is rare.
  void watch(bool every_call) noexcept { lists_.is_watched = every_call; }

  // Views
  method_names& methods() noexcept { return names_; }
  method_names const& methods() const noexcept { return names_; }
  registry const& nodes() const noexcept { return registry_; }
  ledger_node const* node(node_id id) const noexcept { return nodes_.find(id); }
  /// Whether an undeclared name may yet turn out to be a method.
  bool may_be_heard_of() const noexcept { return nodes_.empty() || nodes_.any_is_tried(); }
  /// Labels as callers write them; as registry::ask.
  std::optional<fault> ask(std::span<std::string const> labels, call_needs& needs) { return registry_.ask(labels, needs); }
  template <class Visit>
  void each_attempt(node_id on, Visit&& visit) const {
    if (auto const* there = nodes_.find(on)) attempts_.each(*there, visit);
  }
  call_standing standing(call_no call) const;
  std::size_t live_calls() const noexcept { return calls_.size(); }

 private:
  /// How far an attempt had come on a node that went, as far as can be known here.
  enum class loss {
    unwritten,  ///< it never left this process
    waited,     ///< it may have begun, but hardly: others kept its slot from it
    begun,      ///< it can have been running
  };
  /// Calls that are looked at again when something changes; some may have ended.
  struct call_lists {
    std::vector<call_no> unheard;      ///< queued, and nobody has declared their methods
    std::vector<call_no> limited;      ///< queued, and their callers limit the wait for a node
    std::vector<call_no> to_give_up;   ///< nested calls of abandoned attempts
    std::set<std::string> said;        ///< reasons to wait, since the last node came
    bool methods_changed = false;      ///< nodes that have, or may have, undeclared methods
    bool waits_changed = false;        ///< whether nodes could take calls
    bool homes_changed = false;        ///< nested calls may have lost the only other node
    time_point beat_at{};              ///< the time, to a heartbeat
    bool is_watched = false;
  };

  ledger_call* find_live(call_no number) noexcept;
  std::string const& method_name(ledger_call const& call) const noexcept { return registry_.method_name(call.needs.method); }

  // Placement
  bool link_to_parent(ledger_call& call, submitted const& asked);
  void place(ledger_call& call, time_point now);
  void send(ledger_call& call, node_id to, lease&& held, time_point now);
  bool others_may_repeat(ledger_call const& call, ledger_node const& but) const;
  void keep_from(ledger_call& call, ledger_node const& node, time_point now);
  void withdraw(ledger_call& call) noexcept;
  void give_back_cost(ledger_call& call) noexcept;
  bool may_repeat(ledger_call const& call, ledger_node const& on) const noexcept {
    return on.may_repeat(call.needs.method, call.callers_word);
  }
  void send_home(time_point now);
  void keep_unheard(ledger_call& call);
  void say_why_it_waits(ledger_call const& call);
  bool may_be_had(method_ref method) const noexcept;
  bool is_unheard_of(method_ref method) const noexcept;
  void judge_unheard(time_point now);
  std::size_t most_lingering() const noexcept { return 64 + 2 * registry_.counts().queued; }
  void limit_wait(ledger_call& call, time_point now);
  void judge_wait(ledger_call& call, time_point now);
  void judge_waits(time_point now);
  void forget_unlimited();
  void end_stranded();

  // What happens next with a call whose attempt has ended
  ended_try ended(ledger_call const& call, ledger_node const& on, try_end how, fault const& what) const;
  void go_on(next_step step, ledger_call& call, ledger_node const& by, fault what, time_point now);
  void issue_now(ledger_call& call, issue_cost cost, time_point now);
  void issue_after(ledger_call& call, duration pause, issue_cost cost, time_point now);
  void copy_if_silent(ledger_call& call, time_point now);
  void refused_one_of_two(ledger_call& call, ledger_node const& by, time_point now);
  duration next_pause(ledger_call& call) noexcept;
  std::optional<duration> judge_failure(attempt const& one, fault const& what, std::uint32_t running_us, time_point now);
  void lost_with(ledger_call& call, bool was_alone, ledger_node const& node, gone const& how, loss had, time_point now);
  void relieve(std::uint64_t incarnation, time_point now);
  void await_post_mortem(ledger_call& call, bool poisoned, fault what, std::uint64_t incarnation, time_point now);
  void end_post_mortem(ledger_call& call);

  // Ends
  void end(ledger_call& call, fault what);
  void close(ledger_call& call) noexcept;
  void abandon_attempts(ledger_call& call);
  void close_attempt(ledger_node& node, call_id id, attempt const& one);
  void give_up_children();

  registry_settings settings_;
  registry registry_;
  method_names names_;
  ledger_calls calls_;
  attempt_table attempts_;
  ledger_nodes nodes_;
  post_mortems deaths_;
  reissue_budget budget_;
  wakes wakes_;
  call_lists lists_;
  ledger_actions actions_;
  std::uint64_t random_;
};

}  // namespace dist
