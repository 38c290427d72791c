#pragma once

#include <dist/rpc/detail/buffer.hpp>
#include <string_view>

#include "base/hex.hpp"

namespace dist::test {

/// The bytes of a text of hex digits.
inline buffer bytes_of(std::string_view hex) {
  buffer bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
    bytes.push_back(static_cast<std::byte>(from_hex(hex[at]) * 16 + from_hex(hex[at + 1])));
  return bytes;
}

}  // namespace dist::test
