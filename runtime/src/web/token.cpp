#include <dist/runtime/token.hpp>

#include <dist/rpc/detail/buffer.hpp>

#include "base/hex.hpp"
#include "wire/hmac.hpp"

namespace dist {
namespace {

std::string token_of(std::string const& secret, std::string_view what_for) {
  return to_hex(hmac_sha256(as_bytes(secret), as_bytes(what_for)));
}

bool is_token(std::string_view given, std::string const& token) {
  return equal_in_constant_time(as_bytes(given), as_bytes(token));
}

}  // namespace

std::string bearer_token(std::string const& secret) { return token_of(secret, "dist/1 bearer"); }
std::string viewer_token(std::string const& secret) { return token_of(secret, "dist/1 viewer"); }

right right_of(http_request const& request, std::string const& secret) {
  if (secret.empty()) return right::none;
  auto const given = request.headers.find("Authorization");
  if (!given || !given->starts_with("Bearer ")) return right::none;
  if (is_token(given->substr(7), bearer_token(secret))) return right::call;
  return is_token(given->substr(7), viewer_token(secret)) ? right::look : right::none;
}

}  // namespace dist
