#include "io/tcp_stream.hpp"

#include <asio/error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <system_error>

namespace dist {
namespace {

/// The next piece of a gathered write is all that is left: the default stops at 64 KiB.
struct everything {
  std::size_t operator()(std::error_code const& error, std::size_t) const noexcept {
    return error ? 0 : std::numeric_limits<std::size_t>::max();
  }
};

task<std::size_t> already_closed() {
  throw std::system_error(asio::error::operation_aborted);
  co_return 0;  // never reached: it makes this a coroutine
}

bool is_internet(int family) noexcept { return family == AF_INET || family == AF_INET6; }

void set(int descriptor, int level, int name, int value) noexcept {
  // An option is an improvement: a kernel that refuses one still carries the bytes.
  ::setsockopt(descriptor, level, name, &value, sizeof(value));
}

void set_options(int descriptor, int family) noexcept {
  if (!is_internet(family)) return;
  set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, 10);
  set(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 4);
  set(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

using name_of_socket = int (*)(int, sockaddr*, socklen_t*);

std::string name_text(int descriptor, name_of_socket name) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (name(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return "unknown";
  if (storage.ss_family != AF_INET && storage.ss_family != AF_INET6) return "local";
  asio::ip::tcp::endpoint where;
  std::memcpy(where.data(), &storage, size);
  where.resize(size);
  return endpoint_text(where);
}

int family_of(int descriptor) noexcept {
  int family = AF_UNSPEC;
  socklen_t size = sizeof(family);
  ::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return family;
}

}  // namespace

tcp_stream::tcp_stream(socket connected)
    : socket_(std::move(connected)),
      peer_(name_text(socket_.native_handle(), ::getpeername)),
      local_(name_text(socket_.native_handle(), ::getsockname)) {
  set_options(socket_.native_handle(), family_of(socket_.native_handle()));
  // Else try_write() would wait.
  socket_.non_blocking(true);
}

task<std::size_t> tcp_stream::read_some(asio::mutable_buffer into) {
  if (!socket_.is_open()) return already_closed();
  return socket_.async_read_some(into, asio::use_awaitable);
}

task<void> tcp_stream::write(std::span<asio::const_buffer const> from) {
  if (!socket_.is_open()) throw std::system_error(asio::error::operation_aborted);
  co_await asio::async_write(socket_, from, everything(), asio::use_awaitable);
}

task<std::size_t> tcp_stream::write_some(std::span<asio::const_buffer const> from) {
  if (!socket_.is_open()) return already_closed();
  return socket_.async_write_some(from, asio::use_awaitable);
}

std::size_t tcp_stream::try_write(std::span<asio::const_buffer const> from) noexcept {
  std::error_code error;
  return socket_.write_some(from, error);
}

task<void> tcp_stream::wait_until_gone() {
  if (!socket_.is_open()) throw std::system_error(asio::error::operation_aborted);
  co_await socket_.async_wait(asio::socket_base::wait_error, asio::use_awaitable);
}

void tcp_stream::reset_when_closed() noexcept {
  // Not by Asio, which takes it back when the socket is destroyed without a close().
  ::linger const at_once{1, 0};
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void tcp_stream::close() noexcept {
  std::error_code ignored;
  if (!socket_.is_open()) return;
  socket_.shutdown(asio::socket_base::shutdown_both, ignored);
  socket_.close(ignored);
}

void tcp_stream::tolerate_silence(std::chrono::milliseconds limit) noexcept {
  if (!socket_.is_open() || !is_internet(family_of(socket_.native_handle()))) return;
  constexpr std::chrono::milliseconds longest(std::numeric_limits<int>::max());
  // Once this is set the system counts no keepalive probes any more: it is the limit for them too.
  set(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(std::min(limit, longest).count()));
}

std::string endpoint_text(asio::ip::tcp::endpoint const& where) {
  auto address = where.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  auto const host = address.to_string();
  return (address.is_v6() ? '[' + host + ']' : host) + ':' + std::to_string(where.port());
}

int open_socket(int family) {
  int const descriptor = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (descriptor < 0) throw std::system_error(errno, std::system_category(), "cannot make a socket");
  return descriptor;
}

}  // namespace dist
