#pragma once

#include <dist/rpc/requirements.hpp>

#include <string_view>

namespace dist {

/// The compiler's spelling of T; only its last identifier is ever used.
template <class T>
constexpr auto spelled_type() {
  std::string_view const text = __PRETTY_FUNCTION__;
  auto const start = text.find("T = ") + 4;
  return text.substr(start, text.size() - 1 - start);
}

constexpr bool is_identifier_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// `Arith` for `struct calc::Arith`; empty where the spelling does not end in an identifier, as that of a template
/// does.
template <class T>
constexpr std::string_view unqualified_name() {
  std::string_view const text = spelled_type<T>();
  auto start = text.size();
  while (start > 0 && is_identifier_character(text[start - 1])) --start;
  return text.substr(start);
}

template <class T>
constexpr std::string_view default_service_name() {
  static_assert(!unqualified_name<T>().empty(),
                "dist: a class template has no wire name: specialise dist::service_name<T> for this class");
  return unqualified_name<T>();
}

/// The part of a wire name before the dot. Specialise it to serve a class under another name:
/// `template <> inline constexpr std::string_view dist::service_name<Arith> = "Arithmetic";`
template <class T>
inline constexpr std::string_view service_name = default_service_name<T>();

/// One class of this program, told from all others with or without RTTI.
struct class_tag {
  std::string_view name;     ///< `Arith`, on the wire
  std::string_view spelled;  ///< `calc::Arith`
  bool named_by_hand;        ///< its service_name was specialised: it matches any class of that name
};
template <class T>
inline constexpr class_tag tag_of{service_name<T>, spelled_type<T>(), service_name<T> != unqualified_name<T>()};

/// The same class has two tags where a shared object hides its symbols; classes of two files without names of their own
/// have one spelling.
inline bool is_same_class(class_tag const& one, class_tag const& other) noexcept {
  return &one == &other || (one.spelled == other.spelled && one.spelled.find("anonymous") == std::string_view::npos);
}

}  // namespace dist
