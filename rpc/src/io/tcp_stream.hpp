#pragma once

#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/tcp.hpp>
#include <dist/rpc/stream.hpp>

namespace dist {

/// A connected socket of any family as a stream.
class tcp_stream final : public stream {
 public:
  using socket = asio::generic::stream_protocol::socket;

  /// Sets the options that every connection of ours has; those that the socket's family does not know are left alone.
  explicit tcp_stream(socket connected);

  task<std::size_t> read_some(asio::mutable_buffer into) override;
  task<void> write(std::span<asio::const_buffer const> from) override;
  task<std::size_t> write_some(std::span<asio::const_buffer const> from) override;
  std::size_t try_write(std::span<asio::const_buffer const> from) noexcept override;
  task<void> wait_until_gone() override;
  void reset_when_closed() noexcept override;
  void close() noexcept override;
  void tolerate_silence(std::chrono::milliseconds limit) noexcept override;
  std::string peer_address() const override { return peer_; }
  std::string local_address() const override { return local_; }

 private:
  socket socket_;
  std::string peer_;
  std::string local_;
};

/// `127.0.0.1:3000` or `[::1]:3000`; an IPv4 address mapped into IPv6 is shown as IPv4.
std::string endpoint_text(asio::ip::tcp::endpoint const& where);

/// A new socket that no child process inherits. Throws std::system_error.
int open_socket(int family);

}  // namespace dist
