#include <dist/rpc/address.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace dist {
namespace {

constexpr std::string_view example = "write host:3000, :3000 or [::1]:3000";
constexpr std::size_t host_bytes_max = 253;  // a DNS name's own limit

fault bad(std::string_view text, std::string_view what) {
  std::string message = "address \"";
  message += text.substr(0, 300);
  message += "\": ";
  message += what;
  return make_fault(errc::bad_arguments, message + "; " + std::string(example));
}

bool is_letter_or_digit(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool reads_as(int family, std::string_view text, unsigned char (&bytes)[16]) noexcept {
  char copy[64];
  if (text.size() >= sizeof copy) return false;
  *std::copy(text.begin(), text.end(), copy) = '\0';
  return text.find('\0') == text.npos && inet_pton(family, copy, bytes) == 1;
}

/// With a zone, which names an interface: `fe80::1%eth0`.
bool is_ipv6(std::string_view host) noexcept {
  unsigned char bytes[16];
  auto const percent = host.find('%');
  if (percent == host.npos) return reads_as(AF_INET6, host, bytes);
  auto const zone = host.substr(percent + 1);
  return reads_as(AF_INET6, host.substr(0, percent), bytes) && !zone.empty() && zone.size() < 16 &&
         std::all_of(
             zone.begin(), zone.end(),
             [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_'; });
}

/// The error in a host name or IPv4 literal.
std::optional<std::string> wrong_host(std::string_view host) {
  if (host == "*") return "the host \"*\" is not supported: every interface is 0.0.0.0, or [::] for IPv6";
  if (host.size() > host_bytes_max) return "the host is longer than " + std::to_string(host_bytes_max) + " bytes";
  for (auto c : host)
    if (!is_letter_or_digit(c) && c != '.' && c != '-' && c != '_')
      return "the host \"" + std::string(host) + "\" contains a character that is not allowed in a host name";
  unsigned char bytes[16];
  auto const is_numeric = !host.empty() && host.find_first_not_of("0123456789.") == host.npos;
  if (is_numeric && !reads_as(AF_INET, host, bytes))
    return "the host \"" + std::string(host) + "\" is neither a host name nor a valid IPv4 address";
  return {};
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return port;
}

}  // namespace

result<address> parse_address(std::string_view text) {
  if (text.empty()) return bad(text, "it is empty");
  if (text.find("://") != text.npos) return bad(text, "it must not contain a scheme (\"://\")");

  address parsed;
  std::optional<std::string_view> port;
  if (text.front() == '[') {
    auto const end = text.find(']');
    if (end == text.npos) return bad(text, "the host has no closing bracket");
    auto const host = text.substr(1, end - 1);
    if (!is_ipv6(host)) return bad(text, "the host in brackets is not an IPv6 address");
    parsed.host = host;
    auto const rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return bad(text, "only :port may follow the closing bracket");
    if (!rest.empty()) port = rest.substr(1);
  } else if (is_ipv6(text)) {
    parsed.host = text;
  } else {
    auto const colon = text.find(':');
    if (colon != text.npos && text.find(':', colon + 1) != text.npos)
      return bad(text, "it has several colons but is not an IPv6 address; put an IPv6 address with a port in brackets");
    auto const host = text.substr(0, colon);
    if (auto wrong = wrong_host(host)) return bad(text, *wrong);
    parsed.host = host.empty() ? "localhost" : host;
    if (colon != text.npos) port = text.substr(colon + 1);
  }
  if (!port) return parsed;
  if (port->empty()) return bad(text, "the port after the colon is missing");
  auto const number = parse_port(*port);
  if (!number)
    return bad(text, "the port \"" + std::string(port->substr(0, 20)) + "\" is not a number from 0 to 65535");
  parsed.port = *number;
  return parsed;
}

std::string to_text(address const& where) {
  auto const port = std::to_string(where.port);
  return where.host.find(':') == where.host.npos ? where.host + ':' + port : '[' + where.host + "]:" + port;
}

bool is_loopback(std::string_view host) {
  std::string lower(host);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (lower == "localhost" || lower == "localhost.") return true;
  unsigned char bytes[16];
  if (reads_as(AF_INET, host, bytes)) return bytes[0] == 127;
  if (!reads_as(AF_INET6, host.substr(0, host.find('%')), bytes)) return false;
  constexpr unsigned char one[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  constexpr unsigned char mapped[13] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127};
  return std::equal(std::begin(one), std::end(one), bytes) || std::equal(std::begin(mapped), std::end(mapped), bytes);
}

}  // namespace dist
