#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "fuzz.hpp"

// Runs a fuzz target over the files of the given folders, without a fuzzer, so that old findings stay fixed. Each file
// is also truncated at every length, and each of its bits flipped once, so that a small corpus goes far.

namespace {

using input = std::vector<std::uint8_t>;

void run(input const& bytes) {
  // An exactly sized copy, so that the sanitizer detects a read past its end.
  input const exact(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::size_t run_all_variants(input const& bytes) {
  std::size_t count = 0;
  auto const most = std::min<std::size_t>(bytes.size(), 512);
  run(bytes);
  for (std::size_t size = 0; size < most; ++size, ++count) run(input(bytes.begin(), bytes.begin() + static_cast<long>(size)));
  for (std::size_t bit = 0; bit < 8 * most; ++bit, ++count) {
    auto changed = bytes;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    run(changed);
  }
  return count + 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i)
    for (auto const& entry : std::filesystem::directory_iterator(argv[i])) files.push_back(entry.path());
  std::ranges::sort(files);
  std::size_t count = 0;
  for (auto const& path : files) {
    std::ifstream file(path, std::ios::binary);
    // Printed first, so that a crash names its file.
    std::cout << path.filename().string() << std::endl;
    count += run_all_variants(input(std::istreambuf_iterator<char>(file), {}));
  }
  std::cout << files.size() << " files, " << count << " inputs\n";
  return files.empty() ? 1 : 0;
}
