#include "token.hpp"

#include <dist/rpc/buffer.hpp>
#include <dist/rpc/hmac.hpp>

namespace dist {

std::string bearer_token(std::string const& secret) {
  std::string text;
  for (auto const byte : hmac_sha256(as_bytes(secret), as_bytes("dist/1 bearer"))) {
    constexpr char digits[] = "0123456789abcdef";
    text.push_back(digits[std::to_integer<unsigned>(byte) >> 4]);
    text.push_back(digits[std::to_integer<unsigned>(byte) & 15]);
  }
  return text;
}

}  // namespace dist
