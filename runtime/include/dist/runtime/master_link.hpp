#pragma once

#include <chrono>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/seams.hpp>
#include <dist/rpc/service_list.hpp>
#include <dist/rpc/task.hpp>
#include <dist/runtime/cluster.hpp>
#include <memory>
#include <string>
#include <utility>

namespace dist {

/// Where a job finds its master, and how it shows itself there.
class link_options {
 public:
  link_options() {}

  address master;
  std::string name;    ///< of the job, for the master's log
  std::string secret;  ///< the join secret's text; empty: none
  std::string register_path = "/register-node";
  std::string trace_file;    ///< where its calls go as trace events; empty: nowhere
  std::string failure_file;  ///< where its failed calls go, a line of JSON each; empty: nowhere
  std::string journal_file;  ///< where the results of its fan-outs are kept for the next run; empty: nowhere
  dist::limits limits;
  service_list services;  ///< of this program: their classes are distinguished from others of the same name
};

/// A job's connection to a running master, whose nodes it shares with other jobs.
///
/// Errors   the constructor throws usage_error when `trace_file`, `failure_file` or `journal_file` cannot be written.
/// Lives    what `world` refers to outlives it. stop() it and let run() complete before destroying it.
/// Threads  its I/O thread alone; calls() may be used anywhere.
class master_link {
 public:
  master_link(seams const& world, link_options options);
  ~master_link();
  master_link(master_link const&) = delete;
  master_link& operator=(master_link const&) = delete;

  /// Connects and introduces itself. Errors: the system's (no master there), errc::denied.
  task<void> open();
  /// Serves the connection, which it opens if open() has not; when it is lost the calls under way fail with
  /// errc::connection_lost, and it reconnects until stop(). Calls that are made meanwhile wait for the connection, as
  /// long as their deadlines and wait_for_node let them.
  task<void> run();
  void stop() noexcept;

  cluster calls() const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

/// A link that is open; its run() is the caller's to start. Errors as master_link::open.
inline task<std::unique_ptr<master_link>> connect(seams world, link_options options) {
  auto link = std::make_unique<master_link>(world, std::move(options));
  co_await link->open();
  co_return link;
}

}  // namespace dist
