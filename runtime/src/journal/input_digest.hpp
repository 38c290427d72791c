#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace dist {

/// Digests the inputs of one fan-out: two have the same digest if method, types and encoded arguments are the same.
class input_digest {
 public:
  using value = std::array<std::byte, 16>;

  /// Throws std::runtime_error only if OpenSSL has no SHA-256.
  input_digest(std::string_view method, std::string_view types);
  value of(std::span<std::byte const> arguments);

 private:
  struct free_state {
    void operator()(void* state) const noexcept;
  };
  std::unique_ptr<void, free_state> begun_;  ///< after method and types
  std::unique_ptr<void, free_state> used_;
};

}  // namespace dist
