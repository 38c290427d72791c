#pragma once

#include <array>
#include <cstddef>
#include <dist/rpc/entropy.hpp>

namespace dist {

/// The kernel's random bytes. `next` takes from a small stock, `fill` always asks the kernel, so secrets are not kept
/// here.
///
/// Errors   std::system_error if the kernel provides none.
/// Overlap  not thread-safe.
class system_entropy final : public entropy {
 public:
  void fill(std::span<std::byte> out) override;
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 32> stock_{};
  std::size_t left_ = 0;
};

}  // namespace dist
