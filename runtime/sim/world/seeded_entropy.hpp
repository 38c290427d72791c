#pragma once

#include <cstring>
#include <dist/rpc/entropy.hpp>

namespace dist::test {

/// Chance that repeats itself: splitmix64 from a seed.
class seeded_entropy final : public entropy {
 public:
  explicit seeded_entropy(std::uint64_t seed = 1) noexcept : state_(seed) {}

  std::uint64_t next() override {
    state_ += 0x9E37'79B9'7F4A'7C15U;
    auto mixed = state_;
    mixed = (mixed ^ mixed >> 30) * 0xBF58'476D'1CE4'E5B9U;
    mixed = (mixed ^ mixed >> 27) * 0x94D0'49BB'1331'11EBU;
    return mixed ^ mixed >> 31;
  }
  void fill(std::span<std::byte> out) override {
    while (!out.empty()) {
      auto const value = next();
      auto const count = out.size() < sizeof(value) ? out.size() : sizeof(value);
      std::memcpy(out.data(), &value, count);
      out = out.subspan(count);
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace dist::test
