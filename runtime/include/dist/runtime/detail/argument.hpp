#pragma once

#include <concepts>
#include <dist/runtime/call_options.hpp>
#include <dist/runtime/cluster.hpp>
#include <dist/runtime/detail/conversion.hpp>
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

/// How a call takes an argument whose type is A. Accepts named values, and rejects the rest with a reason.
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

/// How a call takes an argument that is a number or a duration: of any type that converts to A, with a check of its
/// value.
template <class A>
class checked_argument {
 public:
  checked_argument() noexcept = default;
  template <class B>
    requires(std::convertible_to<B const&, A> && conversion_of<A, B> != conversion::refused)
  checked_argument(B const& given) noexcept  // NOLINT(google-explicit-constructor)
      : lost_(find_loss<A>(given)), value_(lost_ ? A{} : static_cast<A>(given)) {}

  loss const& lost() const noexcept { return lost_; }
  operator A const&() const noexcept { return value_; }  // NOLINT(google-explicit-constructor)

 private:
  loss lost_;
  A value_{};
};

template <class A>
inline constexpr bool is_checked_argument = std::is_arithmetic_v<A> || is_duration<A>;

template <class A>
using argument_of =
    std::conditional_t<is_checked_argument<A>, checked_argument<A>,
                       std::conditional_t<name_the_argument_first<A>, named_argument<A>, A const&>>;

/// The first argument whose value was lost, in words; empty: none.
template <class... Given>
std::string lost_among(Given const&... given) {
  std::string problem;
  std::size_t at = 0;
  [[maybe_unused]] auto const look = [&]<class G>(G const& one) {
    ++at;
    if constexpr (requires { one.lost(); })
      if (one.lost()) problem = lost_argument(one.lost(), at);
    return !problem.empty();
  };
  (void)(look(given) || ...);
  return problem;
}

/// Converts the arguments B of a call to parameters A. Options may follow them.
template <class Parameters, class Given>
inline constexpr conversion worst_conversion = conversion::exact;
template <class A, class... P, class B, class... G>
inline constexpr conversion worst_conversion<void(A, P...), void(B, G...)> =
    std::max(conversion_of<A, B>, worst_conversion<void(P...), void(G...)>);

/// Whether one must be checked that checked_argument does not see: it takes no braces, and these may be anything.
template <class Parameters, class Given>
inline constexpr bool any_hidden_loss = false;
template <class A, class... P, class B, class... G>
inline constexpr bool any_hidden_loss<void(A, P...), void(B, G...)> =
    (!is_checked_argument<A> && conversion_of<A, B> == conversion::checked) || any_hidden_loss<void(P...), void(G...)>;

/// Whether `{"ab", "cd"}` makes an A of two elements, or has nothing to do with A.
template <class A>
inline constexpr bool can_hold_literals = true;
template <class A>
  requires requires { typename A::value_type; }
inline constexpr bool can_hold_literals<A> = std::is_convertible_v<char const*, typename A::value_type>;

}  // namespace dist
