#include <boost/test/unit_test.hpp>
#include <map>
#include <optional>

#include "base/excerpt.hpp"

using dist::buffer;
using dist::codec;

namespace {

template <class... A>
buffer cbor(A const&... arguments) {
  buffer out;
  BOOST_REQUIRE(dist::encode_arguments(codec::cbor, dist::spelling::declared, out, arguments...).empty());
  return out;
}

std::string shown(buffer const& of, std::size_t most = 100) { return dist::excerpt(codec::cbor, of.bytes(), most); }

}  // namespace

BOOST_AUTO_TEST_CASE(short_values_are_shown_in_full) {
  BOOST_TEST(shown(cbor()) == "[]");
  BOOST_TEST(shown(cbor(1, -1, true, std::string("a\"b"))) == R"([1,-1,true,"a\"b"])");
  BOOST_TEST(shown(cbor(1.5, -0.25F)) == "[1.5,-0.25]");
  BOOST_TEST(shown(cbor(std::vector<double>{1.5, 2.5})) == "[[1.5,2.5]]");
  BOOST_TEST(shown(cbor(std::vector<std::int16_t>{-3, 300})) == "[[-3,300]]");
  BOOST_TEST(shown(cbor(std::map<std::string, int>{{"a", 1}, {"b", 2}})) == R"([{"a":1,"b":2}])");
  BOOST_TEST(shown(cbor(std::optional<int>())) == "[null]");
  BOOST_TEST(shown(cbor(std::vector<std::uint8_t>{1, 2, 255})) == R"(["AQL/"])");
  BOOST_TEST(shown(cbor(INT64_MIN, UINT64_MAX)) == "[-9223372036854775808,18446744073709551615]");
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_between_characters) {
  BOOST_TEST(shown(cbor(std::string(200, 'x')), 10) == "[\"xxxxxxxx…");
  // Never in the middle of a character.
  BOOST_TEST(shown(cbor(std::string("aéé")), 4) == "[\"a…");
  BOOST_TEST(shown(cbor(std::vector<std::string>(50, "word")), 20).size() <= 20 + std::string("…").size());
  BOOST_TEST(shown(cbor(std::vector<int>(1'000'000, 7)), 9) == "[[7,7,7,7…");
  BOOST_TEST(dist::excerpt(codec::json, dist::as_bytes("[1,2]"), 100) == "[1,2]");
  BOOST_TEST(dist::excerpt(codec::json, dist::as_bytes("[1,\n2]"), 4) == "[1, …");
}

BOOST_AUTO_TEST_CASE(truncated_cbor_is_shown_as_far_as_it_goes) {
  auto const all = cbor(std::string("first"), std::vector<double>{1.5, 2.5}, std::map<std::string, int>{{"key", 1000}});
  auto const text = shown(all);
  for (std::size_t size = 0; size < all.size(); ++size) {
    auto part = dist::excerpt(codec::cbor, all.bytes().first(size), 100);
    BOOST_TEST(part.ends_with("…"));
    part.resize(part.size() - std::string("…").size());
    BOOST_TEST(text.starts_with(part));
  }
}

BOOST_AUTO_TEST_CASE(arbitrary_bytes_give_bounded_valid_utf8) {
  for (unsigned first = 0; first < 256; ++first)
    for (unsigned second = 0; second < 256; ++second) {
      std::byte const bytes[] = {std::byte(first), std::byte(second), std::byte{0xFF}, std::byte(second), std::byte{0x80}};
      auto const text = dist::excerpt(codec::cbor, bytes, 30);
      BOOST_TEST_REQUIRE(dist::find_invalid_utf8(text) == text.npos);
      BOOST_TEST_REQUIRE(text.size() <= 33);
    }
  std::string const deep(100'000, '\x81');
  BOOST_TEST(dist::excerpt(codec::cbor, dist::as_bytes(deep), 100) == std::string(17, '[') + "…");
}
