#pragma once

#include <chrono>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/seams.hpp>
#include <dist/rpc/service_list.hpp>
#include <dist/rpc/task.hpp>
#include <dist/rpc/tls_context.hpp>
#include <dist/runtime/cluster.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dist {

/// Options of a master: its address, access control and liveness.
class master_options {
 public:
  master_options() {}

  address listen{"localhost", default_port};  ///< beyond this machine it needs a secret, mutual TLS or `insecure`
  std::string secret;                         ///< the join secret's text; empty: none
  std::optional<tls_context> tls;             ///< every peer must use TLS; if it is mutual, with a certificate
  bool loopback_may_look = false;             ///< this machine sees `/status` and the like without a token: where the
                                              ///< secret is unknown outside, as in an embedded cluster
  bool insecure = false;                      ///< listen beyond this machine although anyone may call
  duration heartbeat = std::chrono::seconds(1);    ///< between two beats; nodes are told
  duration lost_after = std::chrono::seconds(30);  ///< silence until a node is lost; nodes are told
  std::string register_path = "/register-node";    ///< where nodes register; they must use the same
  std::uint32_t go_slots = 1;                      ///< of a Go node that names none
  /// Networks such as 10.1.0.0/16 from which Go nodes may join; this machine too where there is no secret and no TLS.
  std::vector<std::string> go_nodes;
  duration node_wait = std::chrono::seconds(10);   ///< how long `/rpc` waits for a node that has the method
  service_list services;  ///< the services of this program's nodes: calls of these wait for a node
  std::string build;                               ///< this program's build id: nodes of another are named in the log
  std::string trace_file;                          ///< where its calls go as trace events; empty: nowhere
  std::string failure_file;                        ///< where its failed calls go, a line of JSON each; empty: nowhere
  std::string journal_file;  ///< where the results of its fan-outs are kept for the next run; empty: nowhere
  std::string program;                             ///< its name, for the log line about how to start a node
  dist::limits limits;
};

/// Where nodes register and calls are placed. It listens from construction on.
///
/// Errors   the constructor throws std::system_error when the port is taken, call_error (errc::denied) when it would
///          listen beyond this machine without a secret, or (errc::bad_arguments) when a network is none, usage_error
///          when `trace_file`, `failure_file` or `journal_file` cannot be written.
/// Lives    what `world` refers to outlives it. stop() it and let run() complete before destroying it.
/// Threads  its I/O thread alone; calls() may be used anywhere.
class master {
 public:
  master(seams const& world, master_options options);
  ~master();
  master(master const&) = delete;
  master& operator=(master const&) = delete;

  /// Serves until stop(); completes when every connection has ended.
  task<void> run();
  /// Running calls fail with errc::stopped; nodes are told. Idempotent.
  void stop() noexcept;

  cluster calls() const;
  /// With the port that was really bound.
  address local_address() const;
  /// What `/status` answers.
  std::string status_json() const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dist
