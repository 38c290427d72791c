#include <dist/rpc/detail/cbor.hpp>

#include <cmath>
#include <limits>

namespace dist {

bool typed_array_from_tag(std::uint64_t tag, typed_array& out) noexcept {
  if (tag < 64 || tag > 87 || tag == 76 || tag == 83 || tag == 87) return false;
  auto const bits = static_cast<unsigned>(tag) & 31;
  bool const floats = (bits & 16) != 0;
  out.is = floats            ? typed_array::kind::floating
           : (bits & 8) != 0 ? typed_array::kind::integer
                             : typed_array::kind::natural;
  out.width = static_cast<std::uint8_t>(floats ? 2u << (bits & 3) : 1u << (bits & 3));
  out.order = (bits & 4) != 0 ? std::endian::little : std::endian::big;
  return true;
}

number typed_array::get(std::size_t index) const noexcept {
  auto const* at = data.data() + index * width;
  std::uint64_t bits = 0;
  if (width == 1) bits = load<std::uint8_t>(at, order);
  if (width == 2) bits = load<std::uint16_t>(at, order);
  if (width == 4) bits = load<std::uint32_t>(at, order);
  if (width == 8) bits = load<std::uint64_t>(at, order);
  if (is == kind::natural) return number::of(bits);
  if (is == kind::integer) {
    auto const unused = 64 - 8 * width;
    auto const value = static_cast<std::int64_t>(bits << unused) >> unused;
    return value < 0 ? number::of_negative(value) : number::of(static_cast<std::uint64_t>(value));
  }
  if (width == 2) return number::of(half_to_double(static_cast<std::uint16_t>(bits)));
  if (width == 4) return number::of(double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))});
  return number::of(std::bit_cast<double>(bits));
}

double half_to_double(std::uint16_t half) noexcept {
  int const exponent = half >> 10 & 31;
  double const fraction = half & 1023;
  double value = 0;
  if (exponent == 0)
    value = std::ldexp(fraction, -24);
  else if (exponent != 31)
    value = std::ldexp(fraction + 1024, exponent - 25);
  else
    value = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  return (half & 0x8000) != 0 ? -value : value;
}

}  // namespace dist
