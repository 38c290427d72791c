#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace dist {

using hmac_digest = std::array<std::byte, 32>;

/// HMAC-SHA256 (RFC 2104, RFC 4231). Throws std::runtime_error only when OpenSSL has none.
hmac_digest hmac_sha256(std::span<std::byte const> key, std::span<std::byte const> data);

/// Compares in a time that depends on the lengths alone.
bool equal_in_constant_time(std::span<std::byte const> a, std::span<std::byte const> b) noexcept;

}  // namespace dist
