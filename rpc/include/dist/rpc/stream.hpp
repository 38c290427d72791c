#pragma once

#include <asio/buffer.hpp>
#include <chrono>
#include <cstddef>
#include <dist/rpc/task.hpp>
#include <span>
#include <string>

namespace dist {

/// The seam of transport: an ordered, reliable, two-way stream of bytes. One reader and one writer at a time; all of it
/// on the I/O thread.
class stream {
 public:
  virtual ~stream() = default;

  /// Reads at least one byte. Errors: asio::error::eof when the peer has finished, or the system's. Cancel: terminal.
  virtual task<std::size_t> read_some(asio::mutable_buffer into) = 0;
  /// Writes all of `from` in as few system calls as it takes; the bytes must live until it returns.
  virtual task<void> write(std::span<asio::const_buffer const> from) = 0;
  /// Writes at least one byte of `from`, and says how many may have left: the first ones. Those that it does not count
  /// have not, when it fails too.
  virtual task<std::size_t> write_some(std::span<asio::const_buffer const> from) = 0;
  /// Writes what goes at once, and says how many bytes that were: the first ones. What is left, and whatever went wrong,
  /// is for write(). Not while a write() is under way.
  virtual std::size_t try_write(std::span<asio::const_buffer const>) noexcept { return 0; }
  /// Completes once the peer is known to be gone: it reset the connection, or the system gave it up. The end of what it
  /// sends (eof) is not that: such a peer may still read. Cancel: terminal.
  virtual task<void> wait_until_gone() = 0;
  /// Makes any end of the stream, even with its process, a reset: the peer learns at once that its replies are not
  /// read. For ends that may leave before a reply. Data that has not arrived by then may be lost.
  virtual void reset_when_closed() noexcept {}
  /// Ends both directions at once; what waits fails with operation_aborted. May be called again.
  virtual void close() noexcept = 0;

  /// How long the system keeps the connection while the peer acknowledges nothing. No effect on a stream that has no
  /// such limit.
  virtual void tolerate_silence(std::chrono::milliseconds) noexcept {}

  /// Whether the bytes are encrypted and authenticated.
  virtual bool is_encrypted() const noexcept { return false; }

  /// A value known only to both ends of this connection (RFC 9266, tls-exporter): proofs are bound
  /// to it. Empty where the bytes are not encrypted.
  virtual std::string channel_binding() const { return {}; }

  /// The other end as `127.0.0.1:40112` or `[::1]:40112`, for logs and for dialling back.
  virtual std::string peer_address() const = 0;
  /// Our own end, likewise.
  virtual std::string local_address() const = 0;
};

}  // namespace dist
