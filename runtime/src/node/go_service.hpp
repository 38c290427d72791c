#pragma once

#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/network.hpp>
#include <dist/rpc/service.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/node.hpp>
#include <memory>
#include <string>
#include <vector>

#include "jsonrpc/json_service.hpp"

namespace dist {

/// A node's port for a Go master, which dials for each call, keeps a connection, or only looks whether it can connect.
class go_service {
 public:
  go_service(seams const& world, node_options const& options, service_table& services, std::unique_ptr<listener> port);
  go_service(go_service const&) = delete;
  go_service& operator=(go_service const&) = delete;

  /// Until no master has been connected for 5 heartbeats, or it is drained. Cancel: terminal, ends at once.
  task<void> run();
  /// Accepts no more and ends when the calls that run are answered, at the latest after `limit`.
  void drain(duration limit);
  /// Whether a master has connected.
  bool contacted() const noexcept { return contacted_; }

 private:
  task<void> accept_loop();
  task<void> serve(std::unique_ptr<stream> peer);
  bool is_over() const;

  seams world_;
  node_options const& options_;
  service_table& services_;
  std::unique_ptr<listener> port_;
  std::vector<json_service*> open_;
  time_point last_contact_;
  event wake_;
  std::exception_ptr failed_;  ///< the port is of no use any more
  bool contacted_ = false;
  bool draining_ = false;
  time_point drain_until_ = time_point::max();
  task_group tasks_;
};

}  // namespace dist
