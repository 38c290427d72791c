#include <algorithm>
#include <dist/rpc/detail/text.hpp>

#include "base/hex.hpp"

namespace dist {
namespace {

void escape(unsigned char byte, std::string& out) {
  switch (byte) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: append_hex(out += "\\x", static_cast<std::byte>(byte));
  }
}

/// How many bytes at the start of `text`, which is UTF-8, are a character that breaks a line or turns the direction in
/// which text is shown (Unicode's bidirectional controls): they can make a text look like another.
std::size_t misleading_bytes(std::string_view text) noexcept {
  if (text.starts_with("\xd8\x9c")) return 2;  // U+061C
  if (text.size() < 3 || text[0] != '\xe2') return 0;
  auto const last = static_cast<unsigned char>(text[2]);
  if (text[1] == '\x80' && (last == 0x8e || last == 0x8f || (last >= 0xa8 && last <= 0xae))) return 3;  // U+200E, 202A...
  if (text[1] == '\x81' && last >= 0xa6 && last <= 0xa9) return 3;  // U+2066 to U+2069
  return 0;
}

/// `text` is UTF-8.
void append(std::string_view text, line_ends ends, std::string& out) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto const byte = static_cast<unsigned char>(text[at]);
    auto const next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
    // U+0080 to U+009F are commands to a terminal as well.
    if (byte == 0xc2 && next >= 0x80 && next <= 0x9f) {
      escape(byte, out);
      escape(static_cast<unsigned char>(next), out);
      ++at;
    } else if (auto const bytes = byte < 0x80 ? 0 : misleading_bytes(text.substr(at)); bytes > 0) {
      for (auto const one : text.substr(at, bytes)) escape(static_cast<unsigned char>(one), out);
      at += bytes - 1;
    } else if ((byte < ' ' && !(byte == '\n' && ends == line_ends::kept)) || byte == 0x7f) {
      escape(byte, out);
    } else {
      out += text[at];
    }
  }
}

}  // namespace

std::string printable(std::string_view text, std::size_t most_bytes, line_ends ends) {
  auto shown = text.substr(0, most_bytes);
  // Not in the middle of a character.
  if (shown.size() < text.size())
    for (int n = 0; n < 3 && !shown.empty() && (text[shown.size()] & 0xC0) == 0x80; ++n) shown.remove_suffix(1);
  auto const left_out = text.size() - shown.size();
  std::string out;
  out.reserve(shown.size());
  while (!shown.empty()) {
    auto const good = std::min(find_invalid_utf8(shown), shown.size());
    append(shown.substr(0, good), ends, out);
    shown.remove_prefix(good);
    if (shown.empty()) break;
    escape(static_cast<unsigned char>(shown.front()), out);
    shown.remove_prefix(1);
  }
  if (left_out > 0) out += "... (" + std::to_string(left_out) + " more bytes)";
  return out;
}

std::string as_utf8(std::string text) {
  if (find_invalid_utf8(text) == text.npos) return text;
  std::string out;
  for (std::string_view left = text; !left.empty();) {
    auto const good = std::min(find_invalid_utf8(left), left.size());
    out += left.substr(0, good);
    left.remove_prefix(good);
    if (left.empty()) break;
    escape(static_cast<unsigned char>(left.front()), out);
    left.remove_prefix(1);
  }
  return out;
}

}  // namespace dist
