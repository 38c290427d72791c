#include <dist/rpc/detail/cbor_reader.hpp>

#include <limits>

namespace dist {
namespace {

constexpr std::uint64_t positive_bignum = 2;
constexpr std::uint64_t negative_bignum = 3;

}  // namespace

item cbor_reader::next_simple(unsigned initial) noexcept {
  switch (initial) {
    case 0xf4:
    case 0xf5:
      return item::boolean;
    case 0xf6:
    case 0xf7:
      return item::null;
    case 0xf9:
    case 0xfa:
    case 0xfb:
      return item::number;
    default:
      return item::other;
  }
}

item cbor_reader::next_tagged() noexcept {
  while (at_ != end_ && std::to_integer<unsigned>(*at_) >> 5 == 6) {
    auto const info = std::to_integer<unsigned>(*at_) & 31;
    std::size_t const width = info < 24 ? 0 : std::size_t{1} << (info & 3);
    if (info > 27) return item::other;
    if (left() <= width) return item::end;
    std::uint64_t tag = info;
    if (width != 0) {
      tag = 0;
      for (std::size_t i = 1; i <= width; ++i) tag = tag << 8 | std::to_integer<std::uint64_t>(at_[i]);
    }
    typed_array array;
    if (tag == positive_bignum || tag == negative_bignum) return item::other;
    if (tag >= 64 && tag <= 87) return typed_array_from_tag(tag, array) ? item::typed_array : item::other;
    at_ += 1 + width;
  }
  return next();
}

bool cbor_reader::wide_argument(unsigned info, std::uint64_t& out) {
  if (info == 31) return fail_here("unsupported indefinite length");
  if (info > 27) return fail_here("reserved length");
  std::size_t const width = std::size_t{1} << (info - 24);
  if (left() <= width) return fail_here("unexpected end");
  auto const* from = at_ + 1;
  if (width == 1) out = load<std::uint8_t>(from, std::endian::big);
  if (width == 2) out = load<std::uint16_t>(from, std::endian::big);
  if (width == 4) out = load<std::uint32_t>(from, std::endian::big);
  if (width == 8) out = load<std::uint64_t>(from, std::endian::big);
  at_ += 1 + width;
  return true;
}

bool cbor_reader::wide_number(unsigned initial, number& out) {
  std::uint64_t bits = 0;
  if (!argument(bits)) return false;
  if (initial < 0x20) {
    out = number::of(bits);
  } else if (initial < 0x40) {
    if (bits > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return error.fail("-1 - " + std::to_string(bits) + " is beyond 64 bits");
    out = number::of_negative(-1 - static_cast<std::int64_t>(bits));
  } else if (initial == 0xf9) {
    out = number::of(half_to_double(static_cast<std::uint16_t>(bits)));
  } else if (initial == 0xfa) {
    out = number::of(double{std::bit_cast<float>(static_cast<std::uint32_t>(bits))});
  } else {
    out = number::of(std::bit_cast<double>(bits));
  }
  return true;
}

bool cbor_reader::array(typed_array& out) {
  std::uint64_t tag = 0;
  if (next() != item::typed_array) return mismatch("a typed array");
  if (!argument(tag) || !typed_array_from_tag(tag, out)) return false;
  if (at_ == end_ || std::to_integer<unsigned>(*at_) >> 5 != 2) return fail_here("a typed array without bytes");
  if (!string(out.data)) return false;
  return out.data.size() % out.width == 0 || fail_here("a typed array that ends within an element");
}

bool cbor_reader::skip() {
  std::uint64_t pending = 1;
  while (pending != 0) {
    --pending;
    if (at_ == end_) return fail_here("unexpected end");
    auto const initial = std::to_integer<unsigned>(*at_);
    auto const major = initial >> 5;
    std::uint64_t value = 0;
    if (!argument(value)) return false;
    if (initial == 0xf8 && value < 32) return fail_here("a malformed simple value");
    if (major == 2 || major == 3) {
      if (value > left()) return too_short(value, "bytes");
      at_ += value;
    } else if (major == 4 || major == 5) {
      if (value > left()) return too_short(value, major == 4 ? "elements" : "members");
      pending += major == 4 ? value : 2 * value;
    } else if (major == 6) {
      ++pending;
    }
    if (pending > left()) return fail_here("unexpected end");
  }
  return true;
}

std::string_view cbor_reader::noun_of_next() noexcept {
  constexpr std::string_view names[] = {
      "end of input", "null",   "true or false", "a number",      "text",
      "bytes",        "a list", "a map",         "a typed array", "an unknown kind of value"};
  return names[static_cast<std::size_t>(next())];
}

bool cbor_reader::mismatch(std::string_view expected) { return error.mismatch(noun_of_next(), expected, {}); }

bool cbor_reader::mismatch(std::string_view expected, std::string_view type) {
  constexpr std::size_t most_shown = 80;
  auto look = *this;
  number value;
  std::string_view text;
  bool truth = false;
  switch (next()) {
    case item::boolean:
      look.boolean(truth);
      return error.mismatch(truth ? "true" : "false", expected, type);
    case item::number:
      return look.numeric(value) ? error.mismatch(number_text(value), expected, type) : mismatch(expected);
    case item::text:
      return look.text(text) ? error.mismatch("text \"" + printable(text, most_shown) + '"', expected, type)
                             : mismatch(expected);
    case item::null:
      return error.mismatch("null", expected, type);
    default:
      return error.mismatch(noun_of_next(), expected, type);
  }
}

bool cbor_reader::too_short(std::uint64_t announced, std::string_view what) {
  std::string text = std::to_string(announced);
  return error.fail(text.append(" ").append(what).append(" announced, ") + std::to_string(left()) + " bytes are left");
}

bool cbor_reader::fail_here(std::string_view what) {
  return error.fail(std::string(what) + " at byte " + std::to_string(at_ - start_));
}

}  // namespace dist
