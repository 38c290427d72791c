#pragma once

#include <chrono>
#include <cstddef>
#include <dist/runtime/master.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dist {

/// How many node processes there are, and how they and their master are made.
class local_options {
 public:
  local_options() {}

  std::size_t processes = 0;  ///< node processes; 0: as many as this process may use processors
  std::size_t slots = 1;      ///< of each node
  std::map<std::string, std::string> labels;  ///< of all nodes
  std::vector<std::string> arguments;  ///< argv of the node processes; empty: this process's own
  dist::log_level log_level = dist::log_level::warn;  ///< of the node processes
  std::chrono::microseconds spin{};  ///< of the node processes: see system_world::run
  master_options master;               ///< its address and secret are chosen here
};

/// A master in this process and its node processes: the same program, started once for each node, which dies with this
/// process. A node that dies is started again; run() throws call_error (errc::no_node) when the nodes cannot be
/// started. The program's main must reach dist::run, or call serve_if_embedded.
///
/// Lives    like master.
class local_cluster {
 public:
  local_cluster(seams const& world, local_options options);
  ~local_cluster();
  local_cluster(local_cluster const&) = delete;
  local_cluster& operator=(local_cluster const&) = delete;

  /// Starts the nodes and serves until stop(); completes when all processes have ended.
  task<void> run();
  void stop() noexcept;

  cluster calls() const;
  std::size_t process_count() const noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

/// In a node process of a local_cluster: serves until its cluster ends and returns the exit code; elsewhere nothing.
std::optional<int> serve_if_embedded(service_list const& services);

}  // namespace dist
