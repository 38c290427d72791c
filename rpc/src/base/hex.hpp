#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace dist {

inline constexpr std::string_view small_hex_digits = "0123456789abcdef";
inline constexpr std::string_view capital_hex_digits = "0123456789ABCDEF";

/// The two hexadecimal digits of a byte.
inline void append_hex(std::string& to, std::byte byte, std::string_view digits = small_hex_digits) {
  to += digits[std::to_integer<std::size_t>(byte >> 4)];
  to += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
}

inline std::string to_hex(std::span<std::byte const> bytes) {
  std::string text;
  for (auto const byte : bytes) append_hex(text, byte);
  return text;
}

/// What a digit of either case stands for; -1: it is none.
constexpr int from_hex(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace dist
