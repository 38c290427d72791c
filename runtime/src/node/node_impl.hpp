#pragma once

#include <dist/rpc/service.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/node.hpp>
#include <memory>
#include <string>

#include "http/http_client.hpp"
#include "node/go_service.hpp"
#include "node/join_machine.hpp"
#include "node/node_session.hpp"

namespace dist {

/// What a node knows of its Go master, from one dial-back to the next.
struct go_visits {
  go_service* now = nullptr;     ///< while one is served
  std::uint16_t last_port = 0;   ///< where the last one was; 0: nowhere
  bool was_contacted = true;     ///< since the last registration with a Go master
};

/// The node's coroutines: one joins and stays, the session beats.
class node::impl {
 public:
  impl(seams const& world, node_options options, service_list const& services);

  task<void> run();
  void drain();
  void stop() noexcept;
  bool joined() const noexcept { return joining_.joined(); }
  bool kills() const noexcept { return joining_.kills(); }
  bool was_drained() const noexcept { return joining_.was_drained_by_master(); }

 private:
  // Joining, and staying with a dist master
  task<void> join_loop();
  task<void> join_once();
  task<void> serve_dist_master(std::unique_ptr<stream> peer, buffer rest);
  hello introduction() const;
  void said(std::string const& problem);
  void is_in() noexcept;
  void forget_answer_timer() noexcept;

  // Being dialled back by a Go master
  task<void> serve_go_master(std::unique_ptr<listener> port);
  /// The port of the last time, if it is free: a Go master that still knows this node then need not learn another.
  std::unique_ptr<listener> listen_for_go_master(std::string const& host);

  node_options options_;
  memory_budget memory_;
  seams world_;
  service_table services_;
  std::uint64_t incarnation_;
  task_group tasks_;
  join_machine joining_;
  timer_id answer_timer_ = timer_id::none;  ///< while it leaves when_answered
  std::shared_ptr<node_session> session_;   ///< with a dist master
  go_visits go_;
};

}  // namespace dist
