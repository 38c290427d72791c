#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <dist/rpc/address.hpp>
#include <dist/rpc/task.hpp>
#include <vector>

namespace dist {

using tcp_endpoints = std::vector<asio::ip::tcp::endpoint>;

/// The addresses of a literal or of this machine, which need no resolver; otherwise nothing.
tcp_endpoints known_endpoints(address const& where);

/// The addresses of a name, in the resolver's order. A resolver cannot be stopped and may take long to give up, so it
/// works on a thread that is never joined, not even at the end of the process.
///
/// Errors   std::system_error: the resolver's.
/// Cancel   terminal, at once; throws operation_aborted with a text that names the resolver.
task<tcp_endpoints> resolve(asio::io_context& io, address where);
/// The same here and now: the thread waits for it.
tcp_endpoints resolve_now(address const& where);

}  // namespace dist
