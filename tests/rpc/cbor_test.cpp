#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <dist/rpc/detail/codec.hpp>
#include <limits>
#include <map>

#include "support/hex.hpp"

namespace {

using dist::codec;
using dist::test::bytes_of;

template <class T>
std::string error_of(std::string_view hex) {
  T out{};
  return dist::decode_result(codec::cbor, bytes_of(hex).bytes(), 64, out);
}

template <class T>
bool same(T const& one, T const& other) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::memcmp(&one, &other, sizeof one) == 0 || (std::isnan(one) && std::isnan(other));
  } else {
    return one == other;
  }
}

template <class T>
void reads(std::string_view hex, T const& expected) {
  T out{};
  BOOST_TEST(dist::decode_result(codec::cbor, bytes_of(hex).bytes(), 64, out) == "", hex);
  BOOST_TEST(same(out, expected), hex);
}

template <class T>
void writes(std::string_view hex, T const& value) {
  dist::buffer out;
  BOOST_TEST(dist::encode_result(codec::cbor, dist::spelling::declared, out, value) == "");
  BOOST_TEST(dist::to_hex(out.bytes()) == hex);
  reads(hex, value);
}

struct point {
  std::int32_t x = 0;
  std::optional<std::int32_t> y;
  bool operator==(point const&) const = default;
};
BOOST_DESCRIBE_STRUCT(point, (), (x, y))

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

BOOST_AUTO_TEST_CASE(integers_are_encoded_as_in_rfc8949) {
  struct {
    char const* hex;
    std::uint64_t value;
  } const naturals[] = {{"00", 0},
                        {"01", 1},
                        {"0a", 10},
                        {"17", 23},
                        {"1818", 24},
                        {"1819", 25},
                        {"1864", 100},
                        {"1903e8", 1000},
                        {"1a000f4240", 1000000},
                        {"1b000000e8d4a51000", 1000000000000},
                        {"1bffffffffffffffff", 18446744073709551615u}};
  for (auto const& one : naturals) writes(one.hex, one.value);
  writes<std::int64_t>("20", -1);
  writes<std::int64_t>("29", -10);
  writes<std::int64_t>("3863", -100);
  writes<std::int64_t>("3903e7", -1000);
  writes("3b7fffffffffffffff", std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(error_of<std::int64_t>("3bffffffffffffffff") == "result: -1 - 18446744073709551615 is beyond 64 bits");
  BOOST_TEST(error_of<std::uint64_t>("c249010000000000000000") != "");
  BOOST_TEST(error_of<std::int64_t>("c349010000000000000000") != "");
}

BOOST_AUTO_TEST_CASE(floats_are_encoded_as_in_rfc8949) {
  struct {
    char const* hex;
    double value;
  } const cases[] = {{"f90000", 0.0},
                     {"f98000", -0.0},
                     {"f93c00", 1.0},
                     {"fb3ff199999999999a", 1.1},
                     {"f93e00", 1.5},
                     {"f97bff", 65504.0},
                     {"fa47c35000", 100000.0},
                     {"fa7f7fffff", 3.4028234663852886e+38},
                     {"fb7e37e43c8800759c", 1.0e+300},
                     {"f90001", 5.960464477539063e-8},
                     {"f90400", 0.00006103515625},
                     {"f9c400", -4.0},
                     {"fbc010666666666666", -4.1},
                     {"f97c00", infinity},
                     {"f97e00", std::numeric_limits<double>::quiet_NaN()},
                     {"f9fc00", -infinity},
                     {"fa7f800000", infinity},
                     {"fa7fc00000", std::numeric_limits<double>::quiet_NaN()},
                     {"faff800000", -infinity},
                     {"fb7ff0000000000000", infinity},
                     {"fb7ff8000000000000", std::numeric_limits<double>::quiet_NaN()},
                     {"fbfff0000000000000", -infinity}};
  for (auto const& one : cases) reads(one.hex, one.value);
  writes("fb3ff199999999999a", 1.1);
  writes("fb8000000000000000", -0.0);
  writes("fa47c35000", 100000.0f);
  // A NaN keeps its payload.
  writes("fbfff8000000000123", std::bit_cast<double>(0xfff8000000000123u));
}

BOOST_AUTO_TEST_CASE(other_values_are_encoded_as_in_rfc8949) {
  writes("f4", false);
  writes("f5", true);
  writes("f6", std::monostate());
  reads("f7", std::monostate());
  BOOST_TEST(error_of<bool>("f0") != "");
  BOOST_TEST(error_of<bool>("f8ff") != "");
  reads("c11a514b67b0", std::int64_t{1363896240});
  reads("c1fb41d452d9ec200000", 1363896240.5);
  reads("c074323031332d30332d32315432303a30343a30305a", std::string("2013-03-21T20:04:00Z"));
  reads("d818456449455446", std::vector<std::uint8_t>{0x64, 0x49, 0x45, 0x54, 0x46});
  writes("40", std::vector<std::uint8_t>());
  writes("4401020304", std::vector<std::uint8_t>{1, 2, 3, 4});
  writes("60", std::string());
  writes("6161", std::string("a"));
  writes("6449455446", std::string("IETF"));
  writes("62225c", std::string("\"\\"));
  writes("62c3bc", std::string("\u00fc"));
  writes("63e6b0b4", std::string("\u6c34"));
  writes("64f0908591", std::string("\U00010151"));
  writes("80", std::vector<int>());
  reads("83010203", std::vector<int>{1, 2, 3});
  reads("98190102030405060708090a0b0c0d0e0f101112131415161718181819",
        std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25});
  writes("a0", std::map<int, int>());
  writes("a201020304", std::map<int, int>{{1, 2}, {3, 4}});
  writes("a56161614161626142616361436164614461656145",
         std::map<std::string, std::string>{{"a", "A"}, {"b", "B"}, {"c", "C"}, {"d", "D"}, {"e", "E"}});
  writes("8301820203820405", std::tuple(1, std::pair(2, 3), std::pair(4, 5)));
  writes("826161a161626163", std::pair(std::string("a"), std::map<std::string, std::string>{{"b", "c"}}));
}

