#include <dist/rpc/detail/number.hpp>

#include <dist/rpc/detail/cbor.hpp>

#include <charconv>

namespace dist {

std::string floating_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  char digits[40];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

std::string to_text(number value) {
  if (value.is == number::kind::floating) return floating_text(value.floating());
  return value.is == number::kind::natural ? std::to_string(value.bits) : std::to_string(value.negative());
}

std::string number_text(number value, std::string_view noun) {
  if (noun.empty()) noun = value.is == number::kind::floating ? "floating-point" : "integer";
  return std::string(noun) + ' ' + to_text(value);
}

std::string no_fit(number value, std::string_view type, std::string_view noun) {
  return number_text(value, noun).append(" does not fit ").append(type).append(" exactly");
}

bool from_nonfinite_text(std::string_view text, double& out) noexcept {
  constexpr auto infinity = std::numeric_limits<double>::infinity();
  if (text == "NaN")
    out = std::numeric_limits<double>::quiet_NaN();
  else if (text == "Infinity")
    out = infinity;
  else if (text == "-Infinity")
    out = -infinity;
  else
    return false;
  return true;
}

}  // namespace dist
