#include "wire/hmac.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

namespace dist {

hmac_digest hmac_sha256(std::span<std::byte const> key, std::span<std::byte const> data) {
  hmac_digest digest;
  std::size_t written = 0;
  // A null key would mean "reuse the last one".
  static constexpr std::byte none{};
  auto const* key_data = key.empty() ? &none : key.data();
  auto const* done = EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key_data, key.size(),
                               reinterpret_cast<unsigned char const*>(data.data()), data.size(),
                               reinterpret_cast<unsigned char*>(digest.data()), digest.size(), &written);
  if (!done || written != digest.size()) throw std::runtime_error("OpenSSL does not provide HMAC-SHA256");
  return digest;
}

bool equal_in_constant_time(std::span<std::byte const> a, std::span<std::byte const> b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace dist
