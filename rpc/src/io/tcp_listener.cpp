#include "io/tcp_listener.hpp"

#include <asio/error.hpp>
#include <asio/post.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "io/tcp_stream.hpp"

namespace dist {
namespace {

using state_ptr = std::shared_ptr<tcp_listener::state>;

constexpr auto pause_time = std::chrono::milliseconds(100);
constexpr auto complaint_interval = std::chrono::seconds(10);

enum class trouble {
  nobody,     ///< no connection is waiting
  this_one,   ///< the connection broke before it was accepted, others may wait
  exhausted,  ///< the process or the system has no room for another descriptor
  fatal,      ///< the listener itself is broken
};

trouble judge(int error) noexcept {
  switch (error) {
    case EAGAIN:
      return trouble::nobody;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return trouble::exhausted;
    // accept(2): errors of the new connection's network are reported here and are to be treated like EAGAIN.
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return trouble::this_one;
    default:
      return trouble::fatal;
  }
}

void wait_for_pause(state_ptr const& state, int error) {
  auto const now = state->clock.now();
  if (now >= state->next_complaint) {
    state->next_complaint = now + complaint_interval;
    state->log.warn("no connection can be accepted at " + endpoint_text(state->ports.front().socket.local_endpoint()) +
                    " for now: " + std::system_category().message(error) +
                    "; raise the limit of open files or close some connections");
  }
  if (state->pause != timer_id::none) return;
  state->pause = state->clock.schedule(now + pause_time, [state] {
    state->pause = timer_id::none;
    state->ready.set();
  });
}

void wait_for_connection(state_ptr const& state) {
  for (std::size_t i = 0; i < state->ports.size(); ++i) {
    auto& port = state->ports[i];
    if (std::exchange(port.armed, true)) continue;
    port.socket.async_wait(asio::socket_base::wait_read, [state, i](std::error_code) {
      state->ports[i].armed = false;
      state->ready.set();
    });
  }
}

/// One socket of the kernel's queues, taken in turn; or the worst trouble met.
int take_connection(tcp_listener::state& state, int& error) {
  error = EAGAIN;
  for (std::size_t tried = 0; tried < state.ports.size();) {
    auto& port = state.ports[state.turn % state.ports.size()];
    int const descriptor = ::accept4(port.socket.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) return descriptor;
    auto const what = judge(errno);
    if (what == trouble::this_one) continue;
    if (what != trouble::nobody) {
      error = errno;
      return -1;
    }
    ++state.turn;
    ++tried;
  }
  return -1;
}

std::unique_ptr<stream> make_stream(asio::io_context& io, int descriptor, int family) {
  tcp_stream::socket socket(io, asio::generic::stream_protocol(family, IPPROTO_TCP), descriptor);
  return std::make_unique<tcp_stream>(std::move(socket));
}

task<std::unique_ptr<stream>> accept_from(state_ptr state) {
  for (;;) {
    if (state->closed) throw std::system_error(asio::error::operation_aborted);
    int error = 0;
    int const descriptor = take_connection(*state, error);
    if (descriptor >= 0) {
      auto const family = state->ports[state->turn++ % state->ports.size()].socket.local_endpoint().protocol().family();
      auto accepted = make_stream(state->io, descriptor, family);
      // A crowd of connections must not keep the thread from its other work.
      co_await asio::post(asio::use_awaitable);
      co_return accepted;
    }
    switch (judge(error)) {
      case trouble::exhausted:
        wait_for_pause(state, error);
        break;
      case trouble::fatal:
        throw std::system_error(error, std::system_category(), "cannot accept connections");
      default:
        wait_for_connection(state);
    }
    co_await state->ready.wait();
  }
}

}  // namespace

tcp_listener::tcp_listener(std::shared_ptr<state> bound)
    : state_(std::move(bound)), local_(state_->ports.front().socket.local_endpoint()) {}

tcp_listener::~tcp_listener() { close(); }

task<std::unique_ptr<stream>> tcp_listener::accept() { return accept_from(state_); }

address tcp_listener::local_address() const { return {local_.address().to_string(), local_.port()}; }

void tcp_listener::close() noexcept {
  if (std::exchange(state_->closed, true)) return;
  std::error_code ignored;
  for (auto& port : state_->ports) port.socket.close(ignored);
  if (state_->pause != timer_id::none) state_->clock.cancel(std::exchange(state_->pause, timer_id::none));
  state_->ready.set();
}

}  // namespace dist
