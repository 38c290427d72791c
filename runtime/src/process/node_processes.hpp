#pragma once

#include <cstddef>
#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/seams.hpp>
#include <dist/rpc/task.hpp>
#include <dist/rpc/task_group.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "process/child_config.hpp"
#include "process/child_process.hpp"
#include "process/crash_record.hpp"

namespace dist {

class child_text;

/// Node processes: this program, started once for each. One that dies is restarted, at first at once, then with growing
/// pauses; its end is logged. Their output is shown on this process's stderr, each line with its node's name. All go
/// with this process.
class node_processes {
 public:
  /// `common` holds the settings of all; the nodes' names are its name followed by 1, 2 and so on. `arguments` is their
  /// argv; empty: this process's own.
  node_processes(seams const& world, std::size_t count, child_config common, std::vector<std::string> arguments = {});
  node_processes(node_processes const&) = delete;
  node_processes& operator=(node_processes const&) = delete;
  ~node_processes();

  /// Until stop(), and until all have ended. Throws call_error (errc::denied if they report that they were used
  /// wrongly) when none is left that it would make sense to start again.
  task<void> run();
  /// Starts none any more and sends `signal` (0: none) to all; those still running after `patience` are killed.
  /// Idempotent.
  void stop(int signal, duration patience) noexcept;
  /// As many as there are to be: fewer than were asked for where the limit on open files is too low for them.
  std::size_t count() const noexcept { return count_; }
  /// Called with how many are left whenever one is not started again.
  void when_fewer(std::function<void(std::size_t left)> tell) { tell_fewer_ = std::move(tell); }

 private:
  task<void> keep(std::size_t number);
  task<exit_report> live(child_config given, std::shared_ptr<crash_record> record);
  task<void> watch(child_process& child, std::shared_ptr<crash_record> record, duration& unresponsive);
  /// Output shown here then is shown by the master's process.
  bool is_beside_its_master() const noexcept { return !common_.master.empty(); }
  static task<void> hear(std::shared_ptr<child_text> text);
  task<void> pause(duration time);
  void give_up(std::string const& name, exit_report const& ended);
  void stay_away(std::string const& name);
  void one_fewer();
  void forget_kill_timer() noexcept;

  seams world_;
  compute_pool starter_{1};  ///< its thread starts all processes
  std::size_t count_;
  child_config common_;
  std::vector<std::string> arguments_;
  task_group tasks_;
  std::vector<child_process*> children_;
  std::vector<event*> pauses_;
  timer_id kill_timer_ = timer_id::none;
  std::size_t kept_;  ///< that have not been given up, and have not been drained
  std::function<void(std::size_t)> tell_fewer_;
  bool any_joined_ = false;
  bool stopping_ = false;
};

}  // namespace dist
