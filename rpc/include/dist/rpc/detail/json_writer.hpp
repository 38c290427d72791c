#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <dist/rpc/detail/buffer.hpp>
#include <dist/rpc/detail/value_error.hpp>
#include <span>
#include <string_view>
#include <type_traits>

namespace dist {

/// Writes JSON text with the interface of cbor_writer: 64-bit integers exactly, doubles as the shortest text that reads
/// back as them, bytes as base64, and "NaN", "Infinity", "-Infinity" as text.
class json_writer {
 public:
  static constexpr bool native_keys = false;

  json_writer(buffer& out, std::size_t depth_limit) noexcept
      : out_(out), limit_(depth_limit), depth_left_(depth_limit) {}

  void null() { raw("null"); }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  template <std::integral T>
  void integer(T value) {
    char digits[24];
    // Characters are numbers here.
    using printed = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
    auto end = std::to_chars(digits, digits + sizeof digits, static_cast<printed>(value)).ptr;
    raw({digits, static_cast<std::size_t>(end - digits)});
  }
  void floating(float value);
  void floating(double value);
  /// The text must be UTF-8.
  void text(std::string_view value);
  void bytes(std::span<std::byte const> value);

  bool begin_list(std::size_t) { return begin("["); }
  bool begin_map(std::size_t) { return begin("{"); }
  void end_list() { end("]"); }
  void end_map() { end("}"); }
  void element() { separate(); }
  void key(std::string_view name);

  value_error error;

 private:
  template <class T>
  void floating_as(T value);
  void raw(std::string_view text) {
    out_.append(as_bytes(text));
    separated_ = false;
  }
  void separate() {
    if (!separated_) out_.push_back(std::byte{','});
    separated_ = true;
  }
  bool begin(std::string_view bracket) {
    if (depth_left_ == 0) return error.too_deep(limit_);
    --depth_left_;
    raw(bracket);
    separated_ = true;
    return true;
  }
  void end(std::string_view bracket) {
    ++depth_left_;
    raw(bracket);
  }

  buffer& out_;
  std::size_t limit_;
  std::size_t depth_left_;
  bool separated_ = true;  ///< the next element needs no comma
};

}  // namespace dist
