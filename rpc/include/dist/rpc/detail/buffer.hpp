#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <dist/rpc/detail/freelist.hpp>
#include <dist/rpc/detail/large_blocks.hpp>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace dist {

/// Bytes that grow at the end. Unlike std::vector it does not clear what it is about to overwrite.
class buffer {
 public:
  buffer() noexcept = default;
  buffer(buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  buffer& operator=(buffer&& other) noexcept {
    buffer old(std::move(*this));
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  explicit buffer(std::span<std::byte const> bytes) { append(bytes); }
  explicit buffer(std::string_view text) { append(std::as_bytes(std::span(text))); }
  ~buffer() { release(); }

  std::byte* data() noexcept { return data_; }
  std::byte const* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t capacity() const noexcept { return capacity_; }

  std::span<std::byte const> bytes() const noexcept { return {data_, size_}; }
  std::string_view text() const noexcept { return {reinterpret_cast<char const*>(data_), size_}; }

  /// Makes room for `count` more bytes and returns where they start; their content is indeterminate.
  std::byte* grow(std::size_t count) {
    if (capacity_ - size_ < count) enlarge(size_ + count);
    auto* start = data_ + size_;
    size_ += count;
    return start;
  }
  void append(std::span<std::byte const> bytes) {
    if (!bytes.empty()) std::memcpy(grow(bytes.size()), bytes.data(), bytes.size());
  }
  void push_back(std::byte byte) { *grow(1) = byte; }
  void reserve(std::size_t capacity) {
    if (capacity > capacity_) enlarge(capacity);
  }
  /// Grows only if a freed large block is available; does nothing else.
  void reserve_kept(std::size_t capacity) noexcept {
    if (capacity <= capacity_ || capacity < large_blocks::least_bytes) return;
    if (auto const memory = large_blocks::take_kept(capacity); memory.data) move_to(memory);
  }
  /// Only to fewer bytes.
  void shrink(std::size_t size) noexcept { size_ = size; }
  void clear() noexcept { size_ = 0; }

 private:
  /// Large enough for the arguments of most calls.
  static constexpr std::size_t first_bytes = 128;

  // The size tells where the memory is from: a spare block, the heap, or large_blocks.
  bool is_spare() const noexcept { return capacity_ == first_bytes; }
  bool is_large() const noexcept { return capacity_ >= large_blocks::least_bytes; }

  void enlarge(std::size_t needed) {
    if (capacity_ == 0 && needed <= first_bytes) {
      data_ = static_cast<std::byte*>(freelist<first_bytes>::take());
      capacity_ = first_bytes;
      return;
    }
    auto const capacity = capacity_ * 2 > needed ? capacity_ * 2 : needed;
    if (is_large()) return use(large_blocks::grow({data_, capacity_}, capacity));
    if (capacity >= large_blocks::least_bytes) return move_to(large_blocks::take(capacity));
    auto* const moved = static_cast<std::byte*>(std::realloc(is_spare() ? nullptr : data_, capacity));
    if (!moved) throw std::bad_alloc();
    if (is_spare()) return move_to({moved, capacity});
    data_ = moved;
    capacity_ = capacity;
  }
  void use(large_blocks::block memory) noexcept {
    data_ = memory.data;
    capacity_ = memory.bytes;
  }
  void move_to(large_blocks::block memory) noexcept {
    if (size_ != 0) std::memcpy(memory.data, data_, size_);
    release();
    use(memory);
  }
  void release() noexcept {
    if (is_spare()) return freelist<first_bytes>::give(data_);
    if (is_large()) return large_blocks::give({data_, capacity_});
    std::free(data_);
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

inline std::span<std::byte const> as_bytes(std::string_view text) noexcept { return std::as_bytes(std::span(text)); }
inline std::string_view as_text(std::span<std::byte const> bytes) noexcept {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

}  // namespace dist
