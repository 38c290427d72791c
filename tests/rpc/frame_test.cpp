#include <dist/rpc/detail/frame.hpp>

#include <dist/rpc/detail/codec.hpp>

#include <boost/test/unit_test.hpp>

#include <array>

#include "base/hex.hpp"
#include "rpc/frame_support.hpp"

namespace {

using namespace dist;

using header_bytes = std::array<std::byte, frame_header_bytes>;

frame_header full_header() {
  frame_header header;
  header.kind = frame_kind::request;
  header.flags = frame_flags::nested | frame_flags::once;
  header.codec = 1;
  header.method = 0x1234;
  header.payload_bytes = 0x89ABCDEF;
  header.deadline_us = 0xFFFFFFFF;
  header.id = {0xDEADBEEF, 0x80000001};
  return header;
}

header_bytes encoded(frame_header const& header) {
  header_bytes bytes;
  encode(header, bytes.data());
  return bytes;
}

std::string refusal_of(header_bytes const& bytes) {
  frame_header header;
  return decode(bytes.data(), header);
}

}  // namespace

BOOST_AUTO_TEST_CASE(header_is_little_endian_on_every_machine) {
  BOOST_TEST(dist::to_hex(encoded(full_header())) == "d157010409013412efcdab89ffffffffefbeadde01000080");
}

BOOST_AUTO_TEST_CASE(header_round_trips) {
  frame_header back;
  auto const bytes = encoded(full_header());
  BOOST_TEST(decode(bytes.data(), back) == "");
  BOOST_TEST(back.kind == frame_kind::request);
  BOOST_TEST(back.flags == (frame_flags::nested | frame_flags::once));
  BOOST_TEST(back.codec == 1);
  BOOST_TEST(back.method == 0x1234);
  BOOST_TEST(back.payload_bytes == 0x89ABCDEF);
  BOOST_TEST(back.deadline_us == 0xFFFFFFFF);
  BOOST_TEST(back.id == (call_id{0xDEADBEEF, 0x80000001}));
}

BOOST_AUTO_TEST_CASE(every_value_of_a_checked_header_byte_is_accepted_or_rejected) {
  struct row {
    std::size_t at;
    int first_good;
    int last_good;
    std::string_view says;
  };
  constexpr row rows[] = {{0, 0xD1, 0xD1, "D1 57"}, {1, 0x57, 0x57, "D1 57"}, {2, 1, 1, "version"},
                          {3, 1, 10, "kind"},       {4, 0, 255, ""},  // unknown flags are reserved for later versions
                          {5, 0, 1, "codec"}};
  for (auto const& row : rows)
    for (int value = 0; value < 256; ++value) {
      BOOST_TEST_INFO_SCOPE("byte " << row.at << " is " << value);
      auto bytes = encoded(full_header());
      bytes[row.at] = static_cast<std::byte>(value);
      auto const said = refusal_of(bytes);
      if (value >= row.first_good && value <= row.last_good)
        BOOST_TEST(said == "");
      else
        BOOST_TEST(said.find(row.says) != said.npos, said);
    }
}

BOOST_AUTO_TEST_CASE(prefix_round_trips_and_keeps_the_payload_aligned) {
  for (std::size_t length = 1; length <= 255; ++length)
    for (auto const flags : {0, 1, 2, 3, 32, 33, 34, 35}) {
      std::string const name(length, 'm');
      std::string const options(16 * length, 'o');
      buffer bytes;
      put_prefix(bytes, static_cast<std::uint8_t>(flags), {{7, 9}, name, as_bytes(options), 0});
      auto const prefix_bytes = bytes.size();
      bytes.append(as_bytes("arguments"));
      request_prefix prefix;
      BOOST_TEST_REQUIRE(get_prefix(bytes.bytes(), static_cast<std::uint8_t>(flags), prefix) == "");
      BOOST_TEST_REQUIRE(prefix.bytes == prefix_bytes);
      BOOST_TEST_REQUIRE(prefix.bytes % 8 == 0U);
      BOOST_TEST_REQUIRE(prefix.method == (flags & frame_flags::named ? name : std::string()));
      BOOST_TEST_REQUIRE(prefix.parent == (flags & frame_flags::nested ? call_id{7, 9} : call_id{}));
      BOOST_TEST_REQUIRE(as_text(prefix.options) == (flags & frame_flags::options ? options : std::string()));
    }
}

BOOST_AUTO_TEST_CASE(truncated_prefix_is_rejected_at_every_length) {
  constexpr std::uint8_t all = frame_flags::nested | frame_flags::named | frame_flags::options;
  buffer whole;
  put_prefix(whole, all, {{7, 9}, "Arith.sum", as_bytes("options"), 0});
  BOOST_TEST_REQUIRE(whole.size() == 40U);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    BOOST_TEST_INFO_SCOPE(size << " bytes");
    // An exactly sized copy, so that the sanitizer detects a read past its end.
    buffer const cut(whole.bytes().first(size));
    request_prefix prefix;
    BOOST_TEST(get_prefix(cut.bytes(), all, prefix) != "");
  }
}

BOOST_AUTO_TEST_CASE(empty_method_name_is_rejected) {
  std::array<std::byte, 8> const nothing{};
  request_prefix prefix;
  BOOST_TEST(get_prefix(nothing, frame_flags::named, prefix) != "");
}

BOOST_AUTO_TEST_CASE(empty_or_too_long_options_are_rejected) {
  std::string const too_long(most_options_bytes + 1, 'o');
  for (auto const& options : {std::string(), too_long}) {
    buffer bytes;
    put_prefix(bytes, frame_flags::options, {{}, {}, as_bytes(options), 0});
    request_prefix prefix;
    BOOST_TEST(get_prefix(bytes.bytes(), frame_flags::options, prefix) != "");
  }
}

BOOST_AUTO_TEST_CASE(large_frame_hands_over_its_bytes_without_copying) {
  buffer storage(std::string_view("....0123456789"));
  auto const* const first = storage.data();
  frame large(test::header_of(frame_kind::reply), payload(std::move(storage), 4));
  BOOST_TEST(as_text(large.bytes()) == "0123456789");
  auto moved = std::move(large);
  auto const kept = moved.take(8);
  BOOST_TEST(as_text(kept.bytes()) == "89");
  BOOST_TEST(kept.bytes().data() == first + 12);
  auto shown = kept.bytes();
  auto owned = std::move(const_cast<payload&>(kept)).release();
  BOOST_TEST(shown.data() == owned.data() + 12);
}

BOOST_AUTO_TEST_CASE(small_frame_is_copied_so_that_its_array_is_aligned) {
  std::vector<double> const values(8192, 1.5);
  for (auto const flags : {0, 1, 2, 3}) {
    BOOST_TEST_INFO_SCOPE("flags " << flags);
    buffer bytes;
    put_prefix(bytes, static_cast<std::uint8_t>(flags), {{}, "Arith.mean", {}, 0});
    auto const prefix_bytes = bytes.size();
    BOOST_TEST_REQUIRE(encode_arguments(codec::cbor, spelling::declared, bytes, values) == "");
    frame small(test::header_of(frame_kind::request), bytes.bytes());
    auto const kept = small.take(prefix_bytes);
    BOOST_TEST(dist::to_hex(kept.bytes()) == dist::to_hex(bytes.bytes().subspan(prefix_bytes)));
    auto const at = reinterpret_cast<std::uintptr_t>(kept.bytes().data() + large_array_offset);
    BOOST_TEST(at % 8 == 0U);
  }
}
