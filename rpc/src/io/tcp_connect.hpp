#pragma once

#include <asio/io_context.hpp>
#include <dist/rpc/address.hpp>
#include <dist/rpc/clock.hpp>
#include <dist/rpc/stream.hpp>
#include <memory>

#include "io/resolve.hpp"

namespace dist {

/// Connects to one of the addresses of a host as RFC 8305 says: an address that does not answer holds up the next for a quarter
/// of a second, and the first that answers is taken.
///
/// Errors   std::system_error that names each address with its error; operation_aborted says which have not answered.
/// Cancel   terminal, at once.
task<std::unique_ptr<stream>> connect_tcp(asio::io_context& io, clock& time, address to);
/// The same where the addresses are known; `to` is for the error.
task<std::unique_ptr<stream>> connect_to_any(asio::io_context& io, clock& time, address to, tcp_endpoints addresses);

}  // namespace dist
