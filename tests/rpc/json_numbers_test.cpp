// Numbers in JSON texts as Go, JavaScript and Python write them: a floating-point target takes the nearest value, an
// integer target must be exact.
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>
#include <charconv>
#include <cmath>
#include <dist/rpc/detail/codec.hpp>
#include <limits>
#include <random>

#include "values/json.hpp"

namespace {

using dist::codec;

template <class T>
std::string error_of(std::string_view json) {
  T out{};
  return dist::decode_result(codec::json, dist::as_bytes(json), 64, out);
}

template <class T>
bool same(T const& one, T const& other) {
  if constexpr (std::is_floating_point_v<T>)
    return one == other && std::signbit(one) == std::signbit(other);
  else
    return one == other;
}

template <class T>
void reads(std::string_view json, T const& expected) {
  T out{};
  BOOST_TEST(dist::decode_result(codec::json, dist::as_bytes(json), 64, out) == "", json);
  BOOST_TEST(same(out, expected), json);
}

template <class T>
void refuses(std::string_view json, std::string_view type) {
  auto const error = error_of<T>(json);
  auto const whole = std::string(json.substr(0, json.find(".0")));
  BOOST_TEST(error.find(whole) != std::string::npos, json << " as " << type << ": " << error);
  BOOST_TEST(error.find("does not fit " + std::string(type) + " exactly") != std::string::npos,
             json << " as " << type << ": " << error);
}

constexpr auto largest = std::numeric_limits<double>::max();
constexpr auto smallest = std::numeric_limits<double>::denorm_min();

}  // namespace

