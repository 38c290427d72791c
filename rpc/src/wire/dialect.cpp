#include "wire/dialect.hpp"

#include <dist/rpc/detail/buffer.hpp>

#include <algorithm>
#include <ostream>

#include "base/hex.hpp"

namespace dist {
namespace {

/// Protocols that begin with a letter A-Z and are not HTTP/1.1.
struct look_alike {
  std::string_view start;
  std::string_view looks_like;
};
constexpr look_alike look_alikes[] = {
    {"SSH-", "looks like SSH"},
    {"PRI * HTTP/2", "looks like HTTP/2 without an upgrade (gRPC)"},
};

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_printable(char c) noexcept { return c >= ' ' && c <= '~'; }

std::string bytes_text(std::string_view bytes) {
  constexpr std::size_t shown = 16;
  auto const few = bytes.substr(0, shown);
  auto const printable = static_cast<std::size_t>(std::find_if_not(few.begin(), few.end(), is_printable) - few.begin());
  if (printable >= 4 || printable == bytes.size()) return "text \"" + std::string(few.substr(0, printable)) + '"';
  std::string text = "bytes";
  for (auto c : few.substr(0, 8)) append_hex(text += ' ', static_cast<std::byte>(c));
  return text;
}

std::string describe(std::string_view rest, bool at_start) {
  auto const first = static_cast<unsigned char>(rest.front());
  if (first == 0xD1) return "looks like a dist/1 frame without the upgrade";
  if (first == 0x16 && !at_start) return "looks like TLS after white space";
  if (rest.starts_with("\xEF\xBB\xBF")) return "looks like text with a byte order mark";
  if (first >= 'a' && first <= 'z' && rest.find(' ') != rest.npos)
    return "looks like HTTP with a lower-case method, " + bytes_text(rest);
  return bytes_text(rest);
}

}  // namespace

std::string_view to_text(dialect kind) noexcept {
  switch (kind) {
    case dialect::need_more:
      return "need_more";
    case dialect::http:
      return "http";
    case dialect::json:
      return "json";
    case dialect::tls:
      return "tls";
    case dialect::unknown:
      return "unknown";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, dialect kind) { return out << to_text(kind); }

sniffed sniff(std::span<std::byte const> first) {
  auto const text = as_text(first);
  sniffed found;
  auto const start = std::find_if_not(text.begin(), text.end(), is_space);
  found.skipped_bytes = static_cast<std::size_t>(start - text.begin());
  if (found.skipped_bytes > dialect_space_bytes) {
    found.kind = dialect::unknown;
    found.looks_like = "more than " + std::to_string(dialect_space_bytes) + " bytes of white space";
    return found;
  }
  if (start == text.end()) return found;

  auto const rest = text.substr(found.skipped_bytes);
  auto const c = rest.front();
  if (c == '{' || c == '[') {
    found.kind = dialect::json;
  } else if (c == '\x16' && found.skipped_bytes == 0) {
    found.kind = dialect::tls;
  } else if (c >= 'A' && c <= 'Z') {
    for (auto const& other : look_alikes) {
      if (rest.starts_with(other.start)) return {dialect::unknown, found.skipped_bytes, std::string(other.looks_like)};
      if (other.start.starts_with(rest)) return found;
    }
    found.kind = dialect::http;
  } else {
    found.kind = dialect::unknown;
    found.looks_like = describe(rest, found.skipped_bytes == 0);
  }
  return found;
}

}  // namespace dist
