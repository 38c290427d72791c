#include <boost/test/unit_test.hpp>
#include <cmath>
#include <dist/rpc/detail/codec.hpp>
#include <limits>
#include <random>

#include "support/all_kinds.hpp"

namespace {

struct chain {
  int number = 0;
  std::unique_ptr<chain> next;
};
BOOST_DESCRIBE_STRUCT(chain, (), (number, next))

class closed {
 public:
  closed() = default;
  explicit closed(int secret) : secret_(secret) {}
  int secret() const { return secret_; }

 private:
  int secret_ = 0;
  BOOST_DESCRIBE_CLASS(closed, (), (), (), (secret_))
};

using namespace dist::test;
using dist::codec;
using dist::spelling;

/// Values likely to expose errors: limits, zeros, and random ones.
class dice {
 public:
  explicit dice(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }
  template <std::integral T>
  T integer() {
    switch (below(4)) {
      case 0:
        return std::numeric_limits<T>::min();
      case 1:
        return std::numeric_limits<T>::max();
      case 2:
        return static_cast<T>(below(30));
      default:
        return static_cast<T>(random_());
    }
  }
  template <std::floating_point T>
  T floating() {
    using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    auto value = std::bit_cast<T>(static_cast<bits>(random_()));
    if (std::isnan(value)) return std::numeric_limits<T>::infinity();
    return below(4) == 0 ? static_cast<T>(-0.0) : value;
  }
  std::string text() {
    constexpr std::string_view pieces[] = {
        "a", "\"", "\\", "\n", "\u00fc", "\u6c34", "\U0001f600", std::string_view("\0", 1), "long enough for a heap "};
    std::string made;
    for (auto count = below(6); count != 0; --count) made += pieces[below(std::size(pieces))];
    return made;
  }
  tree branch(std::size_t depth) {
    tree made{text(), {}};
    for (auto count = depth == 0 ? 0 : below(3); count != 0; --count) made.children.push_back(branch(depth - 1));
    return made;
  }

  most value() {
    most made;
    made.start = integer<std::int64_t>();
    made.end = integer<std::int64_t>();
    made.flag = below(2) == 0;
    made.small = integer<std::uint8_t>();
    made.large = integer<std::uint64_t>();
    made.single = floating<float>();
    made.exact = floating<double>();
    made.text = text();
    made.shade = static_cast<color>(below(3));
    made.bare = static_cast<plain>(integer<std::uint8_t>());
    if (below(2) == 0) made.maybe = integer<std::int32_t>();
    if (below(4) == 0) made.either = integer<std::int32_t>();
    if (below(4) == 0) made.either = floating<double>();
    if (below(4) == 0) made.either = text();
    made.three = {integer<std::int16_t>(), text(), floating<double>()};
    for (auto& one : made.fixed) one = integer<std::int32_t>();
    for (auto& one : made.four) one = std::byte{integer<std::uint8_t>()};
    for (auto count = below(5); count != 0; --count) {
      made.doubles.push_back(floating<double>());
      made.bits.push_back(below(2) == 0);
      made.deque.push_back(integer<std::int32_t>());
      made.list.push_back(text());
      made.forward.push_front(integer<std::uint16_t>());
      made.set.insert(integer<std::int64_t>());
      made.multiset.insert(text());
      made.by_name[text()] = integer<std::int32_t>();
      made.by_number[integer<std::int32_t>()] = text();
      made.multimap.emplace(text(), integer<std::int32_t>());
      made.by_color[static_cast<color>(below(3))] = floating<double>();
      made.raw.push_back(integer<std::uint8_t>());
    }
    made.pause = std::chrono::milliseconds(integer<std::int64_t>());
    made.complex = {floating<double>(), floating<double>()};
    made.branch = branch(4);
    return made;
  }

 private:
  std::mt19937_64 random_;
};

constexpr std::pair<codec, spelling> forms[] = {{codec::cbor, spelling::declared},
                                                {codec::cbor, spelling::go},
                                                {codec::json, spelling::declared},
                                                {codec::json, spelling::go}};

}  // namespace

BOOST_AUTO_TEST_CASE(all_supported_kinds_round_trip) {
  dice random(1);
  for (int round = 0; round < 300; ++round) {
    auto const value = random.value();
    dist::buffer first;
    BOOST_REQUIRE_EQUAL(dist::encode_result(codec::cbor, spelling::declared, first, value), "");
    for (auto [how, names] : forms) {
      dist::buffer bytes;
      BOOST_REQUIRE_EQUAL(dist::encode_result(how, names, bytes, value), "");
      most back;
      BOOST_REQUIRE_EQUAL(dist::decode_result(how, bytes.bytes(), 64, back), "");
      BOOST_REQUIRE(back == value);
      // Equal values may differ in bits (-0.0); their encoding does not.
      dist::buffer again;
      back.by_number = value.by_number;  // its order is unspecified
      BOOST_REQUIRE_EQUAL(dist::encode_result(codec::cbor, spelling::declared, again, back), "");
      BOOST_REQUIRE(again.text() == first.text());
    }
  }
}

BOOST_AUTO_TEST_CASE(truncated_values_are_errors) {
  auto const value = dice(2).value();
  for (auto [how, names] : forms) {
    dist::buffer bytes;
    BOOST_REQUIRE_EQUAL(dist::encode_result(how, names, bytes, value), "");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // An exactly sized copy, so that the sanitizer detects a read past the end.
      std::vector<std::byte> const part(bytes.data(), bytes.data() + size);
      most back;
      BOOST_TEST(dist::decode_result(how, part, 64, back) != "");
    }
  }
}

