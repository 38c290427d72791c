#pragma once

#include <dist/rpc/detail/predecessor.hpp>
#include <dist/rpc/service.hpp>
#include <dist/runtime/detail/call_book.hpp>
#include <dist/runtime/master.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/call_ledger.hpp"
#include "master/master_nodes.hpp"
#include "master/method_lookup.hpp"
#include "master/node_links.hpp"
#include "master/placed_call.hpp"
#include "master/wake_timer.hpp"
#include "record/run_record.hpp"

namespace dist {

/// The route of a master's calls: carries out the decisions of the ledger, and passes it the events. Has no rules of
/// its own about calls.
class dispatcher final : public call_route {
 public:
  /// Calls of a method that is neither in `expected` nor listed by any node fail at once, unless there is no node yet.
  dispatcher(call_book& book, registry_settings const& settings, std::span<method_description const> expected = {});
  ~dispatcher() override = default;

  // call_route
  call_ptr make_record() const override { return new placed_call; }
  void send_out(call_ptr const& call) override;
  std::optional<end_facts> give_up(call_record& call, give_up_reason why) override;
  std::string place_of(call_record const& call) const override;
  std::string why(call_record const& call) const override;
  std::string how_it_went(call_record const& call) const override;
  std::string account_text() const override;

  // Nodes. A link belongs to the runner of its connection; it is known here from join to leave.

  /// Fills in the link's id and name. Nothing else happens before ready(), so that the node can be told first.
  /// Errors as registry::join.
  result<joined> join(node_link& node, node_info info);
  /// The node has been told: calls that wait go to it, and those of the one that it replaces end or move.
  void ready(joined const& in);
  void leave(node_link& node, departure how, std::string const& why);
  /// The process that another is about to replace is known to have ended.
  void process_ended(predecessor const& which);
  void heard(node_link& node);
  void drain(node_link& node);
  /// Starts to drain the node of this name; false if there is none.
  bool drain(std::string_view name);
  /// One heartbeat: beats go out, silence is judged.
  void beat();

  // Events from links. An attempt that the node does not have is ignored.

  /// An answer that lasts has batch_ended() behind it.
  void answered(call_id attempt, node_link& by, call_reply const& reply);
  /// The node refused the call or its method failed, after this time if the node measured it.
  void faulted(call_id attempt, node_link& by, fault what, std::uint32_t running_us = 0);
  /// After answers that last: their slots are free and their callers wait.
  void batch_ended() { carry_out(); }
  /// On whose behalf an attempt runs, and so its nested calls.
  std::uint32_t origin_of(call_id attempt, node_link& on);

  /// Before anything else happens: where calls are and wait goes there.
  void draw_on(std::unique_ptr<trace> to) {
    ledger_.watch(true);
    record_.draw_on(std::move(to));
  }
  call_book& book() const noexcept { return book_; }
  seams const& world() const noexcept { return book_.world(); }
  limits const& bounds() const noexcept { return book_.bounds(); }
  run_record& record() noexcept { return record_; }
  run_record const& record() const noexcept { return record_; }
  master_nodes& directory() noexcept { return directory_; }
  call_ledger const& ledger() const noexcept { return ledger_; }
  registry const& nodes() const noexcept { return ledger_.nodes(); }
  /// Null for a node that is not here.
  node_link* find(node_id node) const { return links_.find(node); }
  /// Calls that this node has not answered, abandoned ones too.
  std::size_t in_flight_on(node_id node) const {
    auto const* there = ledger_.node(node);
    return there ? there->attempts : 0;
  }
  void stop();

 private:
  void carry_out();
  void carry_out(node_action const& what);
  void carry_out(caller_action const& what);
  void carry_out(ledger_note const& what);
  void returned(call_id attempt, node_link& by);
  time_point now() const { return world().clock.now(); }

  call_book& book_;
  call_ledger ledger_;
  method_lookup methods_;
  node_links links_;
  master_nodes directory_;
  run_record record_;
  wake_timer alarm_;
  std::vector<call_reply> replies_;  ///< that the ledger has taken and whose callers have not been told
  ledger_actions doing_;
  bool is_carrying_out_ = false;
  bool has_news_ = false;  ///< for another round
  time_point beat_at_;
};

/// Of a master's own cluster.
inline dispatcher& dispatcher_of(cluster const& of) { return static_cast<dispatcher&>(of.core()->book()->route()); }

/// Those of the embedded cluster that this is the master of.
inline own_nodes& own_nodes_of(master const& of) { return dispatcher_of(of.calls()).directory().waiters().own(); }

}  // namespace dist
