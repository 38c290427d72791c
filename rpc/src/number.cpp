#include <dist/rpc/number.hpp>

#include <dist/rpc/cbor.hpp>
#include <dist/rpc/json_reader.hpp>

#include <charconv>

namespace dist {

std::string floating_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  char digits[40];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

std::string no_fit(number value, std::string_view type) {
  std::string text;
  if (value.is == number::kind::natural) text = std::to_string(value.bits);
  if (value.is == number::kind::negative) text = std::to_string(value.negative());
  if (value.is == number::kind::floating) text = floating_text(value.floating());
  return text.append(" does not fit ").append(type).append(" exactly");
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

bool float_from_decimal(number value, float& out) noexcept {
  if (value.is != number::kind::floating) return false;
  char digits[40];
  auto const nearest = static_cast<float>(value.floating());
  auto const end = std::to_chars(digits, digits + sizeof digits, nearest).ptr;
  double read = 0;
  if (std::from_chars(digits, end, read).ec != std::errc() || read != value.floating()) return false;
  out = nearest;
  return true;
}

}  // namespace dist
