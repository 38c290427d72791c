#pragma once

#include <dist/rpc/detail/predecessor.hpp>
#include <dist/rpc/service.hpp>
#include <dist/runtime/detail/call_book.hpp>
#include <dist/runtime/detail/node_directory.hpp>
#include <dist/runtime/master.hpp>
#include <functional>
#include <set>
#include <unordered_map>
#include <vector>

#include "master/known_methods.hpp"
#include "master/member.hpp"
#include "master/placed_call.hpp"
#include "placement/registry.hpp"
#include "program/own_nodes.hpp"
#include "record/account.hpp"
#include "record/failure_file.hpp"
#include "record/recent.hpp"
#include "record/trace.hpp"

namespace dist {

/// The route of a master's calls: puts them on nodes, and moves or ends them when a node refuses, falls silent or goes. It
/// decides nothing about who gets a call, that is the registry; nothing about bytes, that is the member.
class dispatcher final : public call_route, public node_directory, private end_watcher {
 public:
  /// Calls of a method that is neither in `expected` nor listed by any node fail at once, unless there is no node yet.
  dispatcher(call_book& book, registry_settings const& settings, std::span<method_description const> expected = {});

  call_book& book() const noexcept { return book_; }
  seams const& world() const noexcept { return book_.world(); }
  limits const& bounds() const noexcept { return book_.bounds(); }

  /// Whoever asks for it, before anything else happens: where calls are and wait goes there.
  void draw_on(std::unique_ptr<trace> to) { trace_ = std::move(to); }
  /// From now on its failed calls are written there.
  void write_failures(std::unique_ptr<failure_file> to) { failure_file_ = std::move(to); }

  call_ptr make_record() const override { return new placed_call; }
  std::shared_ptr<void> when_nodes(std::size_t count, nodes_waiter done) override;
  task<void> own_nodes_joined() override;
  call_ptr list_nodes(call_record const& like, nodes_taker done) override;
  std::string address_of(std::string_view name) const override;
  std::string place_of(call_record const& call) const override;

  // Membership. A member belongs to whoever runs its connection; it is known here from join to leave.

  /// Fills in the member's id and name. Nothing else happens before ready(), so that the member can be told first.
  /// Errors as registry::join.
  result<joined> join(member& node, node_info info);
  /// The member has been told: calls that wait go to it, and those of the one that it replaces end or move.
  void ready(joined const& in);
  /// The connection ended: `died` when the node's process went by itself, `silent` when it was given up.
  enum class departure { died, left, silent };
  void leave(member& node, departure how, std::string const& why);
  /// The process in whose place another is about to join is known to have ended.
  void process_ended(predecessor const& which);
  void heard(member& node);
  void drain(member& node);
  /// One heartbeat: beats go out, silence is judged.
  void beat();

  // What members report

  /// An answer that lasts has batch_ended() behind it. `there`: the call's id on that node.
  void answered(placed_call& call, call_id there, call_reply const& reply, member& by, lease held);
  /// The node refused the call or its method failed, after so long where the node measured it.
  void refused(placed_call& call, call_id there, fault what, member& by, lease held, std::uint32_t running_us = 0);
  /// A Go node has answered a call of a method: it is as good as listed.
  void has_method(member& node, method_ref method) { registry_.known_method(node.id, method); }
  /// Cancels calls and those that they have made, however deep.
  void cancel_all(std::vector<call_ptr> calls);
  /// A call of the method has made a call of its own.
  void makes_calls(method_ref method) { registry_.makes_calls(method); }
  /// A lease was given back, or a node is ready for the calls that wait.
  void slot_freed() { send_waiting(); }
  /// Behind answers that last: their slots are free and their callers wait.
  void batch_ended() {
    send_waiting();
    book_.tell_waiters();
  }

  /// For one more connected job.
  std::uint32_t new_origin() noexcept { return ++last_origin_; }

