#pragma once

#include <dist/rpc/service.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/node.hpp>
#include <memory>
#include <string>

#include "http/http_client.hpp"
#include "node/go_service.hpp"
#include "node/node_session.hpp"

namespace dist {

/// The node's coroutines: one joins and stays, the session beats.
class node::impl {
 public:
  impl(seams const& world, node_options options, service_list const& services);

  task<void> run();
  void drain();
  void stop() noexcept;
  bool joined() const noexcept { return session_ != nullptr || go_ != nullptr; }
  bool kills() const noexcept { return kills_; }
  bool was_drained() const noexcept { return was_drained_; }

 private:
  // Joining, and staying with a dist master
  task<void> join_loop();
  task<void> join_once();
  task<void> serve_dist_master(std::unique_ptr<stream> peer, buffer rest);
  hello introduction() const;
  void said(std::string const& problem);
  void no_longer_asking() noexcept;

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
  std::shared_ptr<node_session> session_;
  go_service* go_ = nullptr;     ///< while a Go master is served
  std::uint16_t go_port_ = 0;    ///< where that was
  bool go_contacted_ = true;     ///< since the last registration with a Go master
  unsigned failures_ = 0;       ///< attempts to join since the last success
  std::string last_problem_;    ///< logged once, not at every attempt
  bool stopping_ = false;
  bool was_drained_ = false;    ///< by its master
  bool kills_ = false;          ///< a method that still runs, with this process
  time_point drain_until_{};    ///< once stopping in good order
  bool asking_ = false;         ///< a master has been asked to let this node in, and no session has started
  timer_id asking_timer_ = timer_id::none;  ///< the drain's patience with that
};

}  // namespace dist
