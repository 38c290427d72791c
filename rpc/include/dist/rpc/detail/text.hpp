#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dist {

/// Where `text` stops being UTF-8 (RFC 3629: no overlong forms, no surrogates), or npos when all of it is.
std::size_t find_invalid_utf8(std::string_view text) noexcept;

/// How line ends of a shown text are written.
enum class line_ends { escaped, kept };

/// Text of unknown origin as people may see it, on a terminal too: control characters, those that turn the direction of
/// text, and what is not UTF-8 are escaped (`\n`, `\x1b`); what goes beyond `most_bytes` is left out and counted.
std::string printable(std::string_view text, std::size_t most_bytes, line_ends ends = line_ends::escaped);

/// The text as it may travel: bytes that are not UTF-8 are escaped (`\xe9`), the rest stays as it is.
std::string as_utf8(std::string text);

/// RFC 4648 base64 with padding.
std::string to_base64(std::span<std::byte const> bytes);
/// Strict: padded, no white space, no stray bits. False leaves `out` in an unspecified state.
bool from_base64(std::string_view text, std::vector<std::byte>& out);

}  // namespace dist
