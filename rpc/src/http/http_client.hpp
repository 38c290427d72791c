#pragma once

#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/http.hpp>
#include <dist/rpc/stream.hpp>

namespace dist {

/// The response to a request.
struct http_answer {
  http_response response;
  buffer rest;  ///< bytes after the response: frames after a 101
};

/// Sends one request and reads its response; interim responses other than 101 are skipped.
///
/// Errors   throws call_error: errc::protocol_error, errc::limit_exceeded or errc::connection_lost with a message; the
///          stream's own errors pass.
/// Cancel   terminal; the stream is then of no further use.
/// Lives    stream outlives it. For a deadline arm a stream_timer around the await.
task<http_answer> http_exchange(stream& stream, http_request request, limits limits);

}  // namespace dist
