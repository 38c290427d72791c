#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <dist/rpc/detail/codec.hpp>
#include <limits>
#include <map>
#include <random>
#include <unordered_map>

#include "values/json.hpp"

namespace {

using dist::codec;

enum class color { red, green };
BOOST_DESCRIBE_ENUM(color, red, green)

struct range {
  std::int64_t start = 0;
  std::int64_t last_of_all = 0;
  bool operator==(range const&) const = default;
};
BOOST_DESCRIBE_STRUCT(range, (), (start, last_of_all))
struct optional_first {
  std::optional<int> x = 5;
  int y = 0;
  bool operator==(optional_first const&) const = default;
};
BOOST_DESCRIBE_STRUCT(optional_first, (), (x, y))
struct collides {
  int a_b = 1;
  int aB = 2;
};
BOOST_DESCRIBE_STRUCT(collides, (), (a_b, aB))
struct item_name {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(item_name, (), (name))
struct cart {
  std::vector<item_name> items;
};
BOOST_DESCRIBE_STRUCT(cart, (), (items))

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
std::string error_of(std::string_view json) {
  T out{};
  return dist::decode_result(codec::json, dist::as_bytes(json), 64, out);
}

template <class T>
void reads(std::string_view json, T const& expected) {
  T out{};
  BOOST_TEST(dist::decode_result(codec::json, dist::as_bytes(json), 64, out) == "", json);
  BOOST_TEST((out == expected), json);
}

template <class T>
std::string written(T const& value, dist::spelling names = dist::spelling::declared) {
  dist::buffer out;
  auto error = dist::encode_result(codec::json, names, out, value);
  return error.empty() ? std::string(out.text()) : "error: " + error;
}

template <class T>
void writes(std::string_view json, T const& value) {
  BOOST_TEST(written(value) == json);
  reads(json, value);
}

template <class... A>
std::string arguments_error(std::string_view params) {
  std::tuple<A...> out;
  dist::value_store store;
  return dist::decode_arguments(codec::json, dist::as_bytes(params), 64, out, store);
}

}  // namespace

BOOST_AUTO_TEST_CASE(integers_are_exact) {
  for (std::int64_t value : {9007199254740993, -9007199254740993, std::numeric_limits<std::int64_t>::min(),
                             std::numeric_limits<std::int64_t>::max(), 8580461940455638592}) {
    writes(std::to_string(value), value);
    reads("{\"start\":" + std::to_string(value) + ",\"last_of_all\":0}", range{value, 0});
  }
  writes("18446744073709551615", std::numeric_limits<std::uint64_t>::max());
  BOOST_TEST(error_of<std::uint64_t>("18446744073709551616") != "");
  BOOST_TEST(error_of<std::int64_t>("9223372036854775808") != "");
  BOOST_TEST(error_of<std::int64_t>("-9223372036854775809") != "");
  BOOST_TEST(error_of<std::uint64_t>("36893488147419103233").find("beyond 64 bits") != std::string::npos);
  reads("1", std::uint64_t{1});
  reads("8", std::uint8_t{8});
  reads("255", std::uint8_t{255});
  BOOST_TEST(error_of<std::uint8_t>("256") == "result: number 256 does not fit uint8 exactly");
  BOOST_TEST(error_of<std::uint8_t>("-1") == "result: number -1 does not fit uint8 exactly");
  reads("3.0", 3);
  reads("1e2", 100);
  BOOST_TEST(error_of<int>("3.5") == "result: number 3.5 does not fit int32 exactly");
  reads("9007199254740991.0", std::int64_t{9007199254740991});
  reads("0.1", 0.1f);
  writes("0.1", 0.1f);
  reads("1", 1.0);
  reads("100000000000000000000", 1e20);  // as JavaScript writes it
}

BOOST_AUTO_TEST_CASE(doubles_are_exact_and_non_finite_ones_are_text) {
  std::vector<double> const values{
      std::numeric_limits<double>::quiet_NaN(), infinity, -infinity, -0.0, std::numeric_limits<double>::denorm_min(),
      std::numeric_limits<double>::max()};
  BOOST_TEST(written(values) == R"(["NaN","Infinity","-Infinity",-0.0,5e-324,1.7976931348623157e+308])");
  std::vector<double> back;
  BOOST_TEST(dist::decode_result(codec::json, dist::as_bytes(written(values)), 64, back) == "");
  BOOST_TEST(std::isnan(back.at(0)));
  BOOST_TEST(std::memcmp(back.data() + 1, values.data() + 1, 5 * sizeof(double)) == 0);
  BOOST_TEST(written(3.0) == "3.0");
  for (auto zero : {"-0", "-0.0", "-0e5"}) {
    double read = 1;
    BOOST_TEST(dist::decode_result(codec::json, dist::as_bytes(zero), 64, read) == "");
    BOOST_TEST((read == 0 && std::signbit(read)), zero);
  }
  BOOST_TEST(error_of<int>("\"NaN\"") == "result: expected a number (int32), got text \"NaN\"");
  BOOST_TEST(error_of<double>("\"nan\"") == "result: expected a number (double), got text \"nan\"");
  BOOST_TEST(error_of<double>("1e400") != "");
  BOOST_TEST(error_of<double>("NaN") != "");
  reads("\"NaN\"", std::string("NaN"));

  std::mt19937_64 random(20240601);
  for (int i = 0; i < 100'000; ++i) {
    auto value = i % 2 == 0 ? std::bit_cast<double>(random()) : std::ldexp(static_cast<double>(random() >> 11), -53);
    if (!std::isfinite(value)) continue;
    double read = 0;
    auto json = written(value);
    auto error = dist::decode_result(codec::json, dist::as_bytes(json), 64, read);
    if (!error.empty() || std::memcmp(&read, &value, sizeof value) != 0) BOOST_ERROR(json << " " << error);
  }
}

BOOST_AUTO_TEST_CASE(absent_and_null_members_are_empty_and_wrong_types_are_errors) {
  BOOST_TEST(error_of<optional_first>("{}") == "result: member y is missing");
  reads(R"({"y":1})", optional_first{{}, 1});
  reads(R"({"x":null,"y":1})", optional_first{{}, 1});
  reads(R"({"x":7,"y":1})", optional_first{7, 1});
  BOOST_TEST(error_of<optional_first>(R"({"x":"7","y":1})") == "result: member x: expected a number (int32), got text \"7\"");
  BOOST_TEST(error_of<optional_first>(R"({"x":7,"y":null})") == "result: member y: expected a number (int32), got null");
}

BOOST_AUTO_TEST_CASE(variants_keep_their_alternative) {
  writes("[1,2.0]", std::variant<int, double>(2.0));
  writes(R"([0,"red"])", std::variant<std::string, color>("red"));
  writes(R"([1,"red"])", std::variant<std::string, color>(color::red));
  writes("[1,1]", std::variant<bool, int>(1));
  writes("[0,null]", std::variant<std::monostate, int>());
  writes(R"([1,{"start":1,"last_of_all":2}])", std::variant<optional_first, range>(range{1, 2}));
  BOOST_TEST((error_of<std::variant<int, double>>("[2,1]")) == "result: alternative 2 of 2");
  BOOST_TEST((error_of<std::variant<int, double>>("2.0")) == "result: expected a list, got a number");
  BOOST_TEST((error_of<std::variant<int, double>>("[0,1,2]")) == "result: 3 elements given, 2 expected");
}

BOOST_AUTO_TEST_CASE(maps_without_text_keys_are_lists_of_pairs) {
  writes(R"([[1,"a"],[2,"b"]])", std::map<int, std::string>{{1, "a"}, {2, "b"}});
  writes(R"([["green",1]])", std::unordered_map<color, int>{{color::green, 1}});
  writes(R"({"a":1})", std::map<std::string, int>{{"a", 1}});
  reads(R"([["a",1]])", std::map<std::string, int>{{"a", 1}});
  reads(R"([["a",1],["a",2]])", std::multimap<std::string, int>{{"a", 1}, {"a", 2}});
  using numbered = std::map<int, std::string>;
  BOOST_TEST(error_of<numbered>("[[1,2,3,4]]") == "result: element [0]: 4 elements given, 2 expected");
  BOOST_TEST(error_of<numbered>(R"({"1":"a"})") == "result: expected a list of pairs, got an object");
  BOOST_TEST(error_of<numbered>(R"({"01":"a","1":"b"})") == "result: expected a list of pairs, got an object");
  BOOST_TEST(error_of<numbered>(R"([[1,"a"],[1.0,"b"]])") == "result: element [1]: duplicate key");
}

BOOST_AUTO_TEST_CASE(multimap_with_text_keys_keeps_equal_keys) {
  std::multimap<std::string, int> const value{{"a", 1}, {"a", 2}};
  for (auto how : {codec::cbor, codec::json}) {
    dist::buffer out;
    std::multimap<std::string, int> back;
    BOOST_TEST(dist::encode_result(how, dist::spelling::declared, out, value) == "");
    BOOST_TEST(dist::decode_result(how, out.bytes(), 64, back) == "");
    BOOST_TEST((back == value));
  }
}

BOOST_AUTO_TEST_CASE(text_must_be_utf8_in_both_directions) {
  cart bad{{{"a"}, {"b"}, {"c"}, {std::string("grad\xfe", 5)}}};
  BOOST_TEST(written(bad) ==
             "error: result: member items[3].name: not UTF-8 at byte 4; send arbitrary bytes as std::vector<std::uint8_t>");
  dist::buffer out;
  BOOST_TEST(dist::encode_arguments(codec::json, dist::spelling::declared, out, 1, bad) ==
             "argument 2: member items[3].name: not UTF-8 at byte 4; send arbitrary bytes as std::vector<std::uint8_t>");
  BOOST_TEST(written(std::string("A\xfe\0B", 4)) ==
             "error: result: not UTF-8 at byte 1; send arbitrary bytes as std::vector<std::uint8_t>");
  BOOST_TEST(written(std::string("\x96")) != "\"\x96\"");
  for (std::string text : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xf5\x80\x80\x80", "\x80",
                           "\xe0\x80\xaf", "aaaaaaaaaaaa\xff"}) {
    BOOST_TEST(written(text).starts_with("error: result: not UTF-8 at byte"));
    BOOST_TEST(error_of<std::string>("\"" + text + "\"") != "");
  }
  for (auto json : {R"("\ud800")", R"("\udc00")", R"("\ud800a")", R"("\ud800\ud800")"})
    BOOST_TEST(error_of<std::string>(json) != "", json);
  reads(R"("\ud83d\ude00\u0000")", std::string("\U0001f600\0", 5));
  writes("\"\\\"\\\\\\n\\u0001\U0001f600\"", std::string("\"\\\n\x01\U0001f600"));
  std::string longer(10'000, '\x01');
  reads(written(longer), longer);
}

BOOST_AUTO_TEST_CASE(bytes_are_base64) {
  writes(R"("AQI=")", std::vector<std::uint8_t>{1, 2});
  writes(R"("AQID")", std::array<std::byte, 3>{std::byte{1}, std::byte{2}, std::byte{3}});
  writes(R"("")", std::vector<std::byte>());
  reads("[1,255]", std::vector<std::uint8_t>{1, 255});
  for (auto json :
       {R"("AQI")", R"("AQJ=")", R"("A===")", R"("====")", R"("AQ I=")", R"("AQI=AQI=")", "[256]", "[-1]", "7"})
    BOOST_TEST(error_of<std::vector<std::uint8_t>>(json) != "", json);
  BOOST_TEST((error_of<std::array<std::uint8_t, 3>>(R"("AQI=")")) == "result: 2 bytes given, 3 expected");
}

BOOST_AUTO_TEST_CASE(params_are_a_list_or_the_only_struct) {
  BOOST_TEST(arguments_error<>("") == "");
  BOOST_TEST(arguments_error<>("null") == "");
  BOOST_TEST(arguments_error<>("[]") == "");
  BOOST_TEST(arguments_error<>("{}") == "");
  BOOST_TEST(arguments_error<>(R"({"a":1})") == "arguments: expected a list, got an object");
  BOOST_TEST(arguments_error<>("[1]") == "1 argument given, 0 expected");
  BOOST_TEST(arguments_error<int>("") == "arguments: expected a list, got null");
  BOOST_TEST(arguments_error<int>("7") == "arguments: expected a list, got a number");
  BOOST_TEST(arguments_error<int>("[1,2,3]") == "3 arguments given, 1 expected");
  BOOST_TEST((arguments_error<int, int>("[1,\"a\"]")) == "argument 2: expected a number (int32), got text \"a\"");
  BOOST_TEST(arguments_error<range>(R"({"start":1,"last_of_all":2})") == "");
  BOOST_TEST(arguments_error<range>(R"([{"Start":1,"LastOfAll":2}])") == "");
  BOOST_TEST(arguments_error<range>(R"([{"START":1,"lastofall":2}])") == "");
  BOOST_TEST((arguments_error<std::map<std::string, int>>(R"({"a":1})")) == "");
  BOOST_TEST((arguments_error<range, int>(R"({"start":1,"last_of_all":2})")) ==
             "arguments: expected a list, got an object");
  BOOST_TEST(arguments_error<range>(R"([{"start":1,"last_of_all":2,"more":3}])") == "argument 1: unknown member more");
  BOOST_TEST(arguments_error<range>(R"([{"start":1,"Start":1,"last_of_all":2}])") == "argument 1: member Start twice");
  BOOST_TEST(arguments_error<range>(R"([{"start":1,"start":1}])").find("member start twice") != std::string::npos);
  auto const endless = "{\"" + std::string(1'000'000, 'x') + "\":1}";
  BOOST_TEST(arguments_error<range>(endless).size() < 200u);
  BOOST_TEST(arguments_error<int>("[1").find("not JSON") != std::string::npos);
  BOOST_TEST(arguments_error<int>("[1]]").find("not JSON") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(views_of_json_are_kept_in_the_store) {
  std::tuple<std::string_view, std::span<double const>, std::span<std::byte const>> out;
  dist::value_store store;
  {
    std::string text = R"(["a\u00fc",[1,2.5],"AQI="])";
    BOOST_TEST(dist::decode_arguments(codec::json, dist::as_bytes(text), 64, out, store) == "");
    text.assign(text.size(), 'x');
  }
  auto const [name, numbers, bytes] = out;
  BOOST_TEST(name == "a\u00fc");
  BOOST_TEST((numbers.size() == 2 && numbers[1] == 2.5));
  BOOST_TEST((bytes.size() == 2 && bytes[1] == std::byte{2}));
}

BOOST_AUTO_TEST_CASE(go_spelling_is_written_on_request) {
  BOOST_TEST(dist::go_spelling("check_n") == "CheckN");
  BOOST_TEST(dist::go_spelling("start") == "Start");
  BOOST_TEST(dist::go_spelling("Sum") == "Sum");
  BOOST_TEST(written(range{1, 2}, dist::spelling::go) == R"({"Start":1,"LastOfAll":2})");
  BOOST_TEST(written(collides(), dist::spelling::go) == "error: result: two members have the same Go spelling");
  BOOST_TEST(written(collides()) == R"({"a_b":1,"aB":2})");
}

BOOST_AUTO_TEST_CASE(void_result_is_null_or_true_in_go) {
  for (auto how : {codec::cbor, codec::json}) {
    for (auto names : {dist::spelling::declared, dist::spelling::go}) {
      dist::buffer out;
      int number = 0;
      dist::encode_void(how, names, out);
      auto const* expected = how == codec::cbor ? "\xf6" : names == dist::spelling::go ? "true" : "null";
      BOOST_TEST(out.text() == expected);
      BOOST_TEST(dist::decode_result(how, out.bytes(), 64, number) != "");
    }
  }
}

BOOST_AUTO_TEST_CASE(json_depth_is_limited) {
  for (std::size_t depth : {33u, 64u, 65u, 100u, 10'000u, 1'000'000u}) {
    auto list = std::string(depth, '[') + std::string(depth, ']');
    std::string object;
    for (std::size_t i = 0; i < depth; ++i) object += "{\"a\":";
    for (auto const& json : {list, std::string(depth, '['), object, object + "1" + std::string(depth, '}')}) {
      auto parsed = dist::parse_json(json, 64);
      if (depth > 64)
        BOOST_TEST((parsed.has_error() && parsed.error().code == dist::errc::limit_exceeded));
      else
        BOOST_TEST(parsed.has_value() == (json.back() == ']' || json.back() == '}'));
    }
  }
}

BOOST_AUTO_TEST_CASE(list_is_split_into_the_texts_of_its_elements) {
  std::vector<std::string_view> elements;
  BOOST_TEST((dist::split_json_list("[ ]", elements) && elements.empty()));
  BOOST_TEST((dist::split_json_list(R"([ "a,b" , [2,{"c":"]}\""}],1.50e1 ])", elements) && elements.size() == 3));
  BOOST_TEST(elements.at(0) == R"("a,b")");
  BOOST_TEST(elements.at(1) == R"([2,{"c":"]}\""}])");
  BOOST_TEST(elements.at(2) == "1.50e1");
  for (auto bad : {"", "{}", "[", "[1", "[1,", "[1,]", "[]]", "[\"", "[[]", "[1]x"})
    BOOST_TEST(!dist::split_json_list(bad, elements), bad);
}
