#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/number.hpp>
#include <dist/rpc/detail/type_text.hpp>
#include <dist/rpc/detail/value_kind.hpp>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace dist {

/// Conversion of values of a type to another type. C++ converts numbers silently; here no
/// value is lost that way. Rounding to the nearest float or double does not count as a loss.
enum class conversion : std::uint8_t {
  exact,    ///< every value is kept
  checked,  ///< it depends on the value
  refused,  ///< fractions for whole numbers, pointers for truth values: does not compile
};

/// A value that did not fit. Empty, and without a cost, where nothing was lost.
struct loss {
  explicit operator bool() const noexcept { return from != nullptr; }
  /// `int64 4294967301 does not fit int32`
  [[gnu::cold]] std::string text() const;

  number value;
  std::string (*from)() = nullptr;  ///< the names of the two types
  std::string (*to)() = nullptr;
};

/// The name of a type in messages.
template <class T>
std::string given_name() {
  if constexpr (std::is_same_v<T, long double>)
    return "long double";
  else if constexpr (std::is_enum_v<T>)
    return std::string(number_name<std::underlying_type_t<T>>());
  else
    return type_text<T>();
}

template <class B>
number given_number(B given) noexcept {
  if constexpr (std::is_floating_point_v<B>)
    return number::of(static_cast<double>(given));
  else if constexpr (std::is_signed_v<B>)
    return given < 0 ? number::of_negative(given) : number::of(static_cast<std::uint64_t>(given));
  else
    return number::of(static_cast<std::uint64_t>(given));
}

/// Whether every number of type B is one of type A, roundings apart.
template <class A, class B>
inline constexpr bool holds_all = [] {
  using a = std::numeric_limits<A>;
  using b = std::numeric_limits<B>;
  if (std::is_floating_point_v<B>) return std::is_floating_point_v<A> && sizeof(B) <= sizeof(A);
  return a::digits >= b::digits && (std::is_signed_v<A> || !std::is_signed_v<B>);
}();

/// The number type that a class converts to; void for other types.
template <class B>
struct number_within {
  using type = void;
};
template <class B>
  requires(std::is_class_v<B> && requires(B const& given) { requires std::is_arithmetic_v<decltype(+given)>; })
struct number_within<B> {
  using type = decltype(+std::declval<B const&>());
};

template <class A, class B>
consteval conversion number_conversion() {
  using inner = typename number_within<B>::type;
  if constexpr (std::is_enum_v<B>)
    return number_conversion<A, std::underlying_type_t<B>>();
  else if constexpr (std::is_arithmetic_v<B>) {
    if (std::is_integral_v<A> && std::is_floating_point_v<B>) return conversion::refused;
    return holds_all<A, B> ? conversion::exact : conversion::checked;
  } else if constexpr (!std::is_void_v<inner>)
    return number_conversion<A, inner>();
  else if constexpr (std::is_same_v<A, bool> && (std::is_pointer_v<B> || std::is_array_v<B> || std::is_null_pointer_v<B> ||
                                                 std::is_member_pointer_v<B>))
    return conversion::refused;
  else if constexpr (std::convertible_to<B const&, A>)
    // Braces reject narrowing.
    return requires(B const& given) { A{given}; } ? conversion::exact : conversion::refused;
  else
    return conversion::exact;
}

/// How values of type B are converted to type A: `kind`, and if they are checked, `find(value)`.
template <class A, class B>
struct conversion_to;
/// How values of type B become ones of type A, where they do.
template <class A, class B>
inline constexpr conversion conversion_of = conversion_to<A, B>::kind;
/// The loss for this value.
template <class A, class B>
loss find_loss(B const& given) {
  if constexpr (conversion_of<A, B> == conversion::checked)
    return conversion_to<A, B>::find(given);
  else
    return {};
}

template <class A, class B>
struct conversion_to {
  static constexpr conversion kind = conversion::exact;
};

template <class A, class B>
  requires(std::is_arithmetic_v<A> && !std::is_same_v<A, B>)
struct conversion_to<A, B> {
  static constexpr conversion kind = number_conversion<A, B>();

  static loss find(B const& given) {
    if constexpr (std::is_class_v<B>)
      return find_loss<A>(+given);
    else if constexpr (std::is_enum_v<B>)
      return find_loss<A>(static_cast<std::underlying_type_t<B>>(given));
    else
      return fits(given) ? loss() : loss{given_number(given), &given_name<B>, &given_name<A>};
  }

