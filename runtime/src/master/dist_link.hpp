#pragma once

#include <vector>

#include "master/dispatcher.hpp"
#include "master/node_link.hpp"
#include "master/served_calls.hpp"
#include "process/node_logs.hpp"
#include "wire/connection.hpp"
#include "wire/hello.hpp"

namespace dist {

/// The link to a node of ours: the master's end of a node's dist/1 session.
class dist_link final : public node_link, private nested_parents {
 public:
  dist_link(std::unique_ptr<connection> session, std::shared_ptr<dispatcher> calls, hello who, node_logs& logs);
  ~dist_link() override;

  /// The ledger has let it in: only now its methods get numbers.
  void let_in();
  /// After that: until the connection ends. Returns why it ended.
  task<std::string> run();
  connection& session() noexcept { return *session_; }
  hello const& who() const noexcept { return who_; }
  /// Whether the node announced its leaving, rather than died.
  bool said_goodbye() const noexcept { return said_goodbye_; }
  /// Whether it broke the protocol, so that its connection was closed here.
  bool broke_protocol() const noexcept { return broke_protocol_; }

  std::uint64_t send(call_id attempt, placed_call& call, time_point now, std::optional<fault>& why_not) override;
  void cancel(call_id attempt, std::uint32_t kill_after_us) override;
  void beat(std::size_t in_flight) override;
  void drain() override;
  void close(std::string const& reason) noexcept override;
  std::uint64_t written() const noexcept override;
  std::uint64_t received_bytes() const noexcept override { return session_->received_bytes(); }
  std::uint64_t sent_bytes() const noexcept override { return session_->sent_bytes(); }

 private:
  std::uint32_t origin_of(call_id parent) override { return calls_->origin_of(parent, *this); }
  void printed(std::string_view lines, bool is_shown) override;
  void on_frame(frame& in);
  void on_reply(frame& in);
  void on_fault(frame& in);
  void refuse_large(frame_header const& header);

  std::unique_ptr<connection> session_;
  std::shared_ptr<dispatcher> calls_;
  hello who_;
  node_logs& logs_;
  std::vector<std::uint16_t> numbers_;  ///< of its methods on the wire, by method_ref
  std::uint64_t last_request_ = 0;                         ///< position of the latest in the written stream, plus 1
  served_calls nested_;
  std::string goodbye_;
  bool said_goodbye_ = false;
  bool broke_protocol_ = false;
};

}  // namespace dist
