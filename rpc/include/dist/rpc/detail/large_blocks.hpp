#pragma once

#include <cstddef>

namespace dist {

/// Memory for large payloads, in whole pages from the system. It grows without being copied, and freed memory is
/// kept for the next payload: fresh pages cost a fault and a clearing each, together more than to copy into them.
///
/// Shared by the process; any thread.
class large_blocks {
 public:
  /// Smaller ones are the heap's.
  static constexpr std::size_t least_bytes = 1024 * 1024;

  /// Pages that belong to their taker until they are freed.
  struct block {
    std::byte* data = nullptr;  ///< null: none
    std::size_t bytes = 0;
  };

  /// At least `bytes`. Throws std::bad_alloc.
  static block take(std::size_t bytes);
  /// One that was kept and has at least `bytes`, or none.
  static block take_kept(std::size_t bytes) noexcept;
  /// The same bytes with room for more; its old place is gone. Throws std::bad_alloc, and then nothing happened.
  static block grow(block old, std::size_t bytes);
  static void give(block old) noexcept;

  /// The system gets back what was kept and not taken again since the call before the last; to be called at each beat.
  static void return_unused() noexcept;
  static std::size_t kept_bytes() noexcept;

 private:
  struct store;
  static store& kept();
};

}  // namespace dist
