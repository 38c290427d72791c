#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <dist/rpc/detail/buffer.hpp>
#include <span>
#include <string>

// Shared by all fuzz targets. A target is one file with one function: arbitrary bytes must neither crash it nor make
// two ways of reading the same bytes differ.

/// libFuzzer's entry point; tests/fuzz/replay.cpp calls it too, with the files of the corpus.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace dist::fuzz {

inline std::span<std::byte const> bytes_of(std::uint8_t const* data, std::size_t size) noexcept {
  return {reinterpret_cast<std::byte const*>(data), size};
}

/// Reports a finding unless `holds`.
inline void require(bool holds, std::string const& what) {
  if (holds) return;
  std::fprintf(stderr, "finding: %s\n", what.c_str());
  std::abort();
}

/// Cuts the input into pieces whose sizes it determines itself, so that the fuzzer explores every way of arriving.
template <class Use>
void in_pieces(std::span<std::byte const> input, Use use) {
  std::size_t at = 0;
  unsigned seed = static_cast<unsigned>(input.size());
  while (at < input.size()) {
    seed = seed * 1'103'515'245U + std::to_integer<unsigned>(input[at]) + 12345U;
    auto const size = std::min<std::size_t>(input.size() - at, 1 + (seed >> 16) % 9);
    use(input.subspan(at, size));
    at += size;
  }
}

}  // namespace dist::fuzz
