#pragma once

#include <dist/rpc/service.hpp>
#include <dist/rpc/task_group.hpp>
#include <memory>
#include <optional>
#include <string>

#include "call/peer_calls.hpp"
#include "job/remote_caller.hpp"
#include "node/drain_machine.hpp"
#include "node/master_watchdog.hpp"
#include "node/request_runner.hpp"
#include "wire/connection.hpp"
#include "wire/hello.hpp"

namespace dist {

class crash_record;

/// The calls that a node's methods make, over its session.
struct calls_of_methods {
  std::shared_ptr<call_book> book;
  std::shared_ptr<remote_caller> route;
  std::shared_ptr<cluster_core> core;

  calls_of_methods(seams const& world, limits const& bounds, service_table const& services);
};

/// A node's end of its dist/1 session: passes the frames on, beats, and leaves in good order.
///
/// Lives    shared, for the answers to what it sends to the master itself.
class node_session final : public std::enable_shared_from_this<node_session>, private request_watcher {
 public:
  node_session(std::unique_ptr<connection> over, seams const& world, limits const& bounds, service_table& services,
               welcome const& accepted, duration drain_limit, crash_record* record = nullptr);

  /// Until the connection ends; then every running method is cancelled. Throws why it ended, unless it
  /// was drained.
  task<void> run();
  /// Takes no new calls; leaves when the running ones have been answered, at the latest after `limit`.
  void drain(duration limit);
  void stop() noexcept { session_->close(); }
  bool drained() const noexcept { return drain_.has_left(); }
  /// Whether the process is to end, by kill_after, as soon as this has.
  bool kills() const noexcept { return kills_; }

 private:
  // request_watcher
  void answered() override { leave_if_idle(); }
  void process_ends() override;

  void on_frame(frame& in);
  /// Output of this process that has not been sent to the master.
  void send_printed();
  void leave_if_idle();
  void say_goodbye(std::string const& why);

  std::unique_ptr<connection> session_;
  seams world_;
  crash_record* record_;  ///< of a process that is started again when it ends; null for another
  beat_times times_;
  duration drain_limit_;  ///< where the master asks for the drain
  calls_of_methods nested_;
  std::shared_ptr<request_runner> requests_;
  time_point heard_{};
  std::optional<master_watchdog> watchdog_;  ///< while run() runs
  drain_machine drain_;
  timer_id drain_timer_ = timer_id::none;
  bool kills_ = false;
  bool master_takes_text_ = true;
};

}  // namespace dist
