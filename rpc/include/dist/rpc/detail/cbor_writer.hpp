#pragma once

#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/detail/cbor.hpp>
#include <dist/rpc/detail/value_error.hpp>
#include <string_view>

namespace dist {

/// Writes CBOR (RFC 8949): definite lengths, preferred integers, floats in their own width. The caller writes as many
/// elements as it announced. Functions that can fail return false and leave the reason in `error`.
class cbor_writer {
 public:
  static constexpr bool native_keys = true;  ///< maps may have keys of any type

  cbor_writer(buffer& out, std::size_t depth_limit) noexcept
      : out_(out), limit_(depth_limit), depth_left_(depth_limit) {}

  void null() { put(0xf6); }
  void boolean(bool value) { put(value ? 0xf5 : 0xf4); }
  template <std::integral T>
  void integer(T value) {
    if constexpr (std::is_signed_v<T>) {
      if (value < 0) return head(0x20, static_cast<std::uint64_t>(-1 - static_cast<std::int64_t>(value)));
    }
    head(0x00, static_cast<std::uint64_t>(value));
  }
  void floating(float value) { wide(0xfa, std::bit_cast<std::uint32_t>(value)); }
  void floating(double value) { wide(0xfb, std::bit_cast<std::uint64_t>(value)); }
  /// The text must be UTF-8.
  void text(std::string_view value) {
    head(0x60, value.size());
    out_.append(as_bytes(value));
  }
  void bytes(std::span<std::byte const> value) {
    bytes_head(value.size());
    out_.append(value);
  }
  template <class T>
  void array(std::span<T const> values) {
    array_head<T>();
    bytes(std::as_bytes(values));
  }
  /// The head of a byte string of that length.
  void bytes_head(std::size_t size) {
    if (size < large_array_bytes)
      head(0x40, size);
    else
      wide(0x5b, std::uint64_t{size});
  }
  /// The tag that makes the bytes that follow an array of T.
  template <class T>
  void array_head() {
    put(0xd8);
    put(typed_array_tag<T>());
  }

  bool begin_list(std::size_t count) { return begin(0x80, count); }
  bool begin_map(std::size_t count) { return begin(0xa0, count); }
  void end_list() noexcept { ++depth_left_; }
  void end_map() noexcept { ++depth_left_; }
  void element() noexcept {}
  void key(std::string_view name) { text(name); }

  value_error error;

 private:
  void put(unsigned byte) { out_.push_back(static_cast<std::byte>(byte)); }
  template <class T>
  void wide(unsigned initial, T value) {
    auto* to = out_.grow(1 + sizeof value);
    *to = static_cast<std::byte>(initial);
    store_big(to + 1, value);
  }
  void head(unsigned major, std::uint64_t value) {
    if (value < 24) return put(major | static_cast<unsigned>(value));
    if (value <= 0xff) return wide(major | 24, static_cast<std::uint8_t>(value));
    if (value <= 0xffff) return wide(major | 25, static_cast<std::uint16_t>(value));
    if (value <= 0xffffffff) return wide(major | 26, static_cast<std::uint32_t>(value));
    wide(major | 27, value);
  }
  bool begin(unsigned major, std::size_t count) {
    if (depth_left_ == 0) return error.too_deep(limit_);
    --depth_left_;
    head(major, count);
    return true;
  }

  buffer& out_;
  std::size_t limit_;
  std::size_t depth_left_;
};

}  // namespace dist