  /// Those of the embedded cluster that this is the master of.
  class own_nodes& own_nodes() noexcept { return own_nodes_; }
  registry const& nodes() const noexcept { return registry_; }
  /// What has been counted so far, beside what each node's own tally says.
  master_tally const& counted() const noexcept { return tally_; }
  std::string account_text() const override;
  past_calls const& recent() const noexcept { return past_; }
  past_failures const& failures() const noexcept { return failures_; }
  /// Those that are counted together have the name `other`.
  std::string const& counted_name(std::size_t index) const;
  /// Calls that this node has not answered, abandoned ones too.
  std::size_t in_flight_on(node_id node) const;
  /// Null for a node that is not here.
  member* find(node_id node) const {
    auto const found = members_.find(node);
    return found == members_.end() ? nullptr : found->second;
  }
  /// What this node still runs although nobody waits for it.
  std::vector<abandoned_calls::stay> abandoned_on(node_id node) const;
  result<method_ref> number_of(std::string_view method) { return registry_.intern(method); }

  /// Begins the drain of the node of this name; false where there is none.
  bool drain(std::string_view name);

  /// Why calls wait, one line a method; empty when none waits without a chance.
  std::string why_waiting() const;
  /// The same of those calls that no node which is here can take.
  std::string why_without_node() const;
  void stop();

 private:
  void send_out(call_ptr const& call) override;
  std::string why(call_record const& call) const override;
  std::string how_it_went(call_record const& call) const override;
  end_facts give_up(call_record& call, give_up_reason why) override;
  void ended(call_record& call, call_reply const& reply) noexcept override;

  /// As call_book::fail; what an earlier node may have done is not forgotten.
  void fail(placed_call& call, fault what);
  void submit(placed_ptr const& call);
  /// Takes it out of the queue.
  void withdraw(placed_call& call);
  /// It does not go out again after all: its budget gets back what it gave.
  void give_back_cost(placed_call& call);
  void send(placed_ptr const& call, node_id to, lease held);
  /// Its caller's type says that it may run twice; this node's says otherwise.
  void refuse_again(placed_call& call, member const& node, lease held);
  void send_waiting();
  /// Calls that the registry gave up are kept here, so that they outlive whatever happens until send_waiting() fails them.
  void keep_stranded();

  // What happens next with a call whose try has ended, dispatcher_again.cpp

  /// How long the end of a process is waited for that somebody supervises, who starts another within a fraction of that.
  static constexpr duration longest_wait_for_end = std::chrono::seconds(2);

  ended_try ended(placed_call const& call, member const& on, try_end how, fault const& what) const;
  void take(next_step step, placed_ptr const& call, member const& by, fault what);
  static void avoid(placed_call& call, member const& node);
  /// What happened to it first.
  static void keep_cause(placed_call& call, fault what);
  /// Ahead of those that never went out, once the budget allows it.
  void issue(placed_ptr const& call, member const& away_from, next_step step);
  void issue_now(placed_ptr const& call, issue_cost cost);
  void issue_after(placed_ptr const& call, duration pause, issue_cost cost);
  void end_pause(placed_call& call);
  /// Where its only node is silent, and the call may run twice, another gets it as well.
  void issue_copy(placed_ptr const& call);
  /// The node was silent and is not: copies of its calls that did not go out are not needed.
  void withdraw_copies(member& node);
  /// A node refused it that was not the only one to have it, or to be about to.
  void refused_one_of_two(placed_ptr const& call, member const& by);
  /// Grows with each, with full jitter.
  duration next_pause(placed_call& call);
  /// A method that failed may be its node's fault.
  void judge_failure(placed_call const& call, fault const& what, member const& by, lease const& held,
                     std::uint32_t running_us);
  /// How far a call had come on a node that went, as far as can be known here.
  enum class loss {
    unwritten,  ///< it never left this process
    waited,     ///< it may have begun, but hardly: others kept its slot from it
    begun,      ///< it can have been running
  };
  void lost_with(placed_ptr const& call, placed_call::place const& was, departure how, std::string const& why, loss had);
  verdict blame_for(placed_ptr const& call, placed_call::place const& was);
  /// What some calls were blamed for was their node's connection.
  void relieve(std::uint64_t incarnation);

  // A call that ends because its node's process died waits until it is known how, dispatcher_ends.cpp

  void fail_when_explained(placed_ptr const& call, next_step step, fault what, std::uint64_t incarnation);

