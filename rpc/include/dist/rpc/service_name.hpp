#pragma once

#include <string_view>

namespace dist {

/// The compiler's spelling of T; only its last identifier is ever used.
template <class T>
constexpr auto spelled_type() {
#if defined(__clang__) || defined(__GNUC__)
  std::string_view const text = __PRETTY_FUNCTION__;
#else
#error "dist: this compiler is not supported"
#endif
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
                "dist: a class template has no name for the wire: specialise dist::service_name<T> for this class");
  return unqualified_name<T>();
}

/// The part of a wire name before the dot. Specialise it to serve a class under another name:
/// `template <> inline constexpr std::string_view dist::service_name<Arith> = "Arithmetic";`
template <class T>
inline constexpr std::string_view service_name = default_service_name<T>();

}  // namespace dist
