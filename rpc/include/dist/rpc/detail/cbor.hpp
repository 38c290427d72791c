#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <dist/rpc/detail/number.hpp>
#include <span>
#include <type_traits>

namespace dist {

/// Byte strings and typed arrays of at least this many bytes are written with the 8-byte length form, whatever their
/// size, so that the place of their first byte is known before their length is.
inline constexpr std::size_t large_array_bytes = 64 * 1024;
/// Where the data of one large typed array starts in the payload when it is the only argument: the argument list's
/// head, the tag and the length. A frame reader that puts the payload at this much before an aligned address lets it be
/// viewed in place.
inline constexpr std::size_t large_array_offset = 1 + 2 + 9;

/// The kind of the next item of an input, for either codec.
enum class item : std::uint8_t { end, null, boolean, number, text, bytes, list, map, typed_array, other };

template <std::unsigned_integral T>
constexpr T swap_bytes(T value) noexcept {
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 2) return __builtin_bswap16(value);
  return value;
}
template <std::unsigned_integral T>
void store_big(std::byte* to, T value) noexcept {
  if constexpr (std::endian::native == std::endian::little) value = swap_bytes(value);
  std::memcpy(to, &value, sizeof value);
}
template <std::unsigned_integral T>
T load(std::byte const* from, std::endian order) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return order == std::endian::native ? value : swap_bytes(value);
}

/// RFC 8746's tag for arrays of T in this machine's byte order: 0b010'f's'e'll after the RFC's table.
template <class T>
consteval std::uint8_t typed_array_tag() {
  unsigned width = sizeof(T) == 8 ? 3 : sizeof(T) == 4 ? 2 : sizeof(T) == 2 ? 1 : 0;
  unsigned little = sizeof(T) > 1 && std::endian::native == std::endian::little ? 4 : 0;
  if (std::is_floating_point_v<T>) return static_cast<std::uint8_t>(64 + 16 + little + width - 1);
  return static_cast<std::uint8_t>(64 + (std::is_signed_v<T> ? 8 : 0) + little + width);
}

/// An RFC 8746 array inside an input.
struct typed_array {
  enum class kind : std::uint8_t { natural, integer, floating };

  std::size_t count() const noexcept { return data.size() / width; }
  number get(std::size_t index) const noexcept;
  /// Whether `data` is what this machine keeps in memory for an array of T, alignment apart.
  template <class T>
  bool is_native() const noexcept {
    constexpr auto wanted = std::is_floating_point_v<T> ? kind::floating
                            : std::is_signed_v<T>       ? kind::integer
                                                        : kind::natural;
    return is == wanted && width == sizeof(T) && (order == std::endian::native || width == 1);
  }
  /// The elements where they are; null where they are not aligned or not native.
  template <class T>
  T const* elements() const noexcept {
    bool const aligned = reinterpret_cast<std::uintptr_t>(data.data()) % alignof(T) == 0;
    return aligned && is_native<T>() ? reinterpret_cast<T const*>(data.data()) : nullptr;
  }

  kind is = kind::natural;
  std::uint8_t width = 1;
  std::endian order = std::endian::little;
  std::span<std::byte const> data;
};

/// Sets all but the data from a tag; false when the tag is none of RFC 8746's that we know.
bool typed_array_from_tag(std::uint64_t tag, typed_array& out) noexcept;

double half_to_double(std::uint16_t half) noexcept;

/// "NaN", "Infinity" and "-Infinity", which represent what JSON numbers cannot.
bool from_nonfinite_text(std::string_view text, double& out) noexcept;

}  // namespace dist