 private:
  static bool fits(B given) noexcept {
    if constexpr (std::is_floating_point_v<B>) {
      auto const nearest = static_cast<A>(given);
      return !std::isfinite(given) || (std::isfinite(nearest) && (nearest != 0 || given == 0));
    } else {
      A exact{};
      return to_exact(given_number(given), exact);
    }
  }
};

template <class RepA, class PeriodA, class RepB, class PeriodB>
  requires(!std::is_same_v<std::chrono::duration<RepA, PeriodA>, std::chrono::duration<RepB, PeriodB>> &&
           plain_number<RepA> && plain_number<RepB>)
struct conversion_to<std::chrono::duration<RepA, PeriodA>, std::chrono::duration<RepB, PeriodB>> {
  using to = std::chrono::duration<RepA, PeriodA>;
  using from = std::chrono::duration<RepB, PeriodB>;
  using ratio = std::ratio_divide<PeriodB, PeriodA>;
  static constexpr conversion kind =
      ratio::num == 1 && ratio::den == 1 && holds_all<RepA, RepB> ? conversion::exact : conversion::checked;

  static loss find(from const& given) {
    return fits(given) ? loss() : loss{given_number(given.count()), &given_name<from>, &given_name<to>};
  }

 private:
  static bool fits(from given) noexcept {
    if constexpr (std::is_floating_point_v<RepA>) {
      auto const nearest = std::chrono::duration_cast<to>(given).count();
      if constexpr (std::is_floating_point_v<RepB>)
        if (!std::isfinite(given.count())) return true;
      return std::isfinite(nearest) && (nearest != 0 || given.count() == 0);
    } else {
      RepA count{};
      return !__builtin_mul_overflow(given.count(), ratio::num, &count);
    }
  }
};

template <class Clock, class A, class B>
struct conversion_to<std::chrono::time_point<Clock, A>, std::chrono::time_point<Clock, B>> {
  static constexpr conversion kind = conversion_of<A, B>;
  static loss find(std::chrono::time_point<Clock, B> const& given) { return find_loss<A>(given.time_since_epoch()); }
};

template <class A, class B>
struct conversion_to<std::optional<A>, B> {
  static constexpr conversion kind = std::convertible_to<B const&, A> ? conversion_of<A, B> : conversion::exact;
  static loss find(B const& given) { return find_loss<A>(given); }
};
template <class A, class B>
struct conversion_to<std::optional<A>, std::optional<B>> {
  static constexpr conversion kind = conversion_of<A, B>;
  static loss find(std::optional<B> const& given) { return given ? find_loss<A>(*given) : loss(); }
};

template <class A, class B>
  requires std::is_arithmetic_v<B>
struct conversion_to<std::complex<A>, B> {
  static constexpr conversion kind = conversion_of<A, B>;
  static loss find(B given) { return find_loss<A>(given); }
};

/// Part by part.
template <class Whole, class Parts, class Given, class Indices>
struct parts_conversion;
template <class Whole, class... A, class Given, std::size_t... I>
struct parts_conversion<Whole, std::tuple<A...>, Given, std::index_sequence<I...>> {
  static constexpr conversion kind =
      std::max({conversion::exact, conversion_of<A, std::remove_cvref_t<std::tuple_element_t<I, Given>>>...});
  static loss find(Given const& given) {
    loss found;
    (void)((found = find_loss<A>(std::get<I>(given)), found) || ...);
    return found;
  }
};
template <class... A, class... B>
  requires(sizeof...(A) == sizeof...(B) && !std::is_same_v<std::tuple<A...>, std::tuple<B...>>)
struct conversion_to<std::tuple<A...>, std::tuple<B...>>
    : parts_conversion<std::tuple<A...>, std::tuple<A...>, std::tuple<B...>, std::index_sequence_for<A...>> {};
template <class A1, class A2, class B1, class B2>
  requires(!std::is_same_v<std::pair<A1, A2>, std::pair<B1, B2>>)
struct conversion_to<std::pair<A1, A2>, std::pair<B1, B2>>
    : parts_conversion<std::pair<A1, A2>, std::tuple<A1, A2>, std::pair<B1, B2>, std::index_sequence<0, 1>> {};

/// `argument 2: int64 4294967301 does not fit int32`
[[gnu::cold]] std::string lost_argument(loss const& what, std::size_t number);

}  // namespace dist
