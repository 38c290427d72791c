#pragma once

#include <dist/rpc/context.hpp>
#include <dist/rpc/detail/freelist.hpp>
#include <dist/rpc/service.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/detail/cluster_core.hpp>
#include <dist/runtime/detail/mailbox.hpp>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "call/peer_calls.hpp"
#include "job/remote_caller.hpp"
#include "node/brief_watch.hpp"
#include "node/master_watchdog.hpp"
#include "wire/connection.hpp"
#include "wire/hello.hpp"

namespace dist {

class crash_record;

/// A node's end of its dist/1 session: runs the requested methods and answers each request once.
///
/// Lives    shared: a method that still runs when the session has ended answers into it, and is not heard.
class node_session : public std::enable_shared_from_this<node_session> {
 public:
  node_session(std::unique_ptr<connection> over, seams const& world, limits const& bounds, service_table& services,
               welcome const& accepted, duration drain_limit, crash_record* record = nullptr);

  /// Until the connection ends; then every running method is cancelled. Throws why it ended, unless it
  /// was drained.
  task<void> run();
  /// Takes no new calls; leaves when the running ones have been answered, at the latest after `limit`.
  void drain(duration limit);
  void stop() noexcept { session_->close(); }
  bool drained() const noexcept { return said_goodbye_; }
  /// Whether the process is to end, by kill_after, as soon as this has.
  bool kills() const noexcept { return kills_; }

 private:
  void on_frame(frame& in);
  void on_request(frame& in);
  /// A brief method that ran here.
  void measured(std::size_t brief_method, duration ran);
  void on_done(call_id id, outcome& ended);
  void answer(call_id id, codec as, outcome& ended);
  void refuse(call_id id, fault what, std::uint32_t running_us = 0);
  /// For a call that one of the running methods makes and blocks on.
  std::optional<fault> why_deadlocks(call_record const& nested) const;
  /// Output of this process that has not been sent to the master.
  void send_printed();

  class served_call;
  struct running_call {
    codec as;
    std::shared_ptr<call_scope> scope;
    bool coroutine = false;
    timer_id kill_timer = timer_id::none;
    bool doomed = false;  ///< it is not waited for
  };
  static std::uint64_t key(call_id id) noexcept { return to_number(id); }

  // How it ends

  void on_cancel(call_id id, std::uint32_t patience_us);
  /// Empty: it can be ended with this process, and nothing else is.
  std::string why_not_killed(running_call const& call) const;
  void kill(std::uint64_t id);
  /// Returns the calls that have not started.
  void give_back();
  void forget_timer(timer_id& timer) noexcept {
    if (timer != timer_id::none) world_.clock.cancel(std::exchange(timer, timer_id::none));
  }
  void leave_if_idle();
  void say_goodbye(std::string const& why);

  std::unique_ptr<connection> session_;
  seams world_;
  limits limits_;
  service_table& services_;
  std::string name_;
  crash_record* record_;  ///< of a process that is started again when it ends; null for another
  beat_times times_;
  duration drain_limit_;  ///< where the master asks for the drain
  std::shared_ptr<call_book> book_;  ///< of the calls that running methods make
  std::shared_ptr<remote_caller> nested_;
  std::shared_ptr<cluster_core> nested_core_;
  std::shared_ptr<mailbox> done_;                                ///< from the compute threads to here
  std::vector<std::shared_ptr<call_scope::names const>> names_;  ///< by method
  std::unordered_map<std::uint64_t, running_call, std::hash<std::uint64_t>, std::equal_to<>,
                     freelist_allocator<std::pair<std::uint64_t const, running_call>>>
      running_;
  std::size_t coroutines_ = 0;  ///< of these
  std::size_t doomed_ = 0;      ///< likewise
  bool kills_ = false;
  bool said_why_not_killed_ = false;
  outcome brief_outcome_;  ///< reused by methods that run here
  brief_watch brief_watch_;
  time_point heard_{};
  std::optional<master_watchdog> watchdog_;  ///< while run() runs
  timer_id drain_timer_ = timer_id::none;
  bool draining_ = false;
  bool drain_confirmed_ = false;  ///< the master sends no request any more
  bool said_goodbye_ = false;
  bool master_takes_text_ = true;
};

}  // namespace dist
