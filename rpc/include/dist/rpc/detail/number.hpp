#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <dist/rpc/detail/value_error.hpp>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

namespace dist {

/// A number as it was received, before the receiving type is known.
struct number {
  enum class kind : std::uint8_t { natural, negative, floating };

  static number of(std::uint64_t value) noexcept { return {kind::natural, value}; }
  static number of_negative(std::int64_t value) noexcept {
    return {kind::negative, std::bit_cast<std::uint64_t>(value)};
  }
  static number of(double value) noexcept { return {kind::floating, std::bit_cast<std::uint64_t>(value)}; }

  std::int64_t negative() const noexcept { return std::bit_cast<std::int64_t>(bits); }
  double floating() const noexcept { return std::bit_cast<double>(bits); }
  bool is_floating(double magnitude) const noexcept {
    return is == kind::floating && std::fabs(floating()) == magnitude;
  }

  kind is = kind::natural;
  std::uint64_t bits = 0;
};

/// The name of an arithmetic type on the wire.
template <class T>
consteval std::string_view number_name() {
  if constexpr (std::is_same_v<T, bool>) return "bool";
  if constexpr (std::is_same_v<T, float>) return "float";
  if constexpr (std::is_same_v<T, double>) return "double";
  constexpr bool is_signed = std::is_signed_v<T>;
  if constexpr (sizeof(T) == 1) return is_signed ? "int8" : "uint8";
  if constexpr (sizeof(T) == 2) return is_signed ? "int16" : "uint16";
  if constexpr (sizeof(T) == 4) return is_signed ? "int32" : "uint32";
  return is_signed ? "int64" : "uint64";
}

/// The shortest text that reads back as the same double; a non-finite one is `NaN`, `Infinity` or `-Infinity`.
std::string floating_text(double value);

/// Its digits.
std::string to_text(number value);
/// `integer 256`, `floating-point 0.5`; another noun where one is given.
[[gnu::cold]] std::string number_text(number value, std::string_view noun = {});
/// `integer 256 does not fit uint8 exactly`
[[gnu::cold]] std::string no_fit(number value, std::string_view type, std::string_view noun = {});

/// 2^53: from here on doubles do not hold every integer.
inline constexpr double first_gap = 9007199254740992.0;

/// Whether the double has exactly the same value as an integer that doubles hold without gaps.
inline bool is_small_integer(double value) noexcept {
  return value >= -first_gap && value <= first_gap && std::trunc(value) == value;
}

/// Converts by value, exactly or not at all; false says that `value` does not fit.
template <std::integral T>
bool to_exact(number value, T& out) noexcept {
  using bounds = std::numeric_limits<T>;
  if (value.is == number::kind::floating) {
    if (!is_small_integer(value.floating())) return false;
    auto whole = static_cast<std::int64_t>(value.floating());
    value = whole < 0 ? number::of_negative(whole) : number::of(static_cast<std::uint64_t>(whole));
  }
  if (value.is == number::kind::natural) {
    if (value.bits > static_cast<std::uint64_t>(bounds::max())) return false;
    out = static_cast<T>(value.bits);
    return true;
  }
  if constexpr (std::is_unsigned_v<T>) return false;
  if (value.negative() < static_cast<std::int64_t>(bounds::min())) return false;
  out = static_cast<T>(value.negative());
  return true;
}

template <std::floating_point T>
bool to_exact(number value, T& out) noexcept {
  if (value.is == number::kind::floating) {
    out = static_cast<T>(value.floating());
    return sizeof(T) == sizeof(double) || static_cast<double>(out) == value.floating() || std::isnan(out);
  }
  if (value.is == number::kind::natural) {
    out = static_cast<T>(value.bits);
    return out < static_cast<T>(18446744073709551616.0) && static_cast<std::uint64_t>(out) == value.bits;
  }
  out = static_cast<T>(value.negative());
  return static_cast<std::int64_t>(out) == value.negative();
}

}  // namespace dist
