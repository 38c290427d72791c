// RFC 8949's own examples: those of Appendix A are decoded, the malformed ones of Appendix F are rejected.
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>
#include <dist/rpc/detail/codec.hpp>

#include "support/hex.hpp"
#include "values/json.hpp"

namespace {

using dist::codec;
using dist::test::bytes_of;

template <class T>
std::string error_of(std::string_view hex) {
  T out{};
  return dist::decode_result(codec::cbor, bytes_of(hex).bytes(), 64, out);
}

struct point {
  int x = 0;
};
BOOST_DESCRIBE_STRUCT(point, (), (x))

/// {"x": 1, "z": the item}; point has only the member x.
std::string as_unknown_member(std::string_view hex) { return "a2617801617a" + std::string(hex); }

}  // namespace

BOOST_AUTO_TEST_CASE(appendix_a_examples_are_decoded) {
  struct {
    std::string_view hex;
    std::string_view says;  ///< as JSON; base64 for bytes
  } const cases[] = {
      {"00", "0"},
      {"01", "1"},
      {"0a", "10"},
      {"17", "23"},
      {"1818", "24"},
      {"1819", "25"},
      {"1864", "100"},
      {"1903e8", "1000"},
      {"1a000f4240", "1000000"},
      {"1b000000e8d4a51000", "1000000000000"},
      {"1bffffffffffffffff", "18446744073709551615"},
      {"20", "-1"},
      {"29", "-10"},
      {"3863", "-100"},
      {"3903e7", "-1000"},
      {"f90000", "0.0"},
      {"f98000", "-0.0"},
      {"f93c00", "1.0"},
      {"fb3ff199999999999a", "1.1"},
      {"f93e00", "1.5"},
      {"f97bff", "65504.0"},
      {"fa47c35000", "100000.0"},
      {"fa7f7fffff", "3.4028234663852886e+38"},
      {"fb7e37e43c8800759c", "1.0e+300"},
      {"f90001", "5.960464477539063e-8"},
      {"f90400", "0.00006103515625"},
      {"f9c400", "-4.0"},
      {"fbc010666666666666", "-4.1"},
      {"f97c00", "\"Infinity\""},
      {"f97e00", "\"NaN\""},
      {"f9fc00", "\"-Infinity\""},
      {"fa7f800000", "\"Infinity\""},
      {"fa7fc00000", "\"NaN\""},
      {"faff800000", "\"-Infinity\""},
      {"fb7ff0000000000000", "\"Infinity\""},
      {"fb7ff8000000000000", "\"NaN\""},
      {"fbfff0000000000000", "\"-Infinity\""},
      {"f4", "false"},
      {"f5", "true"},
      {"f6", "null"},
      {"f7", "null"},
      {"c074323031332d30332d32315432303a30343a30305a", "\"2013-03-21T20:04:00Z\""},
      {"c11a514b67b0", "1363896240"},
      {"c1fb41d452d9ec200000", "1363896240.5"},
      {"d74401020304", "\"AQIDBA==\""},
      {"d818456449455446", "\"ZElFVEY=\""},
      {"d82076687474703a2f2f7777772e6578616d706c652e636f6d", "\"http://www.example.com\""},
      {"40", "\"\""},
      {"4401020304", "\"AQIDBA==\""},
      {"60", "\"\""},
      {"6161", "\"a\""},
      {"6449455446", "\"IETF\""},
      {"62225c", "\"\\\"\\\\\""},
      {"62c3bc", "\"\u00fc\""},
      {"63e6b0b4", "\"\u6c34\""},
      {"64f0908591", "\"\U00010151\""},
      {"80", "[]"},
      {"83010203", "[1,2,3]"},
      {"8301820203820405", "[1,[2,3],[4,5]]"},
      {"98190102030405060708090a0b0c0d0e0f101112131415161718181819",
       "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]"},
      {"a0", "{}"},
      {"a201020304", "[[1,2],[3,4]]"},
      {"a26161016162820203", R"({"a":1,"b":[2,3]})"},
      {"826161a161626163", R"(["a",{"b":"c"}])"},
      {"a56161614161626142616361436164614461656145", R"({"a":"A","b":"B","c":"C","d":"D","e":"E"})"},
  };
  for (auto const& one : cases) {
    boost::json::value out;
    BOOST_TEST_CONTEXT(one.hex) {
      BOOST_TEST(dist::decode_result(codec::cbor, bytes_of(one.hex).bytes(), 64, out) == "");
      auto const said = dist::parse_json(one.says, 64);
      BOOST_TEST_REQUIRE(said.has_value());
      BOOST_TEST((out == *said), boost::json::serialize(out));
      BOOST_TEST(error_of<point>(as_unknown_member(one.hex)) == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(unsupported_appendix_a_examples_are_rejected_by_name) {
  struct {
    std::string_view hex;
    std::string_view said;
  } const cases[] = {
      {"c249010000000000000000", "an unknown kind of value"},  // bignums
      {"c349010000000000000000", "an unknown kind of value"},
      {"3bffffffffffffffff", "beyond 64 bits"},
      {"f0", "an unknown kind of value"},  // simple values
      {"f8ff", "an unknown kind of value"},
      {"5f42010243030405ff", "indefinite length"},
      {"7f657374726561646d696e67ff", "indefinite length"},
      {"9fff", "indefinite length"},
      {"9f018202039f0405ffff", "indefinite length"},
      {"83018202039f0405ff", "indefinite length"},
      {"bf61610161629f0203ffff", "indefinite length"},
      {"826161bf61626163ff", "indefinite length"},
      {"bf6346756ef563416d7421ff", "indefinite length"},
  };
  for (auto const& one : cases) {
    auto const error = error_of<boost::json::value>(one.hex);
    BOOST_TEST(error.find(one.said) != std::string::npos, one.hex << ": " << error);
  }
  for (auto const* passed_over : {"c249010000000000000000", "3bffffffffffffffff", "f0", "f8ff"})
    BOOST_TEST(error_of<point>(as_unknown_member(passed_over)) == "", passed_over);
}

BOOST_AUTO_TEST_CASE(malformed_appendix_f_examples_are_rejected) {
  std::string_view const cases[] = {
      // the input ends inside a head
      "18", "19", "1a", "1b", "1901", "1a0102", "1b01020304050607", "38", "58", "78", "98", "9a01ff00", "b8", "d8", "f8",
      "f900", "fa0000", "fb000000",
      // strings that are too short
      "41", "61", "5affffffff00", "5bffffffffffffffff010203", "7affffffff00", "7b7fffffffffffffff010203",
      // lists and maps with too few items
      "81", "818181818181818181", "8200", "a1", "a20102", "a100", "a2000000",
      // a tag without content
      "c0",
      // indefinite lengths without an end
      "5f4100", "7f6100", "9f", "9f0102", "bf", "bf01020102", "819f", "9f8000", "9f9f9f9f9fffffffff", "9f819f819f9fffffff",
      // reserved additional information
      "1c", "1d", "1e", "3c", "3d", "3e", "5c", "5d", "5e", "7c", "7d", "7e", "9c", "9d", "9e", "bc", "bd", "be", "dc",
      "dd", "de", "fc", "fd", "fe",
      // simple values below 32 in two bytes
      "f800", "f801", "f818", "f81f",
      // chunks of another kind, or of indefinite length
      "5f00ff", "5f21ff", "5f6100ff", "5f80ff", "5fa0ff", "5fc000ff", "5fe0ff", "7f4100ff", "5f5f4100ffff", "7f7f6100ffff",
      // a break where nothing is open
      "ff", "81ff", "8200ff", "a1ff", "a1ff00", "a100ff", "a20000ff", "9f81ff", "9f829f819f9fffffffff",
      // a map with half an entry
      "bf00ff", "bf000000ff",
      // a length is missing
      "1f", "3f", "df",
  };
  for (auto const hex : cases) {
    BOOST_TEST(error_of<boost::json::value>(hex) != "", hex);
    BOOST_TEST(error_of<int>(hex) != "", hex);
    BOOST_TEST(error_of<std::string>(hex) != "", hex);
    BOOST_TEST(error_of<std::vector<double>>(hex) != "", hex);
    BOOST_TEST(error_of<point>(as_unknown_member(hex)) != "", hex);
  }
}
