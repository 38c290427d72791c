#pragma once

#include <dist/rpc/detail/call_table.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jsonrpc/json_stream.hpp"
#include "jsonrpc/jsonrpc.hpp"
#include "jsonrpc/rpc_answers.hpp"

namespace dist {

/// A peer that has ended its half of the stream: it waits for its answers, as `nc -N` does, or it has gone.
enum class peer_end { waits, has_gone };

/// The answer to a request, or an error in its place where so much is not kept for a peer for which `held` bytes wait.
std::string write_bounded(rpc_request const& request, std::string_view result_text, std::size_t held,
                          std::size_t outbox_limit, memory_budget const* memory);

/// The serving end of JSON-RPC over one stream, any number of requests at once: answers go out in the order in which
/// they arrive, those of a batch as one array.
class json_session {
 public:
  /// Called for every request, notifications too, in order. It, or later code, answers each once; `request` is good
  /// during the call. The id is this session's own, not the peer's.
  using handler = std::function<void(call_id id, rpc_request const& request)>;

  json_session(std::unique_ptr<stream> over, seams const& world, limits const& bounds);

  /// Bytes that came before: they are the first.
  void feed(std::span<std::byte const> bytes) { lines_.feed(bytes); }
  /// Until the peer is gone or the session was closed; later answers are dropped. Errors as json_stream::run.
  task<void> run(handler on_request, peer_end end = peer_end::waits);

  /// `result_text` is JSON. An id that was answered, or whose peer is gone, does nothing.
  void answer(call_id id, std::string_view result_text);
  void refuse(call_id id, fault const& what);

  /// Ends at once.
  void close() noexcept { lines_.close(); }
  /// Reads no more and ends when all requests are answered.
  void finish() noexcept;

  std::size_t in_flight() const noexcept { return requests_.size(); }
  stream& over() noexcept { return lines_.over(); }

 private:
  struct entry {
    rpc_request request;  ///< without its parameters
    std::shared_ptr<rpc_answers> in;  ///< of its batch; null: it came alone
    std::size_t place = 0;
  };

  void on_message(rpc_message message, handler const& on_request);
  void on_request(rpc_request const& request, std::shared_ptr<rpc_answers> in, std::size_t place, handler const& on_request);
  void deliver(std::shared_ptr<rpc_answers> const& in, std::size_t place, std::string text);
  void end_if_done() noexcept;

  limits limits_;
  json_stream lines_;
  memory_share kept_;  ///< answers to a part of a batch
  call_table<entry> requests_;
  bool finishing_ = false;
};

}  // namespace dist
