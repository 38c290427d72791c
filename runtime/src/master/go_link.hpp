#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

#include "jsonrpc/json_stream.hpp"
#include "jsonrpc/jsonrpc.hpp"
#include "master/dispatcher.hpp"
#include "master/node_link.hpp"

namespace dist {

/// The link to a Go node: JSON-RPC 1.0 over one kept connection, in Go's spelling. It has no way to learn that a call
/// is cancelled; its beats are calls to a method that it does not have.
class go_link final : public node_link {
 public:
  /// It beats when nothing was heard for half of `heartbeat`.
  go_link(std::unique_ptr<stream> over, std::shared_ptr<dispatcher> calls, duration heartbeat);

  /// Until the connection ends; returns why. `on_alive` is called with the first reply, which proves life: it admits
  /// the node, or closes this.
  task<std::string> run(std::function<void()> on_alive);

  std::uint64_t send(call_id attempt, placed_call& call, time_point now, std::optional<fault>& why_not) override;
  /// It cannot be told.
  void cancel(call_id, std::uint32_t) override {}
  void beat(std::size_t) override { beat(); }
  void drain() override {}
  void close(std::string const& reason) noexcept override;
  std::uint64_t written() const noexcept override { return lines_.sent_bytes(); }
  std::uint64_t received_bytes() const noexcept override { return lines_.received_bytes(); }
  std::uint64_t sent_bytes() const noexcept override { return lines_.sent_bytes(); }

 private:
  void beat();
  void on_message(rpc_message const& message);
  void on_reply(rpc_reply const& reply);
  void put_request(std::string method, std::string params_text, std::uint64_t number);

  std::shared_ptr<dispatcher> calls_;
  json_stream lines_;
  std::function<void()> on_alive_;
  std::unordered_map<std::uint64_t, call_id> attempts_;  ///< by the number of the request
  std::uint64_t last_number_ = 0;
  std::uint64_t beat_number_ = 0;  ///< of the beat that is not answered yet, or 0
  duration quiet_;
  time_point heard_{};
  std::string reason_;
};

}  // namespace dist
