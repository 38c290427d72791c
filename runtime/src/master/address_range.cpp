#include "master/address_range.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace dist {

bool address_range::read(std::string_view host, bytes& out, bool& is_ipv4) noexcept {
  constexpr bytes mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0};
  char text[64];
  host = host.substr(0, host.find('%'));
  if (host.size() >= sizeof text || host.find('\0') != host.npos) return false;
  *std::copy(host.begin(), host.end(), text) = '\0';
  out = mapped;
  is_ipv4 = inet_pton(AF_INET, text, out.data() + 12) == 1;
  return is_ipv4 || inet_pton(AF_INET6, text, out.data()) == 1;
}

result<address_range> address_range::parse(std::string_view text) {
  auto const bad = [&](std::string const& what) {
    return make_fault(errc::bad_arguments, "network \"" + std::string(text.substr(0, 100)) + "\": " + what +
                                               "; write 10.1.0.0/16, fd00::/8 or one address");
  };
  auto const slash = text.find('/');
  address_range made;
  bool is_ipv4 = false;
  if (!read(text.substr(0, slash), made.network_, is_ipv4)) return bad("it does not start with an IP address");
  if (slash == text.npos) return made;
  auto const number = text.substr(slash + 1);
  unsigned bits = 0;
  auto const [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
  auto const most = is_ipv4 ? 32U : 128U;
  if (error != std::errc() || end != number.data() + number.size() || bits > most)
    return bad("after the slash there must be a number of bits from 0 to " + std::to_string(most));
  made.bits_ = bits + (is_ipv4 ? 96 : 0);
  return made;
}

bool address_range::contains(std::string_view host) const noexcept {
  bytes other{};
  bool is_ipv4 = false;
  if (!read(host, other, is_ipv4)) return false;
  auto const whole = bits_ / 8;
  if (!std::equal(network_.begin(), network_.begin() + whole, other.begin())) return false;
  if (bits_ % 8 == 0) return true;
  auto const mask = 0xFFU << (8 - bits_ % 8);
  return ((network_[whole] ^ other[whole]) & mask & 0xFFU) == 0;
}

}  // namespace dist
