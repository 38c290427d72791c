#pragma once

#include <dist/rpc/requirements.hpp>

#include <array>
#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <boost/json/fwd.hpp>
#include <boost/mp11/algorithm.hpp>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/wire.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace dist {

/// The forms that a value has on the wire.
enum class value_kind : std::uint8_t {
  none,  ///< the type cannot be sent
  null,  ///< std::monostate
  boolean,
  integer,
  floating,
  text,        ///< std::string
  text_view,   ///< std::string_view: a parameter only
  bytes,       ///< contiguous std::byte or std::uint8_t
  named_enum,  ///< described: travels by name
  plain_enum,  ///< travels as its underlying integer
  nullable,    ///< std::optional, std::unique_ptr
  choice,      ///< std::variant: [index, value]
  product,     ///< std::tuple, std::pair, std::complex: [first, second, ...]
  sequence,    ///< lists, arrays, sets, spans
  map,
  time_span,  ///< std::chrono::duration: the count, in the declared period
  described,  ///< a struct: its members by name
  any,        ///< boost::json::value: whatever was written
  stand_in,   ///< as another type, which dist::wire<T> names
};

template <class T, template <class...> class Template>
inline constexpr bool is_a = false;
template <template <class...> class Template, class... A>
inline constexpr bool is_a<Template<A...>, Template> = true;

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t Size>
inline constexpr bool is_std_array<std::array<T, Size>> = true;

template <class T>
inline constexpr bool is_span = false;
template <class T>
inline constexpr bool is_span<std::span<T>> = true;

template <class T>
concept byte_like = std::is_same_v<std::remove_cv_t<T>, std::byte> || std::is_same_v<std::remove_cv_t<T>, std::uint8_t>;
template <class T>
concept plain_number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 8;

/// vector, array and span: elements side by side.
template <class T>
concept contiguous_sequence =
    (is_a<T, std::vector> && !std::is_same_v<typename T::value_type, bool>) || is_std_array<T> || is_span<T>;
template <class T>
concept map_like = requires(T t) {
  typename T::key_type;
  typename T::mapped_type;
  t.begin();
  t.end();
  t.clear();
};
/// Whether equal keys exclude each other, as in std::map and unlike std::multimap.
template <class T>
concept unique_keys = requires(T t, typename T::value_type entry) { t.insert(std::move(entry)).second; };
template <class T>
concept set_like = !map_like<T> && requires(T t, typename T::key_type k) {
  t.insert(std::move(k));
  t.begin();
  t.end();
};
template <class T>
concept growing_sequence = requires(T t, typename T::value_type e) {
  t.begin();
  t.end();
  t.clear();
  t.push_back(std::move(e));
};
template <class T>
concept forward_sequence = requires(T t, typename T::value_type e) {
  t.begin();
  t.end();
  t.insert_after(t.before_begin(), std::move(e));
};

template <class T>
concept described_struct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;
template <class T>
concept described_enum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

/// All data members, those of bases first, whatever their access: describing a member means that it is sent.
template <described_struct T>
using members_of =
    boost::describe::describe_members<T, boost::describe::mod_any_access | boost::describe::mod_inherited |
                                             boost::describe::mod_hidden>;
template <described_struct T>
inline constexpr std::size_t member_count = boost::mp11::mp_size<members_of<T>>::value;
template <class T, class Member>
using member_type = std::remove_cvref_t<decltype(std::declval<T&>().*Member::pointer)>;

/// Calls `f` with each member's descriptor until it returns false.
template <described_struct T, class F>
constexpr bool all_members(F f) {
  return [&]<template <class...> class List, class... Member>(List<Member...>) {
    return (f(Member{}) && ...);
  }(members_of<T>{});
}

/// Declared names in order.
template <described_struct T>
inline constexpr auto member_names = [] {
  std::array<std::string_view, member_count<T>> names{};
  std::size_t at = 0;
  all_members<T>([&](auto member) {
    names[at++] = member.name;
    return true;
  });
  return names;
}();

template <class T>
consteval value_kind kind_of() {
  using enum value_kind;
  if constexpr (std::is_same_v<T, std::monostate>)
    return null;
  else if constexpr (std::is_same_v<T, bool>)
    return boolean;
  else if constexpr (plain_number<T>)
    return std::is_integral_v<T> ? integer : floating;
  else if constexpr (has_stand_in<T>)
    return stand_in;
  else if constexpr (std::is_same_v<T, std::byte>)
    return plain_enum;
  else if constexpr (described_enum<T>)
    return named_enum;
  else if constexpr (std::is_enum_v<T>)
    return plain_enum;
  else if constexpr (std::is_same_v<T, std::string>)
    return text;
  else if constexpr (std::is_same_v<T, std::string_view>)
    return text_view;
  else if constexpr (std::is_same_v<T, boost::json::value>)
    return any;
  else if constexpr (described_struct<T>)
    return described;
  else if constexpr (is_a<T, std::optional>)
    return nullable;
  else if constexpr (is_a<T, std::unique_ptr>)
    return std::is_array_v<typename T::element_type> ? none : nullable;
  else if constexpr (is_a<T, std::variant>)
    return choice;
  else if constexpr (is_a<T, std::tuple> || is_a<T, std::pair> || is_a<T, std::complex>)
    return product;
  else if constexpr (is_duration<T>)
    return time_span;
  else if constexpr (contiguous_sequence<T>)
    return byte_like<typename T::value_type> ? bytes : sequence;
  else if constexpr (map_like<T>)
    return map;
  else if constexpr (set_like<T> || growing_sequence<T> || forward_sequence<T>)
    return sequence;
  else
    return none;
}

/// The form in which values of T are written in the end, resolving nested stand-ins.
template <class T>
consteval value_kind sent_kind() {
  if constexpr (has_stand_in<T>)
    return sent_kind<dist::stand_in<T>>();
  else
    return kind_of<T>();
}
/// Whether lists of T may be written as typed arrays.
template <class T>
inline constexpr bool sent_as_number = sent_kind<T>() == value_kind::integer || sent_kind<T>() == value_kind::floating ||
                                       sent_kind<T>() == value_kind::plain_enum;

/// Whether the type itself says "nothing", which is why an optional of it could not be told apart from an empty one.
template <class T>
inline constexpr bool is_nullable = sent_kind<T>() == value_kind::nullable || sent_kind<T>() == value_kind::null ||
                                    sent_kind<T>() == value_kind::any;

/// What an optional or a pointer holds.
template <class T>
struct pointee {
  using type = typename T::value_type;
};
template <class T, class D>
struct pointee<std::unique_ptr<T, D>> {
  using type = T;
};

}  // namespace dist