BOOST_AUTO_TEST_CASE(indefinite_lengths_are_rejected_by_name) {
  for (auto hex : {"5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "bf61610161629f0203ffff"}) {
    BOOST_TEST(error_of<std::vector<std::uint8_t>>(hex) != "", hex);
    BOOST_TEST(error_of<boost::json::value>(hex).find("indefinite length") != std::string::npos, hex);
  }
  BOOST_TEST(error_of<point>("a261780161719f01ff").find("indefinite length") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(typed_arrays_are_encoded_as_in_rfc8746) {
  writes("d84e4801000000ffffffff", std::vector<std::int32_t>{1, -1});
  writes("d85648000000000000f83f", std::vector<double>{1.5});
  writes("d848420102", std::vector<std::int8_t>{1, 2});
  reads("d8414400010002", std::vector<std::uint16_t>{1, 2});
  reads("d8454401000200", std::vector<std::uint16_t>{1, 2});
  reads("d84a48fffffffe00000001", std::vector<std::int32_t>{-2, 1});
  reads("d84b48fffffffffffffffe", std::vector<std::int64_t>{-2});
  reads("d850443c00c400", std::vector<double>{1, -4});
  reads("d852483ff8000000000000", std::vector<double>{1.5});
  reads("d85444003c00c4", std::vector<double>{1, -4});
  // By value: other widths and kinds are accepted if every element fits exactly.
  reads("d84e4801000000ffffffff", std::vector<double>{1, -1});
  reads("d85648000000000000f03f", std::vector<std::uint8_t>{1});
  reads("d84044010203ff", std::array<std::int64_t, 4>{1, 2, 3, 255});
  BOOST_TEST(error_of<std::vector<std::uint32_t>>("d84e4801000000ffffffff") ==
             "result: element [1]: integer -1 does not fit uint32 exactly");
  BOOST_TEST(error_of<std::vector<std::int32_t>>("d85648000000000000f83f") ==
             "result: element [0]: floating-point 1.5 does not fit int32 exactly");
  BOOST_TEST(error_of<std::vector<std::int32_t>>("d84e4701000000ffffff") != "");
  BOOST_TEST(error_of<std::vector<std::int32_t>>("d84e820102") != "");
  BOOST_TEST(error_of<std::vector<std::int32_t>>("d84c4101") != "");
  BOOST_TEST((error_of<std::array<std::int32_t, 3>>("d84e4801000000ffffffff")) ==
             "result: 2 elements given, 3 expected");
}

BOOST_AUTO_TEST_CASE(large_argument_starts_at_its_fixed_offset) {
  std::vector<double> const values(dist::large_array_bytes / sizeof(double), 1.5);
  dist::buffer out;
  BOOST_TEST(dist::encode_arguments(codec::cbor, dist::spelling::declared, out, values) == "");
  BOOST_TEST(out.size() == dist::large_array_offset + values.size() * sizeof(double));
  BOOST_TEST(std::memcmp(out.data() + dist::large_array_offset, values.data(), values.size() * sizeof(double)) == 0);

  // An aligned payload is viewed in place; any other is copied once.
  for (std::size_t shift : {std::size_t{4}, std::size_t{3}}) {
    std::vector<double> memory(values.size() + 4);
    auto* payload = reinterpret_cast<std::byte*>(memory.data()) + shift;
    std::memcpy(payload, out.data(), out.size());
    std::tuple<std::span<double const>> arguments;
    dist::value_store store;
    BOOST_TEST(dist::decode_arguments(codec::cbor, {payload, out.size()}, 64, arguments, store) == "");
    auto view = std::get<0>(arguments);
    bool const in_place = reinterpret_cast<std::byte const*>(view.data()) == payload + dist::large_array_offset;
    BOOST_TEST(in_place == (shift == 4));
    BOOST_TEST(std::equal(view.begin(), view.end(), values.begin(), values.end()));
  }
}

BOOST_AUTO_TEST_CASE(number_that_does_not_fit_exactly_is_an_error) {
  reads("f94200", std::int32_t{3});  // 3.0
  reads("f98000", std::int32_t{0});  // -0.0
  reads("01", 1.0);
  reads("1b0020000000000000", 9007199254740992.0);
  reads("fb4340000000000000", std::int64_t{9007199254740992});  // 2^53
  reads("a16178fb4008000000000000", point{3, {}});
  BOOST_TEST(error_of<double>("1b0020000000000001") == "result: integer 9007199254740993 does not fit double exactly");
  BOOST_TEST(error_of<double>("1bffffffffffffffff") != "");
  BOOST_TEST(error_of<std::int64_t>("fb4340000000000001") != "");
  BOOST_TEST(error_of<std::int64_t>("fb43e0000000000000") != "");
  BOOST_TEST(error_of<int>("fb400c000000000000") == "result: floating-point 3.5 does not fit int32 exactly");
  BOOST_TEST(error_of<int>("f97e00") == "result: floating-point NaN does not fit int32 exactly");
  BOOST_TEST(error_of<int>("f97c00") == "result: floating-point Infinity does not fit int32 exactly");
  BOOST_TEST(error_of<std::uint8_t>("190100") == "result: integer 256 does not fit uint8 exactly");
  BOOST_TEST(error_of<std::uint8_t>("20") == "result: integer -1 does not fit uint8 exactly");
  BOOST_TEST(error_of<std::int8_t>("1880") != "");
  BOOST_TEST(error_of<std::int8_t>("3880") != "");
  reads("387f", std::int8_t{-128});
  BOOST_TEST(error_of<float>("1a01000001") == "result: integer 16777217 does not fit float exactly");
  BOOST_TEST(error_of<float>("fb3fb999999999999a") == "result: floating-point 0.1 does not fit float exactly");
  BOOST_TEST(error_of<float>("fb7e37e43c8800759c") != "");
  reads("fb3fb99999a0000000", 0.1f);
  reads("f97e00", std::numeric_limits<float>::quiet_NaN());
  reads("634e614e", std::numeric_limits<double>::quiet_NaN());
  reads("692d496e66696e697479", -infinity);
  BOOST_TEST(error_of<int>("634e614e") == "result: expected a number (int32), got text \"NaN\"");
  BOOST_TEST(error_of<bool>("01") == "result: expected true or false (bool), got integer 1");
  BOOST_TEST(error_of<int>("f5") == "result: expected a number (int32), got true");
}

BOOST_AUTO_TEST_CASE(members_are_found_by_name) {
  writes("a2617801617902", point{1, 2});
  reads("a2617902617801", point{1, 2});
  reads("a1617801", point{1, {}});
  reads("a26178016179f6", point{1, {}});
  reads("a2615801615902", point{1, 2});                          // X and Y, as Go writes them
  reads("a3617183a1616101c2420102f6617801617902", point{1, 2});  // an unknown member of any kind
  BOOST_TEST(error_of<point>("a1617902") == "result: member x is missing");
  BOOST_TEST(error_of<point>("a2617801617801") == "result: member x twice");
  BOOST_TEST(error_of<point>("a2617801615801") == "result: member X twice");
  BOOST_TEST(error_of<point>("a161786161") == "result: member x: expected a number (int32), got text \"a\"");
  BOOST_TEST(error_of<point>("8101") == "result: expected a map, got a list");
  BOOST_TEST(error_of<point>("a10101") == "result: expected text, got a number");
  BOOST_TEST(error_of<std::vector<point>>("82a1617801a161786161") ==
             "result: element [1].x: expected a number (int32), got text \"a\"");
}

BOOST_AUTO_TEST_CASE(announced_length_beyond_the_input_is_an_error) {
  BOOST_TEST(error_of<std::vector<std::string>>("9affffffff") ==
             "result: 4294967295 elements announced, 0 bytes are left");
  BOOST_TEST(error_of<std::string>("7bffffffffffffffff61") ==
             "result: 18446744073709551615 bytes announced, 1 bytes are left");
  BOOST_TEST(error_of<std::vector<double>>("d8565bffffffffffffffff") != "");
  BOOST_TEST((error_of<std::map<int, int>>("bbffffffffffffffff")) != "");
  BOOST_TEST(error_of<point>("a2617801617a9bffffffffffffffff") != "");
  BOOST_TEST(error_of<point>("a2617801617abbffffffffffffffff") != "");
  BOOST_TEST(error_of<int>("0102") == "1 bytes after the last value");
  BOOST_TEST(error_of<int>("") == "result: expected a number (int32), got end of input");
  BOOST_TEST(error_of<std::string>("62fe80") ==
             "result: not UTF-8 at byte 0; send arbitrary bytes as std::vector<std::uint8_t>");
}

namespace {

struct onion {
  std::vector<onion> inner;
};
BOOST_DESCRIBE_STRUCT(onion, (), (inner))
struct chain {
  std::unique_ptr<chain> next;
};
BOOST_DESCRIBE_STRUCT(chain, (), (next))

}  // namespace

BOOST_AUTO_TEST_CASE(nesting_depth_is_limited_when_reading_and_writing) {
  for (std::size_t depth : {33u, 64u, 65u, 1000u, 1'000'000u}) {
    std::string hex;
    for (std::size_t i = 0; i < depth; ++i) hex += "81";
    hex += "00";
    auto expected = depth <= 64 ? "" : "nested deeper than 64 levels (depth)";
    BOOST_TEST(error_of<boost::json::value>(hex).ends_with(expected));
    // An unknown member is skipped without recursion.
    BOOST_TEST(error_of<point>("a2617801617a" + hex) == "");
  }
  std::string tags(200'000, 'c');
  for (std::size_t i = 1; i < tags.size(); i += 2) tags[i] = '5';
  BOOST_TEST(error_of<int>(tags + "01") == "");

  chain first;
  auto* last = &first;
  for (int i = 0; i < 63; ++i) last = (last->next = std::make_unique<chain>()).get();
  dist::buffer out;
  BOOST_TEST(dist::encode_result(codec::cbor, dist::spelling::declared, out, first) == "");
  chain back;
  BOOST_TEST(dist::decode_result(codec::cbor, out.bytes(), 64, back) == "");
  BOOST_TEST(dist::decode_result(codec::cbor, out.bytes(), 63, back).ends_with("nested deeper than 63 levels (depth)"));
  last->next = std::make_unique<chain>();
  BOOST_TEST(
      dist::encode_result(codec::cbor, dist::spelling::declared, out, first).ends_with("nested deeper than 64 levels (depth)"));
}

BOOST_AUTO_TEST_CASE(transcoding_keeps_what_json_can_express) {
  dist::buffer json;
  auto cbor = bytes_of(
      "a661611bffffffffffffffff61623b7fffffffffffffff6163fb3fb999999999999a6164f97e0061654201026166d84e4801000000ffffff"
      "ff");
  BOOST_TEST(dist::transcode(codec::cbor, cbor.bytes(), 64, codec::json, json) == "");
  BOOST_TEST(json.text() ==
             R"({"a":18446744073709551615,"b":-9223372036854775808,"c":0.1,"d":"NaN","e":"AQI=","f":[1,-1]})");
  dist::buffer back;
  BOOST_TEST(dist::transcode(codec::json, json.bytes(), 64, codec::cbor, back) == "");
  BOOST_TEST(dist::to_hex(back.bytes()) ==
             "a661611bffffffffffffffff61623b7fffffffffffffff6163fb3fb999999999999a6164634e614e616564"
             "4151493d6166820120");
  json.clear();
  BOOST_TEST(dist::transcode(codec::cbor, bytes_of("a201020304").bytes(), 64, codec::json, json) == "");
  BOOST_TEST(json.text() == "[[1,2],[3,4]]");
}
