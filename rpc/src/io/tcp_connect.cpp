#include "io/tcp_connect.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <asio/error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/task_group.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "io/tcp_stream.hpp"

namespace dist {
namespace {

using endpoint = asio::ip::tcp::endpoint;

/// How long one address may keep the next waiting: RFC 8305, section 5.
constexpr auto attempt_delay = std::chrono::milliseconds(250);

/// The families in turn, each in the resolver's order: one that leads nowhere has many addresses at times.
tcp_endpoints interleaved(tcp_endpoints const& given) {
  tcp_endpoints first, second, both;
  for (auto const& one : given) (one.protocol() == given.front().protocol() ? first : second).push_back(one);
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) both.push_back(first[i]);
    if (i < second.size()) both.push_back(second[i]);
  }
  return both;
}

std::string host_and_port(address const& where) {
  auto const literal = where.host.find(':') != std::string::npos;
  return (literal ? '[' + where.host + ']' : where.host) + ':' + std::to_string(where.port);
}

tcp_stream::socket open_for(asio::io_context& io, endpoint const& where) {
  int const family = where.protocol().family();
  return tcp_stream::socket(io, asio::generic::stream_protocol(family, IPPROTO_TCP), open_socket(family));
}

/// One connection, looked for at several addresses at once.
class race {
 public:
  race(asio::io_context& io, clock& time, address const& to, tcp_endpoints const& addresses)
      : io_(io), clock_(time), to_(to), attempts_(io.get_executor()) {
    for (auto const& one : addresses) tries_.push_back({one, {}, false});
  }

  task<std::unique_ptr<stream>> run() {
    std::exception_ptr cancelled;
    try {
      for (auto& one : tries_) {
        attempts_.spawn(attempt(one));
        co_await wait_for(one);
        if (won_) break;
      }
      while (!won_ && std::ranges::any_of(tries_, [](auto const& one) { return !one.error; })) {
        changed_.reset();
        co_await changed_.wait();
      }
    } catch (std::system_error const&) {
      cancelled = std::make_exception_ptr(std::system_error(asio::error::operation_aborted, no_answer()));
    }
    attempts_.stop();
    // A coroutine that was cancelled could not await any more.
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await attempts_.join();
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (won_) co_return std::move(won_);
    if (cancelled) std::rethrow_exception(cancelled);
    throw failure();
  }

 private:
  struct one_try {
    endpoint where;
    std::error_code error;
    bool begun;
  };

  task<void> attempt(one_try& one) {
    one.begun = true;
    try {
      auto socket = open_for(io_, one.where);
      co_await socket.async_connect(one.where, asio::use_awaitable);
      if (!won_) won_ = std::make_unique<tcp_stream>(std::move(socket));
    } catch (std::system_error const& e) {
      // Ours was cancelled, not theirs refused.
      if (e.code() == asio::error::operation_aborted) throw;
      one.error = e.code();
    }
    changed_.set();
  }

  /// Until it has failed, another has succeeded, or it has taken so long that the next may begin.
  task<void> wait_for(one_try const& one) {
    bool late = false;
    auto const timer = clock_.schedule(clock_.now() + attempt_delay, [&] {
      late = true;
      changed_.set();
    });
    std::exception_ptr cancelled;
    try {
      while (!late && !won_ && !one.error) {
        changed_.reset();
        co_await changed_.wait();
      }
    } catch (...) {
      cancelled = std::current_exception();
    }
    clock_.cancel(timer);
    if (cancelled) std::rethrow_exception(cancelled);
  }

  std::string no_answer() const {
    std::string list;
    for (auto const& one : tries_)
      if (one.begun && !one.error) list += (list.empty() ? "" : ", ") + one.where.address().to_string();
    return "no answer from " + list;
  }

  std::system_error failure() const {
    // The error of another address says more than "address family not supported".
    std::vector<one_try const*> told;
    for (auto const& one : tries_)
      if (one.error != asio::error::address_family_not_supported) told.push_back(&one);
    if (told.empty()) told.push_back(&tries_.front());
    auto const refused = std::ranges::find(told, asio::error::connection_refused, &one_try::error);
    auto const code = refused == told.end() ? told.back()->error : (*refused)->error;
    auto const same = std::ranges::all_of(told, [&](auto const* one) { return one->error == code; });
    std::string list;
    for (auto const* one : told)
      list += (list.empty() ? "" : ", ") + one->where.address().to_string() + (same ? "" : ": " + one->error.message());
    auto const message = "cannot connect to " + host_and_port(to_);
    return {code, list == to_.host ? message : message + " (" + list + ')'};
  }

  asio::io_context& io_;
  clock& clock_;
  address to_;
  std::vector<one_try> tries_;
  task_group attempts_;
  event changed_;
  std::unique_ptr<stream> won_;
};

}  // namespace

task<std::unique_ptr<stream>> connect_tcp(asio::io_context& io, clock& time, address to) {
  auto candidates = known_endpoints(to);
  if (candidates.empty()) candidates = co_await resolve(io, to);
  auto connecting = connect_to_any(io, time, std::move(to), std::move(candidates));
  co_return co_await std::move(connecting);
}

task<std::unique_ptr<stream>> connect_to_any(asio::io_context& io, clock& time, address to, tcp_endpoints addresses) {
  race between(io, time, to, interleaved(addresses));
  auto running = between.run();
  co_return co_await std::move(running);
}

}  // namespace dist
