#include <dist/rpc/detail/text.hpp>

#include <array>
#include <cstdint>
#include <cstring>

namespace dist {

std::size_t find_invalid_utf8(std::string_view text) noexcept {
  auto const* bytes = reinterpret_cast<unsigned char const*>(text.data());
  std::size_t at = 0;
  auto const size = text.size();
  auto continues = [&](std::size_t index, unsigned low = 0x80, unsigned high = 0xbf) {
    return index < size && bytes[index] >= low && bytes[index] <= high;
  };
  while (at < size) {
    if (size - at >= 8) {
      std::uint64_t eight;
      std::memcpy(&eight, bytes + at, 8);
      if ((eight & 0x8080808080808080) == 0) {
        at += 8;
        continue;
      }
    }
    unsigned const lead = bytes[at];
    std::size_t length = 0;
    if (lead < 0x80) {
      length = 1;
    } else if (lead >= 0xc2 && lead <= 0xdf) {
      if (continues(at + 1)) length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      if (continues(at + 1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) && continues(at + 2)) length = 3;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      if (continues(at + 1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) && continues(at + 2) &&
          continues(at + 3))
        length = 4;
    }
    if (length == 0) return at;
    at += length;
  }
  return text.npos;
}

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr auto digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(64);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

}  // namespace

std::string to_base64(std::span<std::byte const> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    auto const count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0);
    for (std::size_t i = 0; i < 4; ++i) text += i <= count ? alphabet[group >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

bool from_base64(std::string_view text, std::vector<std::byte>& out) {
  out.clear();
  if (text.size() % 4 != 0) return false;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    std::size_t digits = 4;
    if (at + 4 == text.size() && text[at + 3] == '=') digits = text[at + 2] == '=' ? 2 : 3;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      unsigned value = i < digits ? digit_values[static_cast<unsigned char>(text[at + i])] : 0;
      if (value > 63) return false;
      group = group << 6 | value;
    }
    if ((digits == 2 && (group & 0xffff) != 0) || (digits == 3 && (group & 0xff) != 0)) return false;
    for (std::size_t i = 0; i + 1 < digits; ++i) out.push_back(static_cast<std::byte>(group >> (16 - 8 * i)));
  }
  return true;
}

}  // namespace dist
