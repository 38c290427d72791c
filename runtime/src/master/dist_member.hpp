#pragma once

#include <dist/rpc/detail/call_table.hpp>
#include <unordered_map>

#include "master/dispatcher.hpp"
#include "master/member.hpp"
#include "master/served_calls.hpp"
#include "process/node_logs.hpp"
#include "wire/connection.hpp"
#include "wire/hello.hpp"

namespace dist {

/// A node of ours as its master sees it: the master's end of a node's dist/1 session.
class dist_member final : public member, private nested_parents {
 public:
  dist_member(std::unique_ptr<connection> session, std::shared_ptr<dispatcher> calls, hello who, node_logs& logs);
  ~dist_member() override;

  /// The registry has let it in: only now its methods get numbers.
  void let_in();
  /// After that: until the connection ends. Returns why it ended.
  task<std::string> run();
  connection& session() noexcept { return *session_; }
  hello const& who() const noexcept { return who_; }
  /// Whether the node said that it was going, rather than died.
  bool said_goodbye() const noexcept { return said_goodbye_; }
  /// Whether it sent what no node sends, so that its connection was ended here.
  bool broke_protocol() const noexcept { return broke_protocol_; }

  void send(placed_ptr const& call, lease held) override;
  void abandon(call_id here) override;
  void beat() override;
  void drain() override;
  void close(std::string const& reason) noexcept override;
  std::vector<under_way> in_flight() override;
  std::size_t in_flight_count() const noexcept override { return table_.size(); }
  std::vector<call_ptr> nested_calls() override;
  std::uint64_t received_bytes() const noexcept override { return session_->received_bytes(); }
  std::uint64_t sent_bytes() const noexcept override { return session_->sent_bytes(); }
  bool repeatable(placed_call const& call) const override;

 private:
  /// A call in flight here; `call` stays after its caller has lost interest, so that a late answer is known as one.
  struct entry {
    placed_ptr call;
    lease held;
    std::uint32_t nested = 0;  ///< calls that it waits for; its slot is given back or lent meanwhile
    std::uint64_t frame = 0;   ///< where its request begins in what is written to the node
    bool abandoned = false;    ///< nobody waits for its answer; it may still run
  };

  bool nested_began(call_id parent, waits how) override;
  void nested_ended(call_id parent) override;
  std::uint32_t origin_of(call_id parent) override;
  void printed(std::string_view lines, bool is_shown) override;
  void on_frame(frame& in);
  void on_reply(frame& in);
  void on_fault(frame& in);
  void refuse_large(placed_call& call, frame_header const& header, lease held);
  std::uint16_t wire_number(method_ref method) const;

  std::unique_ptr<connection> session_;
  std::shared_ptr<dispatcher> calls_;
  hello who_;
  node_logs& logs_;
  std::unordered_map<method_ref, std::uint16_t> numbers_;
  call_table<entry> table_;
  served_calls nested_;
  std::string goodbye_;
  bool said_goodbye_ = false;
  bool broke_protocol_ = false;
};

}  // namespace dist
