#include "io/resolve.hpp"

#include <netdb.h>

#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <dist/rpc/detail/event.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace dist {
namespace {

using endpoint = asio::ip::tcp::endpoint;

struct found_addresses {
  std::error_code error;
  tcp_endpoints endpoints;
};

std::error_code error_of(int result) {
  switch (result) {
    case 0: return {};
    case EAI_AGAIN: return asio::error::host_not_found_try_again;
    case EAI_FAIL: return asio::error::no_recovery;
    case EAI_MEMORY: return asio::error::no_memory;
    case EAI_SYSTEM: return {errno, std::system_category()};
    default: return asio::error::host_not_found;
  }
}

found_addresses ask(std::string const& host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  auto const text = std::to_string(port);
  found_addresses found;
  found.error = error_of(::getaddrinfo(host.c_str(), text.c_str(), &wanted, &list));
  for (auto const* one = list; one; one = one->ai_next) {
    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    endpoint made;
    std::memcpy(made.data(), one->ai_addr, one->ai_addrlen);
    made.resize(one->ai_addrlen);
    found.endpoints.push_back(made);
  }
  if (list) ::freeaddrinfo(list);
  if (!found.error && found.endpoints.empty()) found.error = asio::error::host_not_found;
  return found;
}

tcp_endpoints endpoints_of(found_addresses found, std::string const& host) {
  if (found.error) throw std::system_error(found.error, "cannot find the address of " + host);
  return std::move(found.endpoints);
}

/// State shared by the waiting coroutine and the resolver's thread; either may end first.
struct question {
  std::mutex mutex;
  /// Keeps the io_context running; empty once no one waits.
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> asker;
  found_addresses found;
  event answered;
};

void answer(std::shared_ptr<question> const& to, found_addresses found) {
  std::lock_guard const lock(to->mutex);
  if (!to->asker) return;
  to->found = std::move(found);
  asio::post(to->asker->get_executor(), [to] { to->answered.set(); });
}

}  // namespace

tcp_endpoints known_endpoints(address const& where) {
  if (where.host == "localhost")
    return {{asio::ip::address_v4::loopback(), where.port}, {asio::ip::address_v6::loopback(), where.port}};
  std::error_code error;
  auto const literal = asio::ip::make_address(where.host, error);
  if (error) return {};
  return {{literal, where.port}};
}

task<tcp_endpoints> resolve(asio::io_context& io, address where) {
  auto const asked = std::make_shared<question>();
  asked->asker.emplace(io.get_executor());
  std::thread([asked, where] { answer(asked, ask(where.host, where.port)); }).detach();
  struct leaving {
    question& of;
    ~leaving() {
      std::lock_guard const lock(of.mutex);
      of.asker.reset();
    }
  } const at_end{*asked};
  try {
    co_await asked->answered.wait();
  } catch (std::system_error const& e) {
    throw std::system_error(
        e.code(), "no answer from the resolver for " + where.host + "; correct the name, or use an IP address");
  }
  co_return endpoints_of(std::move(asked->found), where.host);
}

tcp_endpoints resolve_now(address const& where) { return endpoints_of(ask(where.host, where.port), where.host); }

}  // namespace dist
