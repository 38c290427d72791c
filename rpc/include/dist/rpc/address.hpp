#pragma once

#include <cstdint>
#include <dist/rpc/result.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace dist {

/// The master's port where an address names none.
inline constexpr std::uint16_t default_port = 3000;

/// Where to listen or connect: a host name or IP literal, and a port. No aggregate: g++ 12 destroys a temporary
/// aggregate with strings twice inside a co_await expression, and `co_await network.connect({host, port})` is the usual
/// way to write it.
struct address {
  address() = default;
  address(std::string where, std::uint16_t at = default_port) : host(std::move(where)), port(at) {}

  std::string host;  ///< without brackets; never empty after parse_address: `:3000` is loopback
  std::uint16_t port = default_port;

  friend bool operator==(address const&, address const&) = default;
};

/// Reads `host`, `host:port`, `:port`, `[v6]`, `[v6]:port` or a bare IPv6 literal (with a zone). An absent host is
/// "localhost"; an absent port is `default_port`. The fault's message says what is wrong with which part.
result<address> parse_address(std::string_view text);

/// `host:port`, with brackets around an IPv6 literal.
std::string to_text(address const& where);

/// Whether only this machine can reach it: localhost, 127/8, the same mapped into IPv6, and the loopback of IPv6.
bool is_loopback(std::string_view host);

}  // namespace dist
