#include <dist/rpc/detail/tcp_network.hpp>

#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <vector>

#include "io/resolve.hpp"
#include "io/tcp_connect.hpp"
#include "io/tcp_listener.hpp"
#include "io/tcp_stream.hpp"

namespace dist {
namespace {

using endpoint = asio::ip::tcp::endpoint;

/// Binds and listens; throws with a message that names the port.
asio::ip::tcp::acceptor open_port(asio::io_context& io, endpoint const& where) {
  asio::ip::tcp::acceptor made(io, where.protocol(), open_socket(where.protocol().family()));
  made.set_option(asio::socket_base::reuse_address(true));
  if (where.address().is_v6()) made.set_option(asio::ip::v6_only(!where.address().is_unspecified()));
  std::error_code error;
  made.bind(where, error);
  if (!error) made.listen(asio::socket_base::max_listen_connections, error);
  if (!error) return made;
  auto const host = where.address().to_string();
  auto const port = std::to_string(where.port());
  if (error == asio::error::address_in_use)
    throw std::system_error(error, "port " + port + " of " + host +
                                       " is taken; choose another with --master ADDR or stop the program that has it");
  throw std::system_error(error, "cannot listen on port " + port + " of " + host);
}

bool no_such_address(std::error_code const& error) noexcept {
  return error == std::errc::address_not_available || error == std::errc::address_family_not_supported;
}

using ports = std::vector<tcp_listener::state::port>;

/// All of `where`; those after the first get its port and may be missing on this machine.
ports open_ports(asio::io_context& io, tcp_endpoints where) {
  ports opened;
  for (auto& each : where) {
    try {
      if (!opened.empty()) each.port(opened.front().socket.local_endpoint().port());
      opened.push_back({open_port(io, each)});
    } catch (std::system_error const& e) {
      if (opened.empty() || !no_such_address(e.code())) throw;
    }
  }
  return opened;
}

}  // namespace

task<std::unique_ptr<stream>> tcp_network::connect(address to) {
  return connect_tcp(io_, clock_, std::move(to));
}

std::unique_ptr<listener> tcp_network::listen(address at) {
  auto where = known_endpoints(at);
  if (where.empty()) where = resolve_now(at);
  auto state = std::make_shared<tcp_listener::state>(io_, clock_, log_);
  // A free port of the first address may be taken on the second; another is soon found.
  for (int tries = at.port == 0 && where.size() > 1 ? 16 : 1;; --tries) {
    try {
      state->ports = open_ports(io_, where);
      return std::make_unique<tcp_listener>(std::move(state));
    } catch (std::system_error const& e) {
      if (e.code() != asio::error::address_in_use || tries <= 1) throw;
    }
  }
}

std::unique_ptr<stream> tcp_network::adopt(int descriptor) {
  int family = AF_UNSPEC;
  socklen_t size = sizeof(family);
  if (::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0)
    throw std::system_error(errno, std::system_category(),
                            "descriptor " + std::to_string(descriptor) + " is not a socket");
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  bool const internet = family == AF_INET || family == AF_INET6;
  tcp_stream::socket socket(io_, asio::generic::stream_protocol(family, internet ? IPPROTO_TCP : 0), descriptor);
  return std::make_unique<tcp_stream>(std::move(socket));
}

}  // namespace dist
