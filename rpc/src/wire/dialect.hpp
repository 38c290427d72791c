#pragma once

#include <cstddef>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

namespace dist {

/// The protocol of an accepted connection, by its first bytes.
enum class dialect {
  need_more,  ///< too few bytes to tell
  http,       ///< HTTP/1.1: a letter A-Z
  json,       ///< JSON-RPC over TCP: `{` or `[`
  tls,        ///< TLS, any of the others inside: 0x16
  unknown,    ///< nothing that is served here: close
};

std::string_view to_text(dialect kind) noexcept;
std::ostream& operator<<(std::ostream& out, dialect kind);

/// White space that may precede the first significant byte.
inline constexpr std::size_t dialect_space_bytes = 64;

/// The result of looking at the first bytes of a connection.
struct sniffed {
  dialect kind = dialect::need_more;
  std::size_t skipped_bytes = 0;  ///< white space to drop before the bytes go to their parser
  std::string looks_like;         ///< unknown only: "looks like SSH", "bytes 00 01 02"
};

/// Detects the dialect from the first bytes of a connection, all of them from the start at each call.
sniffed sniff(std::span<std::byte const> first);

}  // namespace dist
