#pragma once

#include <dist/rpc/context.hpp>
#include <dist/rpc/service.hpp>
#include <dist/runtime/detail/mailbox.hpp>
#include <memory>
#include <string>
#include <unordered_map>

#include "jsonrpc/json_session.hpp"

namespace dist {

/// Answers the requests of one JSON-RPC connection from a table of services: brief methods here, others on the compute
/// threads. Methods cannot make calls from here: the nodes are not known.
class json_service {
 public:
  json_service(std::unique_ptr<stream> peer, seams const& world, limits const& bounds, service_table& services,
               std::string node_name);
  ~json_service();

  /// Until the connection ends; then every running method is cancelled. Errors as json_session::run.
  task<void> run();
  /// Takes no more requests; the connection ends when those that run have been answered.
  void finish() noexcept { session_.finish(); }
  void close() noexcept { session_.close(); }

 private:
  void on_request(call_id id, rpc_request const& request);
  void on_done(call_id id, outcome const& ended);
  void answer(call_id id, outcome const& ended);
  void leave_methods() noexcept;
  static std::uint64_t key(call_id id) noexcept { return (std::uint64_t{id.generation} << 32) | id.index; }

  json_session session_;
  seams world_;
  limits limits_;
  service_table& services_;
  std::string name_;
  std::shared_ptr<mailbox> done_;  ///< from the compute threads to here; closed before this is destroyed
  std::unordered_map<std::uint64_t, std::shared_ptr<call_scope>> running_;
  outcome brief_outcome_;  ///< reused by methods that run here
};

}  // namespace dist
