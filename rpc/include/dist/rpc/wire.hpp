#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace dist {

/// Makes a type sendable that is not by itself, such as a class of another library. A specialization, complete or
/// for a family of types, defines the stand-in that is sent and how to convert it back:
///
///     template <>
///     struct dist::wire<money> {
///       static std::int64_t to(money const& value) { return value.cents(); }
///       static money from(std::int64_t cents) { return money(cents); }
///     };
///
/// Shape    what `to` returns, the stand-in, is any value that can be sent and has a default constructor; it owns what
///          it holds. The stand-in decides the type text, the CBOR and the JSON: peers may declare it in place of T.
/// Errors   what `to` or `from` throws is a fault of that call: bad_arguments or bad_result, with the place and its
///          text.
/// Lives    it must be there before T is first used as an argument, result or member, and be the same in all files.
template <class T>
struct wire {};

/// Whether T has a specialization of wire.
template <class T>
concept has_stand_in = requires(T const& value) {
  { wire<T>::from(wire<T>::to(value)) } -> std::convertible_to<T>;
};
/// The stand-in that is sent for T.
template <has_stand_in T>
using stand_in = std::remove_cvref_t<decltype(wire<T>::to(std::declval<T const&>()))>;

/// A point in time: the duration since the epoch of its clock. system_clock counts from 1970 in UTC on every machine;
/// steady_clock from the start of its own.
template <class Clock, class Duration>
struct wire<std::chrono::time_point<Clock, Duration>> {
  using value = std::chrono::time_point<Clock, Duration>;
  static Duration to(value const& at) { return at.time_since_epoch(); }
  static value from(Duration since) { return value(since); }
};

// The next two are detected by their operations: their headers are too large to include in every program.

/// std::filesystem::path, and Boost's.
template <class T>
concept file_path = requires(T const& path) {
  { path.string() } -> std::convertible_to<std::string>;
  { path.lexically_normal() } -> std::same_as<T>;
  path.root_directory();
};
/// As it is written on the machine that sends it.
template <file_path T>
struct wire<T> {
  static std::string to(T const& path) { return path.string(); }
  static T from(std::string text) { return T(std::move(text)); }
};

/// std::valarray.
template <class T>
concept value_array = requires(T const& values, std::size_t at) {
  { values.cshift(1) };
  { values.sum() } -> std::same_as<typename T::value_type>;
  { values.size() } -> std::same_as<std::size_t>;
  { values[at] } -> std::convertible_to<typename T::value_type>;
};
/// As a list.
template <value_array T>
struct wire<T> {
  using element = typename T::value_type;
  static std::vector<element> to(T const& values) {
    std::vector<element> list;
    list.reserve(values.size());
    for (std::size_t at = 0; at < values.size(); ++at) list.push_back(values[at]);
    return list;
  }
  static T from(std::vector<element> list) {
    T values(list.size());
    for (std::size_t at = 0; at < list.size(); ++at) values[at] = list[at];
    return values;
  }
};

}  // namespace dist
