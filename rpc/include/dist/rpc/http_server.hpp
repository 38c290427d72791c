#pragma once

#include <dist/rpc/clock.hpp>
#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/http.hpp>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/memory_budget.hpp>
#include <dist/rpc/network.hpp>
#include <dist/rpc/seams.hpp>
#include <dist/rpc/stream.hpp>
#include <dist/rpc/task_group.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace dist {

/// Answers one request. What it throws becomes a 500 with the message. It is cancelled (terminal) when the peer goes
/// before the response is sent; one that only closes its half of the stream gets its response.
using http_handler = std::function<task<http_response>(http_request)>;

/// Looks at a head before its body is read; a response from it rejects the request, and the body stays unread.
using http_gate = std::function<std::optional<http_response>(http_request const& head)>;

/// How long a kept connection may wait for its next request.
inline constexpr std::chrono::seconds http_keep_alive_idle{60};

/// The connection that a handler's 101 has freed from HTTP, or on which its answer streams.
struct http_upgrade {
  http_request request;
  buffer rest;  ///< bytes received after the request's head
};

/// Serves the requests of one connection in order, until either end closes it, or a 101 or the head of an answer that
/// streams is written.
///
/// Shape    already_read: bytes that were taken off the stream before. gate: asked where a body is to come; may be empty.
/// Errors   errc::limit_exceeded (frame_idle) or errc::deadline_exceeded (handshake) for a peer that is too slow. Otherwise
///          none for what a peer can cause: the connection just ends. What is malformed is answered (400, 413, 431).
/// Memory   bodies and answers count in `memory`; a body that it has no room for is answered 503.
/// Limits   limits.handshake for each head, limits.frame_idle for silence within a body and for a peer that does not
///          read, http_keep_alive_idle between requests; http_head_bytes and message_bytes.
/// Cancel   terminal.
/// Lives    stream, handler, gate and clock outlive it: await it in the expression that calls it.
task<std::optional<http_upgrade>> serve_http(stream& stream, buffer already_read, http_handler const& handler,
                                             limits limits, clock& clock, http_gate const& gate,
                                             memory_budget* memory = nullptr);

/// A small HTTP server on a port of its own. It listens from construction on.
///
/// Errors   the constructor throws std::system_error when the port is taken.
/// Lives    what `seams` refers to outlives it; stop() it and let run() complete before destroying it.
class http_server {
 public:
  http_server(dist::seams const& seams, address at, http_handler handler, dist::limits limits = {});

  /// Accepts until stop(); completes when every connection has ended.
  task<void> run();
  /// Ends all connections at once; idempotent.
  void stop() noexcept;

  /// With the port that was really bound.
  address local_address() const { return listener_->local_address(); }
  std::size_t connection_count() const noexcept { return connections_.size(); }

 private:
  task<void> serve(std::unique_ptr<stream> stream);

  dist::seams seams_;
  http_handler handler_;
  dist::limits limits_;
  std::unique_ptr<listener> listener_;
  task_group connections_;
  bool stopped_ = false;
};

}  // namespace dist
