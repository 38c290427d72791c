#pragma once

#include <dist/rpc/connection.hpp>
#include <dist/runtime/caller.hpp>
#include <functional>
#include <memory>
#include <unordered_map>

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
  std::size_t size() const noexcept { return calls_.size(); }

 private:
  class relay;
  struct entry {
    call_ptr call;
    std::optional<call_id> parent;
  };

  void wait_for_nodes(call_id id, std::span<std::byte const> arguments);
  void refuse(call_id id, fault what);
  void done(call_id id, call_record const& call, call_reply const& reply) noexcept;
  static std::uint64_t key(call_id id) noexcept { return (std::uint64_t{id.generation} << 32) | id.index; }

  connection& peer_;
  std::shared_ptr<caller> on_;
  parent_hook nested_began_;
  parent_hook nested_ended_;
  std::unordered_map<std::uint64_t, entry> calls_;
  std::size_t node_waits_ = 0;
  std::shared_ptr<served_calls*> self_;  ///< null pointer once this is gone: a relay may come later
};

}  // namespace dist
