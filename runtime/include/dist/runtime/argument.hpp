#pragma once

#include <dist/runtime/call_options.hpp>
#include <dist/runtime/cluster.hpp>
#include <string>
#include <type_traits>
#include <utility>

namespace dist {

/// Whether a temporary A must not be an argument: g++ before 13 destroys one twice inside a co_await expression.
template <class A>
inline constexpr bool name_the_argument_first =
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
    std::is_aggregate_v<A> && !std::is_trivially_destructible_v<A>;
#else
    false;
#endif

/// How a call takes an argument whose type is A. Takes what was given a name, and refuses the rest with a word of why.
template <class A>
class named_argument {
 public:
  named_argument(A const& value) noexcept : value_(value) {}  // NOLINT(google-explicit-constructor)
  template <class... B>
    requires(!(sizeof...(B) == 1 &&
               (... && (std::is_lvalue_reference_v<B> && std::is_same_v<std::remove_cvref_t<B>, A>))))
  named_argument(B&&... refused) : value_(*static_cast<A const*>(nullptr)) {  // NOLINT(google-explicit-constructor)
    static_assert(sizeof...(refused) > 99, "dist: name the argument first: this compiler would destroy it twice");
  }

  operator A const&() const noexcept { return value_; }  // NOLINT(google-explicit-constructor)

 private:
  A const& value_;
};

template <class A>
using argument_of = std::conditional_t<name_the_argument_first<A>, named_argument<A>, A const&>;

/// Whether giving a B for an A would compile and silently lose what was meant.
template <class A, class B>
inline constexpr bool loses_value = (std::is_integral_v<A> && std::is_floating_point_v<B>) ||
                                    (std::is_same_v<A, bool> && (std::is_pointer_v<B> || std::is_array_v<B>));

/// Whether `{"ab", "cd"}` makes an A of two elements, or has nothing to do with A.
template <class A>
inline constexpr bool can_hold_literals = true;
template <class A>
  requires requires { typename A::value_type; }
inline constexpr bool can_hold_literals<A> = std::is_convertible_v<char const*, typename A::value_type>;

template <class Parameters, class Given>
inline constexpr bool any_loses_value = false;
template <class A, class... P, class B, class... G>
inline constexpr bool any_loses_value<void(A, P...), void(B, G...)> =
    loses_value<A, B> || any_loses_value<void(P...), void(G...)>;

}  // namespace dist