BOOST_AUTO_TEST_CASE(double_takes_the_nearest_value_of_any_number) {
  struct {
    std::string_view text;
    double value;
  } const cases[] = {
      {"1234567890123456800", 1.2345678901234568e18},
      {"123456789012345670000", 1.2345678901234567e20},
      {"9007199254740993", 9007199254740992.0},
      {"9007199254740995", 9007199254740996.0},
      {"-9007199254740993", -9007199254740992.0},
      {"18446744073709551615", 18446744073709551616.0},
      {"18446744073709551616", 18446744073709551616.0},
      {"-9223372036854775809", -9223372036854775808.0},
      {"36893488147419103233", 36893488147419103232.0},
      {"100000000000000000001", 1e20},
      {"999999999999999900000", 999999999999999900000.0},
      {"1e21", 1e21},
      {"1E+2", 100.0},
      {"1e-7", 1e-7},
      {"0.1", 0.1},
      {"0.30000000000000004", 0.1 + 0.2},
      {"0.1000000000000000055511151231257827021181583404541015625", 0.1},
      {"1.7976931348623157e308", largest},
      {"1.7976931348623158e308", largest},
      {"5e-324", smallest},
      {"4e-324", smallest},
      {"2.4703282292062327e-324", 0.0},
      {"1e-400", 0.0},
      {"-1e-400", -0.0},
      {"0e400", 0.0},
      {"-0", -0.0},
      {"-0.0", -0.0},
      {"0.0000000000000000000000000000000000000000000000000000000000000000000001e71", 10.0},
      {"1e-2000000000", 0.0},
      {"0e2000000000", 0.0},
  };
  for (auto const& one : cases) {
    reads(one.text, one.value);
    reads("[" + std::string(one.text) + "]", std::vector<double>{one.value});
  }
  auto const digits = "1" + std::string(308, '0');
  reads(digits, 1e308);
  reads(digits + ".5e-308", 1.0);
  for (auto const* text : {"1e309", "-1e309", "1e400", "1.7976931348623159e308", "1e2000000000"})
    BOOST_TEST(error_of<double>(text).find(std::string(text) + " is beyond the largest double") != std::string::npos,
               error_of<double>(text));
  BOOST_TEST(error_of<double>(digits + "0").find("beyond the largest double") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(float_takes_the_nearest_value_of_any_number) {
  reads("0.1", 0.1f);
  reads("0.10000000149011612", 0.1f);
  reads("0.123456789", 0.123456789f);
  reads("16777217", 16777216.0f);
  reads("16777219.0", 16777220.0f);
  reads("1234567890123456800", 1234567890123456800.0f);
  reads("1e-50", 0.0f);
  reads("-1e-50", -0.0f);
  reads("3.4028234663852886e38", std::numeric_limits<float>::max());
  // Just above the midpoint of two floats, but not so as a double: it must be rounded once, not twice.
  reads("1.00000005960464477540", 1.00000011920928955f);
  reads("1.00000005960464477538", 1.0f);
  for (auto const* text : {"3.5e38", "1e39", "1e300", "1e400"})
    BOOST_TEST(error_of<float>(text).find(std::string(text) + " is beyond the largest float") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(integer_takes_only_exact_whole_numbers) {
  reads("3.0", 3);
  reads("1e2", 100);
  reads("1.5e1", 15);
  reads("150e-1", 15);
  reads("-0", 0);
  reads("-0.0", 0);
  reads("0e2000000000", 0);
  reads("9007199254740993.0", std::int64_t{9007199254740993});
  reads("9.007199254740993e15", std::int64_t{9007199254740993});
  reads("1e18", std::int64_t{1'000'000'000'000'000'000});
  reads("18446744073709551615", std::numeric_limits<std::uint64_t>::max());
  reads("1.8446744073709551615e19", std::numeric_limits<std::uint64_t>::max());
  reads("-9223372036854775808", std::numeric_limits<std::int64_t>::min());
  reads("-9223372036854775808.00", std::numeric_limits<std::int64_t>::min());
  reads("1" + std::string(30, '0') + "e-30", 1);
  refuses<std::int32_t>("3.5", "int32");
  refuses<std::int32_t>("2147483648", "int32");
  refuses<std::int32_t>("-2147483649.0", "int32");
  refuses<std::uint8_t>("256", "uint8");
  refuses<std::uint8_t>("-1", "uint8");
  refuses<std::int64_t>("9223372036854775808", "int64");
  refuses<std::int64_t>("-9223372036854775809", "int64");
  refuses<std::uint64_t>("18446744073709551616", "uint64");
  refuses<std::uint64_t>("1e20", "uint64");
  refuses<std::uint64_t>("1e2000000000", "uint64");
  // The nearest double of each is a whole number.
  refuses<std::int64_t>("0.99999999999999999999", "int64");
  refuses<std::int64_t>("4503599627370497.2", "int64");
  refuses<std::int64_t>("1e-400", "int64");
  refuses<std::int64_t>("1e-2000000000", "int64");
  refuses<std::int64_t>("1.00000000000000000000001", "int64");
}

BOOST_AUTO_TEST_CASE(doubles_in_plain_digits_round_trip) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    auto const value = std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(random() % 20));
    char digits[400];
    auto const end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 0).ptr;
    // As Go and JavaScript write it: the shortest digits, then zeros.
    char shortest[40];
    auto const e = std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific).ptr;
    std::string text(shortest, static_cast<std::size_t>(e - shortest));
    auto const exponent = std::stoul(text.substr(text.find('e') + 1));
    text = text.substr(0, text.find('e'));
    std::erase(text, '.');
    if (text.size() < exponent + 1) text.append(exponent + 1 - text.size(), '0');
    for (auto const& one : {std::string(digits, static_cast<std::size_t>(end - digits)), text}) {
      double read = 0;
      auto const error = dist::decode_result(codec::json, dist::as_bytes(one), 64, read);
      if (!error.empty() || read != value) BOOST_ERROR(one << " " << error);
    }
  }
}

BOOST_AUTO_TEST_CASE(untyped_numbers_keep_64_bit_integers_or_the_nearest_double) {
  auto const any = [](std::string_view text) {
    boost::json::value out;
    BOOST_TEST(dist::decode_result(codec::json, dist::as_bytes(text), 64, out) == "", text);
    auto const parsed = dist::parse_json(text, 64);
    BOOST_TEST((parsed.has_value() && *parsed == out));
    return out;
  };
  BOOST_TEST((any("18446744073709551615") == std::numeric_limits<std::uint64_t>::max()));
  BOOST_TEST((any("9007199254740993") == std::int64_t{9007199254740993}));
  BOOST_TEST(any("100000000000000000001").as_double() == 1e20);
  BOOST_TEST(any("3.0").as_double() == 3.0);
  BOOST_TEST(std::signbit(any("-0").as_double()));
  BOOST_TEST(any("1e-400").as_double() == 0.0);
  BOOST_TEST(error_of<boost::json::value>("1e400").find("beyond the largest double") != std::string::npos);
  dist::buffer cbor;
  BOOST_TEST(dist::transcode(codec::json, dist::as_bytes(std::string_view("[123456789012345670000,1e18]")), 64, codec::cbor,
                             cbor) == "");
  std::vector<double> back;
  BOOST_TEST(dist::decode_result(codec::cbor, cbor.bytes(), 64, back) == "");
  BOOST_TEST((back == std::vector<double>{123456789012345670000.0, 1e18}));
}
