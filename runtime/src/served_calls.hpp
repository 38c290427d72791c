#pragma once

#include <dist/rpc/connection.hpp>
#include <dist/runtime/caller.hpp>
#include <functional>
#include <memory>

#include "peer_calls.hpp"

namespace dist {

/// A request of this name, with a count, is answered once the master has that many nodes.
inline constexpr std::string_view wait_for_nodes_method = "dist.wait_for_nodes";

/// Answers the requests that one peer makes over dist/1 by calls on a caller: a connected job's, or the nested ones of
/// a node's methods. When the peer goes, its calls are cancelled, and only its.
class served_calls {
 public:
  /// `nested_began` and `nested_ended` are told the parent's id for calls that have one.
  using parent_hook = std::function<void(call_id parent)>;

  served_calls(connection& peer, std::shared_ptr<caller> on, parent_hook nested_began = {}, parent_hook nested_ended = {});
  ~served_calls();
  served_calls(served_calls const&) = delete;
  served_calls& operator=(served_calls const&) = delete;

  void on_request(frame& request);
  void on_cancel(call_id id);

 private:
  void wait_for_nodes(call_id id, std::span<std::byte const> arguments);
  void refuse(call_id id, fault what);
  void answer(call_id id, call_record const& call, call_reply const& reply);

  connection& peer_;
  std::shared_ptr<caller> on_;
  parent_hook nested_began_;
  parent_hook nested_ended_;
  std::size_t node_waits_ = 0;
  std::shared_ptr<served_calls*> self_;  ///< null pointer once this is gone: a node may come later
  peer_calls calls_;                     ///< by the peer's ids
};

}  // namespace dist
