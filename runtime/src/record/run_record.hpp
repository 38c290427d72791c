#pragma once

#include <dist/rpc/seams.hpp>
#include <dist/runtime/detail/call_book.hpp>
#include <memory>
#include <string>
#include <unordered_map>

#include "ledger/call_ledger.hpp"
#include "master/node_link.hpp"
#include "record/account.hpp"
#include "record/failure_file.hpp"
#include "record/recent.hpp"
#include "record/tally.hpp"
#include "record/trace.hpp"

namespace dist {

/// The name of what is counted at this place; that of what is counted together is `other`.
inline std::string const& counted_name(registry const& nodes, std::size_t index) {
  static std::string const other = "other";
  return index < most_counted_methods ? nodes.method_name(static_cast<method_ref>(index)) : other;
}

/// What is kept of a master's calls for those who look: counts, the account, the last calls and failures, the trace. Told of
/// everything that happens, and decides nothing.
class run_record final : public end_watcher {
 public:
  explicit run_record(seams const& world) : world_(world), begun_at_(world.clock.now()) {}

  /// Before anything else happens: where calls are and wait goes there.
  void draw_on(std::unique_ptr<trace> to) { trace_ = std::move(to); }
  /// From now on failed calls are written there.
  void write_failures(std::unique_ptr<failure_file> to) { failure_file_ = std::move(to); }
  bool draws() const noexcept { return trace_ != nullptr; }

  // Calls
  void queued(call_record const& call);
  void sent(call_record& call, call_id attempt, node_link& to, std::optional<issue_cost> again);
  void answered(call_id attempt, node_link& by, attempt_end const& how, std::uint32_t running_us,
                bool is_brief);
  /// The node refused the call or its method failed; `what` as it came.
  void faulted(call_id attempt, node_link& by, attempt_end const& how, fault const& what, std::uint32_t running_us,
               bool is_brief);
  void lost(ledger_note const& what, node_link& with);
  void ended(call_record& call, call_reply const& reply) noexcept override;

  // Nodes
  void joined(std::string const& name);
  void left(node_link& node, departure how, std::string const& why);
  void explain(std::uint64_t incarnation, std::string const& why) { account_.explain(incarnation, why); }
  void beat_sent() noexcept { ++tally_.beats_sent; }
  void beat(registry_counts const& counts, duration since);
  /// The trace is complete.
  void close() { trace_.reset(); }

  master_tally const& counted() const noexcept { return tally_; }
  past_calls const& recent() const noexcept { return past_; }
  past_failures const& failures() const noexcept { return failures_; }
  /// `under_way`: how long those run that have not ended, added up.
  std::string account_text(duration under_way) const;

 private:
  /// Where its attempts end on the trace, abandoned ones too.
  call_ptr take_drawn(call_id attempt);
  void draw_return(call_id attempt, node_link const& by, timeline::outcome how, bool is_awaited);
  void count_running(attempt_end const& how, node_link const& by, std::uint32_t running_us, bool is_brief);
  void remember(node_link& by, method_ref method, past how, time_point sent_at, time_point now);

  seams world_;
  time_point begun_at_;
  master_tally tally_;
  account account_;
  past_calls past_;
  past_failures failures_;
  std::unique_ptr<trace> trace_;                ///< null: not requested
  std::unique_ptr<failure_file> failure_file_;  ///< likewise
  std::unordered_map<std::uint64_t, call_ptr> drawn_;  ///< by attempt, if there is a trace
};

}  // namespace dist