  /// For whom nobody waits any more is `late`.
  void draw_return(placed_call const& call, member const& by, timeline::outcome const& how);
  /// The call has left the node.
  void remember(placed_call const& call, member& by, past how, time_point now);
  /// For the account.
  void count_running(placed_call const& call, member const& by, std::uint32_t running_us);
  /// Its result has come from there.
  void measure(placed_call const& call, call_reply const& reply, member& by);
  /// Nested calls that nobody else can take go to the nodes that drain and run their parents.
  void send_home();
  void send_home(member& node);
  /// The node has answered a call that perhaps nobody waited for.
  void no_longer_abandoned(call_id there, member& by);
  /// Nobody needs the answers of the other nodes that have the call.
  void abandon_places(placed_call& call);
  /// Whether nobody here has ever heard of the method, so that waiting for it makes no sense.
  bool unheard_of(method_ref method) const;
  /// Whether a name that nobody has declared may yet turn out to be a method.
  bool may_be_heard_of() const;
  void fail_unknown(placed_call& call);
  void judge_unheard();
  /// A queued call waits for a node that could take it no longer than its caller allows.
  void limit_wait(placed_ptr const& call);
  void judge_wait(placed_ptr const& call);
  void forget_unlimited();
  /// Whether nodes could take calls has changed.
  void judge_waits();
  void end_wait(placed_call& call);
  /// Where nobody has heard of its method, it is judged when the first node has come.
  void keep_unheard(placed_ptr const& call);
  /// No node that is here can take the call: the log says so at once, not only with the next ten seconds.
  void say_early(placed_call const& call);
  /// The call's try there, which has ended; nothing where nobody waited for that one any more.
  static std::optional<placed_call::place> take_place(placed_call& call, member const& on, call_id there) noexcept;
  void tell_node_waiters();

  call_book& book_;
  registry registry_;
  blame blame_;
  std::unordered_map<node_id, member*> members_;
  known_methods methods_;
  reissue_budget budget_;
  class own_nodes own_nodes_;
  std::uint64_t nodes_hold_ = 0;       ///< calls, at most, slots and windows together
  std::uint32_t window_;
  duration lost_after_;
  std::size_t silent_on_methods_ = 0;  ///< nodes that list none and are tried for any
  struct node_waiter {
    std::size_t count;
    nodes_waiter done;
  };
  std::vector<std::weak_ptr<node_waiter>> waiting_for_nodes_;
  std::set<std::string> said_;  ///< by say_early, since the last node came
  std::vector<placed_ptr> renamed_;  ///< were in the queue under a Go spelling; placed with the next slot_freed()
  std::vector<std::pair<placed_ptr, fault>> stranded_;  ///< pinned to a node that has gone
  std::vector<placed_ptr> unheard_;  ///< queued before the first node came; judged when one has
  std::vector<placed_ptr> limited_;  ///< queued, and their callers limit the wait for a node; some may have gone
  struct unexplained_call {
    placed_ptr call;
    std::uint64_t incarnation;  ///< of the process that died
    next_step step;
    fault what;
    predecessor by;       ///< once it is known
    timer_id limit = timer_id::none;  ///< until it ends without more being known
  };
  std::vector<unexplained_call>::const_iterator find_unexplained(call_record const& call) const noexcept;
  unexplained_call take_unexplained(std::vector<unexplained_call>::const_iterator at);
  void limit_unexplained(unexplained_call& one, time_point until);
  void fail_explained(unexplained_call one);
  std::vector<unexplained_call> unexplained_;
  std::vector<call_ptr> to_cancel_;
  bool cancelling_ = false;
  time_point beat_at_{};  ///< the time, to a heartbeat
  master_tally tally_;
  account account_;
  past_calls past_;
  past_failures failures_;
  std::unique_ptr<trace> trace_;  ///< null: nobody wants one
  std::unique_ptr<failure_file> failure_file_;  ///< likewise
  std::uint32_t last_origin_ = first_job_origin - 1;
};

/// Of a master's own cluster.
inline dispatcher& dispatcher_of(cluster const& of) { return static_cast<dispatcher&>(of.core()->nodes()); }

/// Those of the embedded cluster that this is the master of.
inline own_nodes& own_nodes_of(master const& of) { return dispatcher_of(of.calls()).own_nodes(); }

}  // namespace dist
