#include <dist/rpc/detail/large_blocks.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <dist/rpc/detail/freelist.hpp>
#include <mutex>
#include <new>
#include <vector>

namespace dist {
namespace {

/// Two of the largest payloads that are usual.
constexpr std::size_t most_kept_bytes = keeps_memory ? std::size_t{512} << 20 : 0;

/// The size of a huge page, where the system has them.
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

std::size_t whole_pages(std::size_t bytes) {
  if (bytes > SIZE_MAX - huge_page_bytes) throw std::bad_alloc();
  auto const page = bytes < huge_page_bytes ? std::size_t{64} << 10 : huge_page_bytes;
  return (bytes + page - 1) / page * page;
}

large_blocks::block checked(void* memory, std::size_t bytes) {
  if (memory == MAP_FAILED) throw std::bad_alloc();
  // An improvement: where it is refused the pages are small.
  if (bytes >= huge_page_bytes) ::madvise(memory, bytes, MADV_HUGEPAGE);
  return {static_cast<std::byte*>(memory), bytes};
}

void return_to_system(large_blocks::block one) noexcept { ::munmap(one.data, one.bytes); }

}  // namespace

struct large_blocks::store {
  struct entry {
    block what;
    std::uint64_t round;  ///< in which it was given
  };
  std::mutex mutex;
  std::vector<entry> entries;
  std::size_t bytes = 0;
  std::uint64_t round = 0;
};

large_blocks::store& large_blocks::kept() {
  // Never destroyed: other threads' buffers, and those of static objects, may go later.
  static auto& only = *new store;
  return only;
}

large_blocks::block large_blocks::take(std::size_t bytes) {
  if (auto const found = take_kept(bytes); found.data) return found;
  auto const size = whole_pages(bytes);
  return checked(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size);
}

large_blocks::block large_blocks::take_kept(std::size_t bytes) noexcept {
  auto& all = kept();
  std::lock_guard const lock(all.mutex);
  auto best = all.entries.end();
  for (auto one = all.entries.begin(); one != all.entries.end(); ++one)
    if (one->what.bytes >= bytes && (best == all.entries.end() || one->what.bytes < best->what.bytes)) best = one;
  if (best == all.entries.end()) return {};
  auto const found = best->what;
  all.entries.erase(best);
  all.bytes -= found.bytes;
  return found;
}

large_blocks::block large_blocks::grow(block old, std::size_t bytes) {
  auto const size = whole_pages(bytes);
  return checked(::mremap(old.data, old.bytes, size, MREMAP_MAYMOVE), size);
}

void large_blocks::give(block old) noexcept {
  auto& all = kept();
  {
    std::lock_guard const lock(all.mutex);
    if (all.bytes + old.bytes <= most_kept_bytes) try {
        all.entries.push_back({old, all.round});
        all.bytes += old.bytes;
        return;
      } catch (std::bad_alloc const&) {
        // Then it is not kept.
      }
  }
  return_to_system(old);
}

void large_blocks::return_unused() noexcept {
  auto& all = kept();
  std::lock_guard const lock(all.mutex);
  ++all.round;
  std::erase_if(all.entries, [&](store::entry const& one) {
    if (one.round + 1 >= all.round) return false;
    all.bytes -= one.what.bytes;
    return_to_system(one.what);
    return true;
  });
}

std::size_t large_blocks::kept_bytes() noexcept {
  auto& all = kept();
  std::lock_guard const lock(all.mutex);
  return all.bytes;
}

}  // namespace dist