BOOST_AUTO_TEST_CASE(corrupted_values_never_crash) {
  dice random(3);
  for (int round = 0; round < 30; ++round) {
    auto const value = random.value();
    for (auto [how, names] : forms) {
      dist::buffer bytes;
      BOOST_REQUIRE_EQUAL(dist::encode_result(how, names, bytes, value), "");
      for (int flip = 0; flip < 200; ++flip) {
        std::vector<std::byte> damaged(bytes.data(), bytes.data() + bytes.size());
        for (auto count = 1 + random.below(3); count != 0; --count)
          damaged[random.below(damaged.size())] ^= static_cast<std::byte>(1u << random.below(8));
        most back;
        // A damaged value that is still accepted must round-trip like any other.
        if (dist::decode_result(how, damaged, 64, back).empty()) {
          dist::buffer again;
          BOOST_TEST(dist::encode_result(codec::cbor, spelling::declared, again, back) == "");
        }
        dist::buffer other;
        dist::transcode(how, damaged, 64, how == codec::cbor ? codec::json : codec::cbor, other);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(arguments_are_sent_as_one_list) {
  for (auto how : {codec::cbor, codec::json}) {
    dist::buffer bytes(std::string_view("head"));
    BOOST_TEST(dist::encode_arguments(how, spelling::declared, bytes, std::int64_t{-1}, 2.5, std::string("three"),
                                      range{4, 5}) == "");
    auto const payload = bytes.bytes().subspan(4);
    std::tuple<std::int64_t, double, std::string, range> out;
    dist::value_store store;
    BOOST_TEST(dist::decode_arguments(how, payload, 64, out, store) == "");
    BOOST_TEST((out == std::tuple<std::int64_t, double, std::string, range>(-1, 2.5, "three", {4, 5})));

    std::tuple<std::int64_t> fewer;
    BOOST_TEST(dist::decode_arguments(how, payload, 64, fewer, store) == "4 arguments given, 1 expected");
    std::tuple<std::int64_t, double, double, range> other;
    BOOST_TEST(dist::decode_arguments(how, payload, 64, other, store) == "argument 3: expected a number (double), got text \"three\"");
  }
}

BOOST_AUTO_TEST_CASE(views_point_into_received_cbor) {
  dist::buffer bytes;
  BOOST_TEST(dist::encode_arguments(codec::cbor, spelling::declared, bytes, std::string("name"),
                                    std::vector<std::uint8_t>{1, 2}) == "");
  std::tuple<std::string_view, std::span<std::uint8_t const>> out;
  dist::value_store store;
  BOOST_TEST(dist::decode_arguments(codec::cbor, bytes.bytes(), 64, out, store) == "");
  auto inside = [&](void const* at) { return at >= bytes.data() && at < bytes.data() + bytes.size(); };
  BOOST_TEST(std::get<0>(out) == "name");
  BOOST_TEST(inside(std::get<0>(out).data()));
  BOOST_TEST(inside(std::get<1>(out).data()));
  // A view that cannot point into the input is kept in the store.
  bytes.clear();
  std::vector<std::string> const words{"a", "b"};
  BOOST_TEST(dist::encode_arguments(codec::cbor, spelling::declared, bytes, words) == "");
  std::tuple<std::span<std::string const>> kept;
  BOOST_TEST(dist::decode_arguments(codec::cbor, bytes.bytes(), 64, kept, store) == "");
  BOOST_TEST((std::get<0>(kept).size() == 2 && std::get<0>(kept)[1] == "b"));
}

BOOST_AUTO_TEST_CASE(enumerators_are_sent_by_name) {
  dist::buffer bytes;
  BOOST_TEST(dist::encode_result(codec::json, spelling::declared, bytes, color::green) == "");
  BOOST_TEST(bytes.text() == "\"green\"");
  color back{};
  BOOST_TEST(dist::decode_result(codec::json, dist::as_bytes("\"mauve\""), 64, back) ==
             "result: unknown enumerator mauve");
  BOOST_TEST(dist::decode_result(codec::json, dist::as_bytes("2"), 64, back) == "");
  BOOST_TEST((back == color::blue));
  BOOST_TEST(dist::decode_result(codec::json, dist::as_bytes("3"), 64, back) == "result: unknown enumerator 3");
  BOOST_TEST(dist::encode_result(codec::json, spelling::declared, bytes, static_cast<color>(7)) ==
             "result: the enumerator 7 has no name");
}

BOOST_AUTO_TEST_CASE(private_members_and_unique_pointers_are_sent) {
  dist::buffer bytes;
  chain const value{1, std::make_unique<chain>(chain{2, nullptr})};
  BOOST_TEST(dist::encode_result(codec::json, spelling::declared, bytes, value) == "");
  BOOST_TEST(bytes.text() == R"({"number":1,"next":{"number":2,"next":null}})");
  chain back;
  BOOST_TEST(dist::decode_result(codec::json, bytes.bytes(), 64, back) == "");
  BOOST_TEST((back.next && back.next->number == 2 && !back.next->next));
  bytes.clear();
  BOOST_TEST(dist::encode_result(codec::json, spelling::declared, bytes, closed(3)) == "");
  closed opened(0);
  BOOST_TEST(dist::decode_result(codec::json, bytes.bytes(), 64, opened) == "");
  BOOST_TEST(opened.secret() == 3);
}
