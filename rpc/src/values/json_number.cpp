#include "values/json_number.hpp"

#include <charconv>
#include <cmath>

namespace dist {
namespace {

/// The text taken apart into 0.DIGITS x 10^point, DIGITS without zeros at either end.
class decimal {
 public:
  explicit decimal(std::string_view text) noexcept : negative_(text.starts_with('-')) {
    if (negative_) text.remove_prefix(1);
    if (auto const e = text.find_first_of("eE"); e != text.npos) {
      exponent_ = exponent(text.substr(e + 1));
      text = text.substr(0, e);
    }
    auto const dot = text.find('.');
    whole_ = text.substr(0, dot);
    if (dot != text.npos) fraction_ = text.substr(dot + 1);
    last_ = whole_.size() + fraction_.size();
    while (first_ < last_ && digit(first_) == 0) ++first_;
    while (first_ < last_ && digit(last_ - 1) == 0) --last_;
  }

  bool is_zero() const noexcept { return first_ == last_; }
  bool is_negative() const noexcept { return negative_; }
  /// Of digits before the point.
  std::int64_t point() const noexcept {
    return exponent_ + static_cast<std::int64_t>(whole_.size()) - static_cast<std::int64_t>(first_);
  }

  /// False when it has a fraction or does not fit.
  bool magnitude(std::uint64_t& out) const noexcept {
    auto const count = static_cast<std::int64_t>(last_ - first_);
    constexpr std::int64_t most_digits = 20;
    out = 0;
    if (point() < count || point() > most_digits) return is_zero();
    for (std::int64_t at = 0; at < point(); ++at) {
      std::uint64_t const next = at < count ? digit(first_ + static_cast<std::size_t>(at)) : 0;
      if (__builtin_mul_overflow(out, std::uint64_t{10}, &out) || __builtin_add_overflow(out, next, &out)) return false;
    }
    return true;
  }

 private:
  unsigned digit(std::size_t at) const noexcept {
    return static_cast<unsigned>((at < whole_.size() ? whole_[at] : fraction_[at - whole_.size()]) - '0');
  }
  /// Beyond the reach of any text length it stays there.
  static std::int64_t exponent(std::string_view text) noexcept {
    constexpr std::int64_t most = std::int64_t{1} << 60;
    bool const negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    std::int64_t value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc() || value > most) value = most;
    return negative ? -value : value;
  }

  bool negative_;
  std::string_view whole_;
  std::string_view fraction_;
  std::int64_t exponent_ = 0;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
};

template <class T>
bool nearest(std::string_view text, T& out) noexcept {
  auto const read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec == std::errc()) return std::isfinite(out);
  // It does not tell on which side the number is out of range.
  decimal const parts(text);
  if (!parts.is_zero() && parts.point() > 0) return false;
  out = parts.is_negative() ? -T{0} : T{0};
  return true;
}

}  // namespace

bool whole_number(std::string_view text, number& out) noexcept {
  auto const* const end = text.data() + text.size();
  std::uint64_t magnitude = 0;
  if (auto const read = std::from_chars(text.data(), end, magnitude); read.ec == std::errc() && read.ptr == end) {
    out = number::of(magnitude);
    return true;
  }
  decimal const parts(text);
  if (!parts.magnitude(magnitude)) return false;
  if (!parts.is_negative() || magnitude == 0) {
    out = number::of(magnitude);
    return true;
  }
  if (magnitude > std::uint64_t{1} << 63) return false;
  out = number::of_negative(static_cast<std::int64_t>(0 - magnitude));
  return true;
}

bool nearest_number(std::string_view text, float& out) noexcept { return nearest(text, out); }
bool nearest_number(std::string_view text, double& out) noexcept { return nearest(text, out); }

}  // namespace dist
