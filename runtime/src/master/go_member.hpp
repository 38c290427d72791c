#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "jsonrpc/json_stream.hpp"
#include "jsonrpc/jsonrpc.hpp"
#include "master/dispatcher.hpp"
#include "master/member.hpp"

namespace dist {

/// A Go node as its master sees it: JSON-RPC 1.0 over one kept connection, in Go's spelling. It cannot be told that a
/// call is cancelled; its beats are calls to a method that it does not have.
class go_member final : public member {
 public:
  /// It beats when nothing was heard for half of `heartbeat`.
  go_member(std::unique_ptr<stream> over, std::shared_ptr<dispatcher> calls, duration heartbeat);
  ~go_member() override;

  /// Until the connection ends; returns why. `on_alive` is called with the first answer, which proves life: it lets the
  /// node in, or closes this.
  task<std::string> run(std::function<void()> on_alive);

  void send(placed_ptr const& call, lease held) override;
  void abandon(call_id here) override;
  void beat() override;
  void drain() override {}
  void close(std::string const& reason) noexcept override;
  std::vector<under_way> in_flight() override;
  std::size_t in_flight_count() const noexcept override { return table_.size(); }
  std::uint64_t received_bytes() const noexcept override { return lines_.received_bytes(); }
  std::uint64_t sent_bytes() const noexcept override { return lines_.sent_bytes(); }
  bool repeatable(placed_call const& call) const override { return call.method->repeatable; }

 private:
  struct entry {
    placed_ptr call;
    lease held;
    std::uint64_t begin = 0;  ///< where its request begins in what is written to the node
  };

  void on_message(rpc_message const& message);
  void on_reply(rpc_reply const& reply);
  void put_request(std::string method, std::string params_text, std::uint64_t number);
  /// Hands a call back that cannot be said in Go; later, since whoever sends is in the middle of something.
  void refuse_soon(std::uint64_t number, fault what);
  void refuse(std::uint64_t number, fault what);

  static std::uint64_t key(call_id id) noexcept { return (std::uint64_t{id.generation} << 32) | id.index; }
  static call_id id_of(std::uint64_t number) noexcept {
    return {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32)};
  }

  std::shared_ptr<dispatcher> calls_;
  json_stream lines_;
  std::shared_ptr<mailbox> soon_;
  std::function<void()> on_alive_;
  std::unordered_map<std::uint64_t, entry> table_;  ///< by the number of the request
  std::unordered_set<method_ref> known_;            ///< methods that it has answered
  std::uint64_t last_number_ = 0;
  std::uint64_t beat_number_ = 0;  ///< of the beat that is not answered yet, or 0
  duration quiet_;
  time_point heard_{};
  std::string reason_;
};

}  // namespace dist
