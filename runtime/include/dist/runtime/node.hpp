#pragma once

#include <chrono>
#include <dist/rpc/detail/predecessor.hpp>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/seams.hpp>
#include <dist/rpc/service_list.hpp>
#include <dist/rpc/task.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace dist {

class crash_record;

/// Options of a node: its master, its description, and how long it may finish its calls when it ends.
class node_options {
 public:
  node_options() {}

  address master;                 ///< where to join
  std::string name;               ///< in the cluster; must be unique there unless it is a default
  bool name_is_default = true;    ///< not chosen: the master may add "#2"
  std::string secret;             ///< the join secret's text; empty: none
  bool insecure = false;          ///< be dialled back by a Go master beyond this machine
  duration heartbeat = std::chrono::seconds(1);  ///< under a Go master, which names none: after 5 without a contact the
                                                 ///< node registers again
  std::string register_path = "/register-node";
  std::string build;              ///< the program's build id
  std::map<std::string, std::string> labels;
  bool rejoin = true;  ///< join again when the connection is lost; otherwise run() ends with it
  duration drain_limit = std::chrono::seconds(30);  ///< how long drain() waits for running calls
  dist::limits limits;
  std::optional<dist::predecessor> predecessor;  ///< of a process that is supervised
  crash_record* record = nullptr;                ///< the record that a supervised process leaves for its parent
};

/// Serves methods to a master: joins it, and joins again when the connection or the master was lost.
///
/// Lives    what `world` refers to outlives it; its compute threads must have ended or be joined after run() completed.
/// Threads  its I/O thread alone.
class node {
 public:
  /// Makes the services here; exceptions of their factories propagate.
  node(seams const& world, node_options options, service_list const& services);
  ~node();
  node(node const&) = delete;
  node& operator=(node const&) = delete;

  /// Serves until stop() or the end of drain(). Throws call_error when joining again makes no sense: errc::denied (the
  /// secret, the name).
  task<void> run();
  /// Takes no new calls, finishes those that run within options.drain_limit, and lets run() complete. Idempotent.
  void drain();
  /// Ends at once: running methods are told, their calls are lost. Idempotent.
  void stop() noexcept;

  /// Whether it is joined to a master now.
  bool joined() const noexcept;
  /// After run(): a method is still running that only the end of the process ends, and a call asked for that, see
  /// call_options::kill_after. The supervisor starts another process.
  bool kills() const noexcept;
  /// After run(): its master drained it. The supervisor starts no other process.
  bool was_drained() const noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dist
