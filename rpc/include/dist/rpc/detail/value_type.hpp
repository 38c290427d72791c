#pragma once

#include <dist/rpc/detail/service_name.hpp>
#include <dist/rpc/detail/value_kind.hpp>

namespace dist {

/// Why a type cannot be sent.
enum class refusal : std::uint8_t {
  none,
  undescribed,
  library_type,
  pointer,
  shared_pointer,
  c_array,
  wide_integer,
  long_double,
  nested_optional,
  same_names,
  no_default,
};

/// Leads the `Seen` types where values are read, and not written only.
struct when_read;

/// The first part of a type that cannot be sent, and the member that has it: its pointer, or nullptr outside of
/// structs.
template <refusal Why, class Type, auto Member>
struct refused_part {
  static constexpr refusal why = Why;
  using type = Type;
  static constexpr auto member = Member;
};
using no_refused_part = refused_part<refusal::none, void, nullptr>;

__extension__ typedef __int128 wide_integer;
__extension__ typedef unsigned __int128 wide_unsigned;
template <class T>
inline constexpr bool is_wide_integer = std::is_same_v<T, wide_integer> || std::is_same_v<T, wide_unsigned>;

/// Why a type without a value_kind has none.
template <class T>
consteval refusal refusal_without_kind() {
  if (std::is_pointer_v<T> || std::is_member_pointer_v<T>) return refusal::pointer;
  if (is_a<T, std::shared_ptr> || is_a<T, std::weak_ptr>) return refusal::shared_pointer;
  if (std::is_array_v<T>) return refusal::c_array;
  if (is_wide_integer<T>) return refusal::wide_integer;
  if (std::is_same_v<T, long double>) return refusal::long_double;
  return spelled_type<T>().starts_with("std::") ? refusal::library_type : refusal::undescribed;
}

template <described_struct T>
consteval bool has_unique_names() {
  for (std::size_t i = 0; i < member_count<T>; ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (member_names<T>[i] == member_names<T>[j]) return false;
  return true;
}

template <auto Member, class T, class... Seen>
consteval auto find_refused();

/// Of several types, all parts of one member or of none.
template <auto Member, class... Seen>
consteval auto first_refused(std::type_identity<std::tuple<>>) {
  return no_refused_part();
}
template <auto Member, class... Seen, class First, class... Rest>
consteval auto first_refused(std::type_identity<std::tuple<First, Rest...>>) {
  using found = decltype(find_refused<Member, std::remove_cv_t<First>, Seen...>());
  if constexpr (found::why != refusal::none)
    return found();
  else
    return first_refused<Member, Seen...>(std::type_identity<std::tuple<Rest...>>());
}

template <class T, class... Seen>
consteval auto first_refused_member(std::type_identity<std::tuple<>>) {
  return no_refused_part();
}
template <class T, class... Seen, class First, class... Rest>
consteval auto first_refused_member(std::type_identity<std::tuple<First, Rest...>>) {
  using found = decltype(find_refused<First::pointer, member_type<T, First>, Seen...>());
  if constexpr (found::why != refusal::none)
    return found();
  else
    return first_refused_member<T, Seen...>(std::type_identity<std::tuple<Rest...>>());
}

template <template <class...> class List, class... A>
std::type_identity<std::tuple<A...>> as_tuple_of(std::type_identity<List<A...>>);

template <auto Member, class T, class... Seen>
consteval auto find_refused_inside() {
  constexpr auto kind = kind_of<T>();
  if constexpr (std::is_same_v<T, long double>)
    return refused_part<refusal::long_double, T, Member>();
  else if constexpr (kind == value_kind::none)
    return refused_part<refusal_without_kind<T>(), T, Member>();
  else if constexpr (kind == value_kind::stand_in)
    return find_refused<Member, stand_in<T>, Seen..., T>();
  else if constexpr (kind == value_kind::nullable) {
    using inner = std::remove_cv_t<typename pointee<T>::type>;
    if constexpr (is_nullable<inner>)
      return refused_part<refusal::nested_optional, T, Member>();
    else
      return find_refused<Member, inner, Seen...>();
  } else if constexpr (kind == value_kind::choice || is_a<T, std::tuple> || is_a<T, std::pair>)
    return first_refused<Member, Seen...>(decltype(as_tuple_of(std::type_identity<T>()))());
  else if constexpr (kind == value_kind::product || kind == value_kind::sequence)
    return find_refused<Member, std::remove_cv_t<typename T::value_type>, Seen...>();
  else if constexpr (kind == value_kind::time_span)
    return find_refused<Member, typename T::rep, Seen...>();
  else if constexpr (kind == value_kind::map)
    return first_refused<Member, Seen...>(
        std::type_identity<std::tuple<typename T::key_type, typename T::mapped_type>>());
  else if constexpr (kind == value_kind::described) {
    if constexpr (!has_unique_names<T>())
      return refused_part<refusal::same_names, T, Member>();
    else
      return first_refused_member<T, Seen..., T>(decltype(as_tuple_of(std::type_identity<members_of<T>>()))());
  } else
    return no_refused_part();
}

/// A refused_part. `Seen` are the types around this one, so that recursive types end.
template <auto Member, class T, class... Seen>
consteval auto find_refused() {
  if constexpr ((std::is_same_v<T, Seen> || ...)) {
    return no_refused_part();
  } else {
    using inside = decltype(find_refused_inside<Member, T, Seen...>());
    constexpr bool reads = (std::is_same_v<when_read, Seen> || ...);
    // A boost::json::value may be declared only.
    if constexpr (!reads || inside::why != refusal::none || kind_of<T>() == value_kind::any)
      return inside();
    else if constexpr (!std::is_default_constructible_v<T>)
      return refused_part<refusal::no_default, T, Member>();
    else
      return inside();
  }
}

template <class T, class... Seen>
using refused_part_of = decltype(find_refused<nullptr, std::remove_cv_t<T>, Seen...>());

/// Whether values of T can travel.
template <class T>
concept value_type = refused_part_of<T>::why == refusal::none;

/// Compilers print this template's arguments in the error: the type that cannot be sent, and the member that has it.
template <refusal Unwanted, class Part>
inline constexpr bool is_free_of = Part::why != Unwanted;

/// Rejects at compile time, with one error, a type that cannot be sent; usable as a condition for what follows.
template <class T, class Part = refused_part_of<T>>
consteval bool require_value_type() {
  using enum refusal;
  static_assert(is_free_of<undescribed, Part>,
                "dist: this type is not described: add BOOST_DESCRIBE_STRUCT(T, (), (members)) after it, or "
                "BOOST_DESCRIBE_CLASS inside it where it is a template or has private members; use dist::wire<T> for a "
                "type of another library");
  static_assert(is_free_of<library_type, Part>,
                "dist: this type of the standard library cannot be sent; use a container, a text or a described "
                "struct, or describe it with dist::wire<T>");
  static_assert(is_free_of<pointer, Part>, "dist: a pointer cannot be sent; use a value, std::optional or std::span");
  static_assert(is_free_of<shared_pointer, Part>,
                "dist: a shared pointer cannot be sent; use the value, std::optional or std::unique_ptr");
  static_assert(is_free_of<c_array, Part>, "dist: a C array cannot be sent; use std::array");
  static_assert(is_free_of<wide_integer, Part>, "dist: a 128-bit integer cannot be sent; use two std::uint64_t");
  static_assert(is_free_of<long_double, Part>, "dist: long double cannot be sent; use double");
  static_assert(is_free_of<nested_optional, Part>,
                "dist: an optional of an optional cannot be distinguished from an empty one");
  static_assert(is_free_of<same_names, Part>, "dist: two members of this type, one of a base, have the same name");
  static_assert(is_free_of<no_default, Part>,
                "dist: this type needs a default constructor: values are decoded into an empty object");
  return Part::why == none;
}

/// The same for a type whose values are read.
template <class T>
consteval bool require_readable_type() {
  return require_value_type<T, refused_part_of<T, when_read>>();
}

}  // namespace dist
