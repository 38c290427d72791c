#include <dist/rpc/json.hpp>

#include <dist/rpc/value_error.hpp>

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

namespace dist {

namespace {

using boost::json::string_view;

/// A number that is no 64-bit integer. Text with a fraction or an exponent is rounded to the nearest double, as
/// everywhere; whole numbers must be held exactly; nothing becomes an infinity, and nothing but zero becomes zero.
std::optional<double> exact_double(std::string_view text) {
  double value = 0;
  auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  auto const mantissa = text.substr(0, text.find_first_of("eE"));
  if (value == 0 && mantissa.find_first_of("123456789") != mantissa.npos) return std::nullopt;
  if (text.find_first_of(".eE") != text.npos) return value;
  char digits[400];
  auto const* written = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 0).ptr;
  if (text != std::string_view(digits, static_cast<std::size_t>(written - digits))) return std::nullopt;
  return value;
}

/// Builds a value from basic_parser's events. Differs from Boost's own in the numbers and in refusing a member twice.
class value_handler {
 public:
  using error_code = boost::json::error_code;
  static constexpr std::size_t max_object_size = boost::json::object::max_size();
  static constexpr std::size_t max_array_size = boost::json::array::max_size();
  static constexpr std::size_t max_key_size = boost::json::string::max_size();
  static constexpr std::size_t max_string_size = boost::json::string::max_size();

  // What most messages need, at once.
  value_handler() { values_.reserve(16); }

  boost::json::value take_value() { return std::move(values_.front()); }
  std::string const& refusal() const noexcept { return refusal_; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_object_end(std::size_t count, error_code& ec) {
    boost::json::object object;
    object.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      auto const& key = keys_[keys_.size() - count + i];
      if (!object.emplace(key, std::move(values_[values_.size() - count + i])).second)
        return refuse("member " + shortened(key) + " twice", ec);
    }
    keys_.resize(keys_.size() - count);
    values_.resize(values_.size() - count);
    values_.emplace_back(std::move(object));
    return true;
  }
  bool on_array_end(std::size_t count, error_code&) {
    boost::json::array array;
    array.reserve(count);
    for (std::size_t i = values_.size() - count; i < values_.size(); ++i) array.push_back(std::move(values_[i]));
    values_.resize(values_.size() - count);
    values_.emplace_back(std::move(array));
    return true;
  }
  bool on_key_part(string_view text, std::size_t, error_code&) { return keep(text); }
  bool on_key(string_view text, std::size_t, error_code&) {
    keep(text);
    keys_.push_back(std::move(part_));
    part_.clear();
    return true;
  }
  bool on_string_part(string_view text, std::size_t, error_code&) { return keep(text); }
  bool on_string(string_view text, std::size_t, error_code&) {
    keep(text);
    values_.emplace_back(boost::json::string(part_));
    part_.clear();
    return true;
  }
  bool on_number_part(string_view text, error_code&) { return keep(text); }
  bool on_int64(std::int64_t value, string_view text, error_code&) {
    keep(text);
    // Boost takes -0 for the integer zero; as a double it has its sign.
    if (value == 0 && part_.front() == '-')
      values_.emplace_back(-0.0);
    else
      values_.emplace_back(value);
    part_.clear();
    return true;
  }
  bool on_uint64(std::uint64_t value, string_view, error_code&) {
    part_.clear();
    values_.emplace_back(value);
    return true;
  }
  bool on_double(double, string_view text, error_code& ec) {
    keep(text);
    auto value = exact_double(part_);
    if (!value) return refuse("the number " + shortened(part_) + " is beyond 64 bits or what a double holds", ec);
    values_.emplace_back(*value);
    part_.clear();
    return true;
  }
  bool on_bool(bool value, error_code&) {
    values_.emplace_back(value);
    return true;
  }
  bool on_null(error_code&) {
    values_.emplace_back(nullptr);
    return true;
  }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

 private:
  bool keep(string_view text) {
    part_.append(text.data(), text.size());
    return true;
  }
  bool refuse(std::string why, error_code& ec) {
    refusal_ = std::move(why);
    ec = boost::json::error::syntax;
    return false;
  }

  std::vector<boost::json::value> values_;
  std::vector<std::string> keys_;
  std::string part_;
  std::string refusal_;
};

}  // namespace

result<boost::json::value> parse_json(std::string_view text, std::size_t depth_limit) {
  boost::json::parse_options options;
  options.max_depth = depth_limit;
  boost::json::basic_parser<value_handler> parser(options);
  boost::json::error_code ec;
  auto const read = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && read < text.size()) ec = boost::json::error::extra_data;
  if (!ec) return parser.handler().take_value();
  if (ec == boost::json::error::too_deep)
    return make_fault(errc::limit_exceeded, "JSON nested deeper than " + std::to_string(depth_limit) + " levels (depth)");
  auto const& refusal = parser.handler().refusal();
  return make_fault(errc::protocol_error,
                    "not JSON at byte " + std::to_string(read) + ": " + (refusal.empty() ? ec.message() : refusal));
}

}  // namespace dist
