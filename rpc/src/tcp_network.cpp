#include <dist/rpc/tcp_network.hpp>

#include <dist/rpc/event.hpp>

#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <cerrno>
#include <system_error>
#include <vector>

#include "tcp_listener.hpp"
#include "tcp_stream.hpp"

namespace dist {
namespace {

using endpoint = asio::ip::tcp::endpoint;
using endpoints = std::vector<endpoint>;

/// What needs no resolver: a literal, or this machine.
endpoints known_endpoints(address const& where) {
  if (where.host == "localhost")
    return {{asio::ip::address_v4::loopback(), where.port}, {asio::ip::address_v6::loopback(), where.port}};
  std::error_code error;
  auto const literal = asio::ip::make_address(where.host, error);
  if (error) return {};
  return {{literal, where.port}};
}

/// A name on its way through the resolver, which cannot be stopped: who waits for it may leave.
struct resolution {
  explicit resolution(asio::io_context& io) : resolver(io) {}

  asio::ip::tcp::resolver resolver;
  event done;
  std::error_code error;
  endpoints found;
};

task<endpoints> resolve(asio::io_context& io, address where) {
  auto const state = std::make_shared<resolution>(io);
  state->resolver.async_resolve(where.host, std::to_string(where.port), asio::ip::resolver_base::numeric_service,
                                [state](std::error_code error, asio::ip::tcp::resolver::results_type results) {
                                  state->error = error;
                                  for (auto const& each : results) state->found.push_back(each.endpoint());
                                  state->done.set();
                                });
  co_await state->done.wait();
  if (state->error) throw std::system_error(state->error, "cannot find the address of " + where.host);
  co_return std::move(state->found);
}

std::string host_and_port(address const& where) {
  auto const literal = where.host.find(':') != std::string::npos;
  return (literal ? '[' + where.host + ']' : where.host) + ':' + std::to_string(where.port);
}

std::string cannot_connect(address const& to, endpoint const& tried) {
  auto const literal = tried.address().to_string();
  return "cannot connect to " + host_and_port(to) + (literal == to.host ? "" : " (" + literal + ")");
}

tcp_stream::socket open_for(asio::io_context& io, endpoint const& where) {
  int const family = where.protocol().family();
  return tcp_stream::socket(io, asio::generic::stream_protocol(family, IPPROTO_TCP), open_socket(family));
}

task<std::unique_ptr<stream>> connect_to(asio::io_context& io, address to) {
  auto candidates = known_endpoints(to);
  if (candidates.empty()) candidates = co_await resolve(io, to);
  std::error_code last = asio::error::host_not_found;
  std::string message = "cannot connect to " + host_and_port(to);
  for (auto const& each : candidates) {
    try {
      auto socket = open_for(io, each);
      co_await socket.async_connect(each, asio::use_awaitable);
      co_return std::make_unique<tcp_stream>(std::move(socket));
    } catch (std::system_error const& e) {
      // Ours was cancelled, not theirs refused.
      if (e.code() == asio::error::operation_aborted) throw;
      // "No such family here" says less than what another address said.
      if (e.code() == asio::error::address_family_not_supported && &each != &candidates.front()) continue;
      last = e.code();
      message = cannot_connect(to, each);
    }
  }
  throw std::system_error(last, message);
}

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
ports open_ports(asio::io_context& io, endpoints where) {
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

endpoints resolve_now(asio::io_context& io, address const& where) {
  asio::ip::tcp::resolver resolver(io);
  std::error_code error;
  auto const results =
      resolver.resolve(where.host, std::to_string(where.port), asio::ip::resolver_base::numeric_service, error);
  if (error) throw std::system_error(error, "cannot find the address of " + where.host);
  endpoints found;
  for (auto const& each : results) found.push_back(each.endpoint());
  return found;
}

}  // namespace

task<std::unique_ptr<stream>> tcp_network::connect(address to) { return connect_to(io_, std::move(to)); }

std::unique_ptr<listener> tcp_network::listen(address at) {
  auto where = known_endpoints(at);
  if (where.empty()) where = resolve_now(io_, at);
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
                            "descriptor " + std::to_string(descriptor) + " is no socket");
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  bool const internet = family == AF_INET || family == AF_INET6;
  tcp_stream::socket socket(io_, asio::generic::stream_protocol(family, internet ? IPPROTO_TCP : 0), descriptor);
  return std::make_unique<tcp_stream>(std::move(socket));
}

}  // namespace dist
