#pragma once

#include <cstddef>
#include <new>

namespace dist {

/// Whether memory that was given back is kept for another use: a sanitizer sees the use of a block after its end only
/// if it really ends.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool keeps_memory = false;
#elif defined(__has_feature)
inline constexpr bool keeps_memory = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
inline constexpr bool keeps_memory = true;
#endif

/// A freelist of blocks of one size per thread: the general allocator costs more than what a call does with the block.
/// Beyond a bound they go back to the heap, and all of them when the thread ends.
template <std::size_t Bytes>
class freelist {
 public:
  static void* take() {
    if (!spare_.first) return ::operator new(Bytes);
    auto* const block = spare_.first;
    spare_.first = block->next;
    --spare_.count;
    return block;
  }
  static void give(void* memory) noexcept {
    if (spare_.count >= spare_.most) return ::operator delete(memory);
    // The freelist must not outlive its thread.
    if (spare_.count == 0) empty_at_thread_end();
    spare_.first = new (memory) block{spare_.first};
    ++spare_.count;
  }

 private:
  struct block {
    block* next;
  };
  static_assert(Bytes >= sizeof(block));

  static constexpr std::size_t bound = keeps_memory ? 1024 : 0;

  /// Trivial, so that it may still be used while the thread's other objects go.
  struct list {
    block* first = nullptr;
    std::size_t count = 0;
    std::size_t most = bound;
  };
  struct emptier {
    ~emptier() {
      spare_.most = 0;
      while (spare_.first) ::operator delete(take());
    }
  };
  /// In a function: g++ 12 defines the guard of a template's thread_local member twice.
  static void empty_at_thread_end() noexcept { [[maybe_unused]] static thread_local emptier const once; }

  static inline constinit thread_local list spare_;
};

/// Base of a class whose objects come and go with every call: `class waiter : public from_freelist<waiter>`.
template <class T>
class from_freelist {
 public:
  static void* operator new(std::size_t bytes) {
    return bytes == sizeof(T) ? freelist<sizeof(T)>::take() : ::operator new(bytes);
  }
  static void operator delete(void* memory, std::size_t bytes) noexcept {
    if (bytes == sizeof(T))
      freelist<sizeof(T)>::give(memory);
    else
      ::operator delete(memory);
  }
};

/// The same for what shared pointers and containers allocate one by one.
template <class T>
class freelist_allocator {
 public:
  using value_type = T;

  freelist_allocator() noexcept = default;
  template <class U>
  freelist_allocator(freelist_allocator<U> const&) noexcept {}  // NOLINT: allocators convert

  T* allocate(std::size_t count) {
    return static_cast<T*>(count == 1 ? freelist<sizeof(T)>::take() : ::operator new(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) noexcept {
    if (count == 1)
      freelist<sizeof(T)>::give(memory);
    else
      ::operator delete(memory);
  }
  friend bool operator==(freelist_allocator const&, freelist_allocator const&) noexcept { return true; }
};

}  // namespace dist
