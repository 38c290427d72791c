#include <dist/rpc/detail/thrown.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <typeinfo>

namespace dist {
namespace {

/// One exception of a chain, and those nested in it.
struct link {
  std::string text;
  std::exception_ptr inner;
};

std::string name_of_current_type() {
  auto const* type = abi::__cxa_current_exception_type();
  if (!type) return "an unknown type";
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> const name(abi::__cxa_demangle(type->name(), nullptr, nullptr, &status),
                                                    &std::free);
  return status == 0 && name ? name.get() : type->name();
}

std::string text_of_value(std::string_view text) { return std::string(text); }
std::string text_of_value(char const* text) { return text ? text : "null"; }
std::string text_of_value(bool value) { return value ? "true" : "false"; }
std::string text_of_value(std::error_code value) { return value.message(); }
template <class Number>
requires std::is_arithmetic_v<Number> std::string text_of_value(Number value) { return std::to_string(value); }

/// Fills `found` when the exception in flight is one of these types, as it is thrown.
template <class... T>
bool find_value(std::exception_ptr const& thrown, std::string& found) {
  auto const try_one = [&]<class One>(std::type_identity<One>) {
    try {
      std::rethrow_exception(thrown);
    } catch (One const value) {  // not by reference, which finds no pointers
      found = (std::is_same_v<One, std::string> ? "std::string" : name_of_current_type()) + ": " + text_of_value(value);
      return true;
    } catch (...) {
      return false;
    }
  };
  return (try_one(std::type_identity<T>()) || ...);
}

link look_at(std::exception_ptr const& thrown) {
  constexpr auto what = "threw something that is not a std::exception: ";
  std::string value;
  try {
    std::rethrow_exception(thrown);
  } catch (std::exception const& e) {
    auto const* nested = dynamic_cast<std::nested_exception const*>(&e);
    return {e.what(), nested ? nested->nested_ptr() : nullptr};
  } catch (std::nested_exception const& e) {
    return {what + name_of_current_type(), e.nested_ptr()};
  } catch (...) {
    value = name_of_current_type();
  }
  find_value<int, unsigned, long, unsigned long, long long, unsigned long long, short, unsigned short, bool, double, float,
             std::string, std::string_view, char const*, char*, std::error_code>(thrown, value);
  return {what + value, nullptr};
}

}  // namespace

std::string text_of_exception(std::exception_ptr const& thrown) {
  constexpr int most_links = 16;
  auto at = look_at(thrown);
  auto text = std::move(at.text);
  for (int n = 1; at.inner && n < most_links; ++n) {
    at = look_at(at.inner);
    // Many write the cause into their own message.
    if (!at.text.empty() && text.find(at.text) == text.npos) text += ": " + at.text;
  }
  return text;
}

}  // namespace dist
