#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/service_list.hpp>

#include <boost/test/unit_test.hpp>
#include <numeric>

#include "wire/frame_reader.hpp"
#include "wire/outbox.hpp"

// Our own code copies a large array once in each direction: an argument into its request, a result out of its reply.
// Everywhere else the bytes are used in place.

namespace {

constexpr std::size_t count = 300'000;

void const* made_at = nullptr;
void const* seen_at = nullptr;

struct Numbers {
  std::vector<double> make() const {
    std::vector<double> made(count, 0.5);
    made_at = made.data();
    return made;
  }
  std::vector<std::uint8_t> image() const {
    std::vector<std::uint8_t> made(count, 7);
    made_at = made.data();
    return made;
  }
  double sum(std::span<double const> values) const {
    seen_at = values.data();
    return std::accumulate(values.begin(), values.end(), 0.0);
  }
};
BOOST_DESCRIBE_STRUCT(Numbers, (), (make, image, sum))

dist::frame_header header_of(dist::frame_kind kind) {
  dist::frame_header header;
  header.kind = kind;
  return header;
}

dist::outcome run(char const* method, dist::invocation what) {
  static auto table = dist::services<Numbers>().make();
  dist::outcome out;
  auto const index = table.find(method).value();
  BOOST_TEST_REQUIRE(table.try_run_here(index, what, out));
  BOOST_TEST_REQUIRE(!out.error.has_value());
  return out;
}

dist::invocation call_of(dist::buffer arguments) {
  dist::invocation what;
  what.storage = std::move(arguments);
  what.arguments = what.storage.bytes();
  return what;
}

dist::invocation without_arguments() {
  dist::buffer none;
  BOOST_TEST_REQUIRE(dist::encode_arguments(dist::codec::cbor, {}, none) == "");
  return call_of(std::move(none));
}

}  // namespace

template <>
inline constexpr bool dist::brief<&Numbers::make> = true;
template <>
inline constexpr bool dist::brief<&Numbers::image> = true;
template <>
inline constexpr bool dist::brief<&Numbers::sum> = true;

BOOST_AUTO_TEST_CASE(large_result_is_sent_from_where_the_method_made_it) {
  auto const out = run("Numbers.make", without_arguments());
  BOOST_TEST(static_cast<void const*>(out.tail.data()) == made_at);
  dist::outbox box;
  box.put(header_of(dist::frame_kind::reply), out.payload.bytes(), out.tail, out.keep);
  auto const leaving = box.take();
  BOOST_TEST(leaving.back().data() == made_at);

  std::vector<std::byte> whole(out.payload.bytes().begin(), out.payload.bytes().end());
  whole.insert(whole.end(), out.tail.begin(), out.tail.end());
  std::vector<double> back;
  BOOST_TEST(dist::decode_result(dist::codec::cbor, whole, 64, back) == "");
  BOOST_TEST((back == std::vector<double>(count, 0.5)));
}

BOOST_AUTO_TEST_CASE(large_bytes_are_sent_from_where_the_method_made_them) {
  auto const out = run("Numbers.image", without_arguments());
  BOOST_TEST(static_cast<void const*>(out.tail.data()) == made_at);
}

BOOST_AUTO_TEST_CASE(large_json_result_is_sent_as_text) {
  auto what = without_arguments();
  what.codec = dist::codec::json;
  what.arguments = dist::as_bytes("[]");
  auto const out = run("Numbers.make", std::move(what));
  BOOST_TEST(out.tail.empty());
  BOOST_TEST(out.payload.text().starts_with("[0.5,"));
}

BOOST_AUTO_TEST_CASE(large_argument_is_read_where_it_was_received) {
  std::vector<double> const values(count, 0.25);
  dist::buffer arguments;
  BOOST_TEST_REQUIRE(dist::encode_arguments(dist::codec::cbor, {}, arguments, values) == "");
  dist::outbox box;
  box.put(header_of(dist::frame_kind::request), {}, arguments.bytes(), std::make_shared<int>());
  auto const leaving = box.take();
  BOOST_TEST(leaving.back().data() == static_cast<void const*>(arguments.data()));

  // The part that arrived with the header is moved once, to where the rest is read.
  dist::frame_reader reader(16 * count);
  std::vector<std::byte> wire;
  for (auto const& part : leaving)
    wire.insert(wire.end(), static_cast<std::byte const*>(part.data()),
                static_cast<std::byte const*>(part.data()) + part.size());
  std::byte const* last_room = nullptr;
  std::optional<dist::frame> got;
  for (std::span<std::byte const> rest = wire; !rest.empty(); got = reader.next()) {
    auto const room = reader.prepare();
    auto const now = std::min(room.size(), rest.size());
    std::memcpy(room.data(), rest.data(), now);
    last_room = room.data() + now;
    reader.commit(now);
    rest = rest.subspan(now);
  }
  BOOST_TEST_REQUIRE(got.has_value());
  auto const kept = got->take();
  BOOST_TEST(kept.bytes().data() + kept.bytes().size() == last_room);

  dist::invocation what;
  what.arguments = kept.bytes();
  auto const out = run("Numbers.sum", std::move(what));
  BOOST_TEST(seen_at == static_cast<void const*>(kept.bytes().data() + dist::large_array_offset));
}
