#pragma once

#include <asio/io_context.hpp>
#include <dist/rpc/clock.hpp>
#include <dist/rpc/log.hpp>
#include <dist/rpc/network.hpp>
#include <memory>

namespace dist {

/// TCP on one io_context. Small writes leave at once (no Nagle), a dead peer is noticed within about 30 s of silence by
/// the kernel (stream::tolerate_silence changes that), and no descriptor reaches a child process.
///
/// "localhost" is 127.0.0.1, then ::1, without asking a resolver; other names are resolved off the I/O thread.
///
/// Lives    io, clock and log must outlive this, its listeners and its streams.
class tcp_network final : public network {
 public:
  tcp_network(asio::io_context& io, dist::clock& clock, dist::log& log) : io_(io), clock_(clock), log_(log) {}

  /// Tries all addresses of the name, each a quarter of a second after the one before, and takes the first that
  /// answers.
  ///
  /// Errors   "cannot connect to desk:3000 (192.0.2.1: No route to host, 192.0.2.2: Connection refused)".
  /// Cancel   terminal, at once, even while the name is being resolved (the resolver finishes in the background); the
  ///          error says what has not answered: the resolver, or which addresses.
  task<std::unique_ptr<stream>> connect(address to) override;

  /// Listens on every address of `at.host`: "localhost" is 127.0.0.1 and, where there is one, ::1 with the same port.
  /// Another name is resolved here and now, so the thread waits for it. "::" hears IPv4 as well.
  /// Errors   std::system_error; a port in use says how to choose another.
  std::unique_ptr<listener> listen(address at) override;

  /// Takes over a connected socket, also one of the Unix domain; `descriptor` is closed with the stream.
  std::unique_ptr<stream> adopt(int descriptor);

 private:
  asio::io_context& io_;
  dist::clock& clock_;
  dist::log& log_;
};

}  // namespace dist
