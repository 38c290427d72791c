#pragma once

#include <array>
#include <dist/rpc/result.hpp>
#include <string_view>

namespace dist {

/// The addresses of a network, as `10.1.0.0/16`, `fd00::/8` or a single `192.0.2.7`. IPv4 includes its form mapped into
/// IPv6.
class address_range {
 public:
  /// Errors  errc::bad_arguments, with the text and its error.
  static result<address_range> parse(std::string_view text);

  /// Whether the literal `host` lies in it; a name never does.
  bool contains(std::string_view host) const noexcept;

 private:
  using bytes = std::array<unsigned char, 16>;

  static bool read(std::string_view host, bytes& out, bool& is_ipv4) noexcept;

  bytes network_{};
  unsigned bits_ = 128;  ///< IPv4 counts its 96 leading ones
};

}  // namespace dist
