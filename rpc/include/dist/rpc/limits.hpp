#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dist {

/// Resource limits: per peer, except memory, which all peers share. Every limit is on by default; zero never means
/// "no limit".
struct limits {
  std::size_t memory = 0;  ///< held for all peers together; 0: half of what is available
  std::size_t frame_bytes = std::size_t{1} << 30;           ///< payload of one dist/1 frame; both ends should agree
  std::size_t hello_bytes = std::size_t{4} << 20;           ///< a frame of the handshake
  std::size_t unproven_hello_bytes = 64 * 1024;             ///< the same for a peer that has yet to prove the secret
  std::size_t unproven_bytes = std::size_t{32} << 20;       ///< held for all peers together that are not let in yet
  std::size_t message_bytes = std::size_t{64} << 20;        ///< one JSON-RPC message or HTTP body
  std::size_t http_head_bytes = 16 * 1024;                  ///< request line and headers together
  std::size_t depth = 64;                                   ///< nesting of values, read and written
  std::size_t batch_count = 10'000;                         ///< requests in one JSON-RPC batch
  std::size_t connection_count = 16'384;                    ///< connections accepted at once
  std::size_t calls_per_connection = 1'000'000;             ///< requests in flight of one peer
  std::size_t coroutine_count = 2048;                       ///< coroutine methods of one node that have not ended
  std::size_t outbox_bytes = std::size_t{256} << 20;        ///< frames waiting to be written to one peer
  std::chrono::milliseconds handshake = std::chrono::seconds(10);  ///< from accept to the end of the hello
  std::chrono::milliseconds frame_idle = std::chrono::seconds(30);  ///< silence in the middle of a frame or message
};

/// Sets one by its name, as in `frame_bytes=2GB`: bytes in B, KB, MB or GB (powers of 1000), counts as they are, times as in
/// `handshake=5s`. Returns what is wrong with the text; empty: nothing.
std::string set_limit(limits& of, std::string_view text);

/// None beyond what the protocol can say and a thread's stack can take; set_limit refuses those.
limits bounded(limits of) noexcept;

/// The limits that differ from their defaults, in the syntax of set_limit.
std::vector<std::string> changed_limits(limits const& of);

/// For messages about a timeout: "within 10 s, the limit (handshake)".
std::string within_limit(std::string_view name, std::chrono::milliseconds limit);

}  // namespace dist
