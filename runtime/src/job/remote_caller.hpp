#pragma once

#include <dist/rpc/detail/call_table.hpp>
#include <dist/runtime/detail/call_book.hpp>
#include <dist/runtime/detail/fan_out_report.hpp>
#include <dist/runtime/detail/node_directory.hpp>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "call/own_classes.hpp"
#include "ledger/retry.hpp"
#include "record/account.hpp"
#include "record/failure_file.hpp"
#include "record/trace.hpp"
#include "wire/connection.hpp"

namespace dist {

/// The route of calls to a master at the other end of a connection: a connected job's, or the nested ones of a node's methods.
/// The connection comes and goes; without one, calls fail at once, or wait for it.
class remote_caller final : public call_route, public node_directory, private end_watcher {
 public:
  remote_caller(call_book& book, std::span<method_description const> served) : book_(book), own_(served) {
    book_.watch(*this);
  }

  call_ptr make_record() const override { return new call_record_of_remote; }
  std::shared_ptr<void> when_nodes(std::size_t count, nodes_waiter done) override;
  task<void> own_nodes_joined() override { co_return; }
  call_ptr list_nodes(call_record const& like, nodes_taker done) override;
  std::string address_of(std::string_view) const override { return {}; }
  std::string place_of(call_record const&) const override { return {}; }
  std::string why(call_record const&) const override { return "only the master knows: see its /status"; }
  std::string how_it_went(call_record const&) const override { return {}; }
  /// Hears, once, that the master knows, with null, or why it does not.
  using told = std::function<void(fault const* failed)>;
  /// Hands the master lines that this node's process has printed.
  void show_text(std::string_view lines, bool is_shown, told done);
  /// Tells the master how far this job's fan-outs are.
  void show_progress(std::vector<fan_out_report> const& fan_outs, told done);

  std::string account_text() const override;

  /// As dispatcher::draw_on; what is seen here is when a call went to the master and came back.
  void draw_on(std::unique_ptr<trace> to) { trace_ = std::move(to); }
  /// As there.
  void write_failures(std::unique_ptr<failure_file> to) { failure_file_ = std::move(to); }
  void flush_trace() { if (trace_) trace_->file.flush(); }
  /// Asked about each call of a method that blocks: a fault, and the call fails with it.
  using refusal = std::function<std::optional<fault>(call_record const& call)>;
  void refuse_with(refusal why) { refusal_ = std::move(why); }
  /// While there is no connection calls wait for one, as long as their deadlines and wait_for_node let them.
  void wait_for_connection() noexcept { waits_ = true; }
  /// Sends the waiting calls.
  void attach(connection& to);
  /// The connection ended: what is in flight fails with `why`. Where calls wait, those that have not started and those that
  /// may run twice wait for the next connection, ahead of all others and whatever the limits.
  void detach(std::string const& why) noexcept;
  /// There will be no more connection: waiting and later calls fail with `why`.
  void give_up(std::string const& why) noexcept;

  void on_reply(frame& in);
  void on_fault(frame& in);
  void stop() noexcept;

 private:
  struct call_record_of_remote final : call_record {
    call_id id;
    std::uint64_t frame = 0;  ///< position of its request in the stream to the master
    bool sent = false;
    bool is_own = false;       ///< this library's own, to the master itself: not counted or shown
    std::string lost_because;  ///< it was written into a connection that has ended: it may have run
    std::optional<std::list<boost::intrusive_ptr<call_record_of_remote>>::iterator> waits;
    time_point waits_since{};
    timer_id node_wait_timer = timer_id::none;
  };
  using remote_ptr = boost::intrusive_ptr<call_record_of_remote>;

  static bool may_go_again(call_record const& call) noexcept;
  /// A request to the master itself.
  call_ptr make_own_call(method_key const& key);
  /// A request without a result.
  void tell(call_ptr const& what, told done);
  /// As call_book::fail; keeps what may have happened over an earlier connection.
  void fail(call_record_of_remote& call, fault what);
  void send(remote_ptr const& call);
  /// A new call waits for a connection, if there is room.
  void wait(remote_ptr const& call);
  void put_waiting(remote_ptr const& call, std::list<remote_ptr>::iterator before);
  /// Time already waited here is not waited again.
  remote_ptr take_waiting(call_record_of_remote& call) noexcept;
  void send_waiting();
  void send_waiting_later();
  /// A stopping master has returned the call, started or not.
  void given_back(remote_ptr const& call, fault const& what);
  /// The call was written, and no answer came.
  void lost(call_record_of_remote& call, std::string const& why);
  fault no_connection(errc why) const;
  seams const& world() const noexcept { return book_.world(); }
  limits const& bounds() const noexcept { return book_.bounds(); }
  void send_out(call_ptr const& call) override;
  std::optional<end_facts> give_up(call_record& call, give_up_reason why) override;
  void ended(call_record& call, call_reply const& reply) noexcept override;

  call_book& book_;
  own_classes own_;
  connection* session_ = nullptr;
  bool master_stops_ = false;  ///< the session is about to end: calls wait for the next
  std::string detached_why_ = "not connected yet";
  call_table<remote_ptr> table_;
  bool waits_ = false;
  refusal refusal_;
  account::counts counts_;
  std::uint64_t connections_lost_ = 0;
  std::unique_ptr<trace> trace_;                ///< null: not requested
  std::unique_ptr<failure_file> failure_file_;  ///< likewise
  std::list<remote_ptr> waiting_;  ///< for a connection, in the order in which they came
  std::size_t waiting_bytes_ = 0;  ///< of their arguments
  std::vector<remote_ptr> given_back_;  ///< they wait too, from the end of the session on
  retry_budget losses_{{}};             ///< bounds retries after lost connections
  std::uint64_t most_lost_ = 0;    ///< with one connection
  unsigned pauses_ = 0;            ///< in a row, for lack of budget
  timer_id pause_timer_ = timer_id::none;
};

}  // namespace dist
