#pragma once

#include <dist/rpc/service.hpp>
#include <dist/runtime/detail/cluster_core.hpp>
#include <dist/runtime/detail/mailbox.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/brief_watch.hpp"
#include "node/running_calls.hpp"
#include "wire/connection.hpp"

namespace dist {

class crash_record;

/// Hears what its session has to know of the calls that run.
class request_watcher {
 public:
  virtual ~request_watcher() = default;
  /// A call has been answered that was not over in its frame.
  virtual void answered() = 0;
  /// kill_after: a method does not end. This process does, as soon as no others are awaited.
  virtual void process_ends() = 0;
};

/// Runs the methods that a master requests from a node in one session, and answers each request once.
///
/// Lives    shared: a method that still runs when the session has ended answers into it, and is not heard.
class request_runner : public std::enable_shared_from_this<request_runner> {
 public:
  /// `node`: its name. `nested`: where methods find the master. `record`: of a process that is started again when it ends; null
  /// for another. References must stay valid until stop().
  request_runner(connection& session, seams const& world, limits const& bounds, service_table& services,
                 std::string const& node, std::shared_ptr<cluster_core> nested, crash_record* record,
                 request_watcher& watcher);

  /// `read_at`: from when its deadline counts. `takes_calls`: top-level ones too.
  void on_request(frame& in, time_point read_at, bool takes_calls);
  void on_cancel(call_id id, std::uint32_t patience_us);
  /// For a call that one of the running methods makes and blocks on.
  std::optional<fault> why_deadlocks(call_record const& nested) const;
  /// The session has ended: the methods are cancelled.
  void stop();

  /// Calls that have not been answered.
  std::size_t size() const noexcept { return running_.size(); }
  /// Of those, the ones whose answers the master is to get.
  std::size_t awaited() const noexcept { return running_.awaited(); }

 private:
  class served_call;

  /// A brief method that ran here.
  void measured(std::size_t brief_method, duration ran);
  void on_done(call_id id, outcome& ended);
  void answer(call_id id, codec as, outcome& ended);
  void refuse(call_id id, fault what, std::uint32_t running_us = 0);

  // kill_after

  /// Empty: it can be ended with this process, and nothing else is.
  std::string why_not_killed(running_calls::entry const& call) const;
  void kill(call_id id);
  /// Returns the calls that have not started.
  void give_back();
  void forget_timer(running_calls::entry& call) noexcept {
    if (call.kill_timer != timer_id::none) world_.clock.cancel(std::exchange(call.kill_timer, timer_id::none));
  }

  connection& session_;
  seams world_;
  limits limits_;
  service_table& services_;
  std::string node_;
  std::shared_ptr<cluster_core> nested_;
  crash_record* record_;
  request_watcher& watcher_;
  std::shared_ptr<mailbox> done_;                                ///< from the compute threads to here
  std::vector<std::shared_ptr<call_scope::names const>> names_;  ///< by method
  running_calls running_;
  outcome brief_outcome_;  ///< reused by methods that run here
  brief_watch brief_watch_;
  bool said_why_not_killed_ = false;
};

}  // namespace dist
