#pragma once

#include <dist/rpc/http_client.hpp>
#include <dist/rpc/service.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/node.hpp>
#include <memory>
#include <string>

#include "node_session.hpp"

namespace dist {

/// The node's coroutines: one joins and stays, the session beats.
class node::impl {
 public:
  impl(seams const& world, node_options options, service_list const& services);

  task<void> run();
  void drain();
  void stop() noexcept;
  bool joined() const noexcept { return session_ != nullptr; }

 private:
  // node.cpp: joining, and staying with a dist master
  task<void> join_loop();
  task<void> join_once();
  task<void> serve_dist_master(std::unique_ptr<stream> peer, buffer rest);
  hello introduction() const;
  void said(std::string const& problem);

  // node_go.cpp: being dialled back by a Go master
  task<void> serve_go_master(std::unique_ptr<listener> port);

  seams world_;
  node_options options_;
  service_table services_;
  std::uint64_t incarnation_;
  task_group tasks_;
  std::shared_ptr<node_session> session_;
  unsigned failures_ = 0;       ///< attempts to join since the last success
  std::string last_problem_;    ///< said once, not at every attempt
  bool stopping_ = false;
};

}  // namespace dist
