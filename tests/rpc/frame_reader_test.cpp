#include <dist/rpc/detail/large_blocks.hpp>

#include <dist/rpc/detail/codec.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <numeric>

#include "rpc/frame_support.hpp"
#include "wire/frame_reader.hpp"

namespace {

using namespace dist;
using namespace dist::test;

constexpr std::size_t plenty = std::size_t{1} << 30;

std::string pattern(std::size_t bytes, unsigned seed) {
  std::string text(bytes, '\0');
  for (auto& c : text) c = static_cast<char>(seed = seed * 1664525 + 1013904223);
  return text;
}

struct sent {
  frame_header header;
  std::string payload;
};

std::string stream_of(std::vector<sent> const& frames) {
  std::string text;
  for (auto const& each : frames) text += frame_text(each.header, each.payload);
  return text;
}

void expect_same(std::vector<seen_frame> const& got, std::vector<sent> const& wanted) {
  BOOST_TEST_REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    BOOST_TEST(got[i].header.kind == wanted[i].header.kind);
    BOOST_TEST(got[i].header.id == wanted[i].header.id);
    BOOST_TEST((got[i].payload == wanted[i].payload), "payload of frame " << i);
  }
}

std::vector<sent> small_frames() {
  return {{header_of(frame_kind::beat, {3, 0}), ""},
          {header_of(frame_kind::request, {0, 1}), "x"},
          {header_of(frame_kind::reply, {1, 2}), pattern(7, 1)},
          {header_of(frame_kind::cancel, {2, 3}), ""},
          {header_of(frame_kind::goodbye), "drained"}};
}

/// Sizes around every bound of the reader.
std::vector<sent> mixed_frames() {
  std::vector<sent> frames;
  unsigned seed = 0;
  for (std::size_t const around :
       {std::size_t{16} << 10, std::size_t{64} << 10, std::size_t{256} << 10, std::size_t{1} << 20})
    for (int const off : {-25, -24, -1, 0, 1, 24})
      frames.push_back(
          {header_of(frame_kind::reply, {seed, 1}), pattern(around + static_cast<std::size_t>(off), ++seed)});
  frames.push_back({header_of(frame_kind::beat), ""});
  return frames;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_split_of_a_stream_gives_the_same_frames) {
  auto const frames = small_frames();
  auto const bytes = stream_of(frames);
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    BOOST_TEST_INFO_SCOPE("split at " << first);
    frame_reader reader(plenty);
    auto got = read_all(reader, std::string_view(bytes).substr(0, first), bytes.size());
    auto const rest = read_all(reader, std::string_view(bytes).substr(first), bytes.size());
    got.insert(got.end(), rest.begin(), rest.end());
    expect_same(got, frames);
    BOOST_TEST(!reader.in_frame());
  }
}

BOOST_AUTO_TEST_CASE(pieces_of_any_size_give_the_same_frames) {
  auto const frames = mixed_frames();
  auto const bytes = stream_of(frames);
  for (std::size_t const piece :
       {std::size_t{1}, std::size_t{7}, std::size_t{4096}, std::size_t{65'537}, bytes.size()}) {
    BOOST_TEST_INFO_SCOPE("pieces of " << piece);
    frame_reader reader(plenty);
    expect_same(read_all(reader, bytes, piece), frames);
    BOOST_TEST(reader.problem() == "");
    BOOST_TEST(!reader.in_frame());
  }
}

BOOST_AUTO_TEST_CASE(frames_of_one_read_stay_valid_together) {
  frame_reader reader(plenty);
  auto const frames = small_frames();
  auto const bytes = stream_of(frames);
  auto const room = reader.prepare();
  BOOST_TEST_REQUIRE(room.size() >= bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  reader.commit(bytes.size());
  std::vector<frame> held;
  while (auto next = reader.next()) held.push_back(std::move(*next));
  BOOST_TEST_REQUIRE(held.size() == frames.size());
  for (std::size_t i = 0; i < held.size(); ++i) BOOST_TEST(as_text(held[i].bytes()) == frames[i].payload);
}

BOOST_AUTO_TEST_CASE(frame_may_outlive_its_reader) {
  for (std::size_t const size : {10, 60'000, 200'000}) {
    payload kept;
    auto const content = pattern(size, 3);
    {
      frame_reader reader(plenty);
      std::string_view bytes;
      auto const text = frame_text(header_of(frame_kind::reply), content);
      for (bytes = text; !bytes.empty();) {
        auto const room = reader.prepare();
        auto const count = std::min({room.size(), bytes.size(), std::size_t{5000}});
        std::memcpy(room.data(), bytes.data(), count);
        reader.commit(count);
        bytes.remove_prefix(count);
        if (auto next = reader.next()) kept = next->take(2);
      }
    }
    BOOST_TEST((as_text(kept.bytes()) == std::string_view(content).substr(2)));
  }
}

BOOST_AUTO_TEST_CASE(in_frame_is_true_only_inside_a_frame) {
  for (std::size_t const size : {0, 3, 70'000, 2'000'000}) {
    auto const bytes = frame_text(header_of(frame_kind::reply), pattern(size, 4));
    frame_reader reader(plenty);
    BOOST_TEST(!reader.in_frame());
    std::size_t at = 0;
    for (std::size_t const piece :
         {std::size_t{1}, frame_header_bytes - 2, std::size_t{1}, size / 2, size - size / 2}) {
      BOOST_TEST(reader.in_frame() == (at != 0 && at != bytes.size()));
      read_all(reader, std::string_view(bytes).substr(at, piece), piece == 0 ? 1 : piece);
      at += piece;
    }
    BOOST_TEST_REQUIRE(at == bytes.size());
    BOOST_TEST(!reader.in_frame());
  }
}

BOOST_AUTO_TEST_CASE(garbage_is_a_permanent_error) {
  struct row {
    std::string_view bytes;
    std::string_view says;
  };
  using namespace std::string_view_literals;
  constexpr row rows[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n"sv, "not a dist/1 frame"},
      {"\xD1\x58\x01\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv, "not a dist/1 frame"},
      {"\xD1\x57\x02\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv, "version 2, expected 1"},
      {"\xD1\x57\x01\x0B\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv, "unknown kind 11"},
      {"\xD1\x57\x01\x00\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv, "unknown kind 0"},
      {"\xD1\x57\x01\x04\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv, "unknown codec 2"},
  };
  for (auto const& row : rows) {
    frame_reader reader(plenty);
    auto const good = frame_text(header_of(frame_kind::beat));
    auto const got = read_all(reader, good + std::string(row.bytes) + good, 1000);
    BOOST_TEST(got.size() == 1U);
    BOOST_TEST(reader.problem().find(row.says) != std::string::npos, reader.problem());
    BOOST_TEST(reader.problem_code() == errc::protocol_error);
    BOOST_TEST(!reader.next());
  }
}

BOOST_AUTO_TEST_CASE(oversized_frame_is_rejected_by_its_header) {
  for (std::size_t const limit : {std::size_t{0}, std::size_t{100}, std::size_t{100'000}}) {
    frame_reader reader(limit);
    expect_same(read_all(reader, frame_text(header_of(frame_kind::reply), pattern(limit, 5)), 999),
                {{header_of(frame_kind::reply), pattern(limit, 5)}});
    auto header = header_of(frame_kind::reply);
    auto text = frame_text(header, pattern(limit + 1, 5));
    read_all(reader, std::string_view(text).substr(0, frame_header_bytes), 5);
    BOOST_TEST(reader.problem() == "a frame of " + std::to_string(limit + 1) + " bytes; the limit (frame_bytes) is " +
                                       std::to_string(limit));
    BOOST_TEST(reader.problem_code() == errc::limit_exceeded);
  }
}

BOOST_AUTO_TEST_CASE(new_limit_applies_to_the_next_frame) {
  frame_reader reader(10);
  read_all(reader, frame_text(header_of(frame_kind::hello), "0123456789"), 100);
  reader.set_limit(1000);
  expect_same(read_all(reader, frame_text(header_of(frame_kind::reply), pattern(1000, 6)), 100),
              {{header_of(frame_kind::reply), pattern(1000, 6)}});
}

BOOST_AUTO_TEST_CASE(announced_length_allocates_nothing_before_its_bytes_arrive) {
  // Kept blocks of earlier cases would be reused at no cost.
  for (int beat = 0; beat < 2; ++beat) dist::large_blocks::return_unused();
  frame_reader reader(0xFFFF'FFFF);
  auto header = header_of(frame_kind::reply);
  std::string start(frame_header_bytes, '\0');
  header.payload_bytes = 0xFFFF'FFFF;
  encode(header, reinterpret_cast<std::byte*>(start.data()));
  read_all(reader, start + "few", 10);
  BOOST_TEST(reader.in_frame());
  BOOST_TEST(reader.held_bytes() < 64U * 1024);
  std::size_t given = 3;
  // The buffer grows with the bytes received: to at most twice as much, after a first step of 1 MiB.
  for (int i = 0; i < 40; ++i) {
    auto const room = reader.prepare();
    BOOST_TEST_REQUIRE(room.size() <= 256U * 1024);
    std::memset(room.data(), 0, room.size());
    reader.commit(room.size());
    given += room.size();
    BOOST_TEST(!reader.next());
    BOOST_TEST_REQUIRE(reader.held_bytes() <= std::max<std::size_t>(2 * given, 1 << 20) + (256U << 10));
  }
}

BOOST_AUTO_TEST_CASE(buffer_does_not_grow_with_many_small_frames) {
  // A megabyte of small frames arrives at once, then nothing; the memory is not kept.
  frame_reader reader(plenty);
  std::string bytes;
  for (int i = 0; i < 10'000; ++i) bytes += frame_text(header_of(frame_kind::reply), pattern(100, 1));
  BOOST_TEST(read_all(reader, bytes, bytes.size()).size() == 10'000U);
  BOOST_TEST(reader.held_bytes() <= 512U * 1024);
}

BOOST_AUTO_TEST_CASE(byte_by_byte_input_costs_linear_time) {
  // 60 kB byte by byte: moving all received bytes with every byte would be a thousand times the work.
  frame_reader reader(plenty);
  auto const bytes = frame_text(header_of(frame_kind::reply), pattern(60'000, 8));
  std::size_t moved = 0;
  auto const* last = reader.prepare().data();
  for (auto const& byte : bytes) {
    auto const room = reader.prepare();
    if (room.data() < last) ++moved;
    room[0] = static_cast<std::byte>(byte);
    reader.commit(1);
    last = room.data() + 1;
  }
  BOOST_TEST(moved <= 3U);
  BOOST_TEST(reader.next().has_value());
}

BOOST_AUTO_TEST_CASE(large_array_is_aligned_with_and_without_prefix) {
  std::vector<double> values(200'000);
  std::iota(values.begin(), values.end(), 0.5);
  for (auto const flags : {0, 1, 2, 3})
    for (std::size_t const piece : {std::size_t{997}, std::size_t{16'384}, plenty}) {
      BOOST_TEST_INFO_SCOPE("flags " << flags << ", pieces of " << piece);
      buffer bytes;
      put_prefix(bytes, static_cast<std::uint8_t>(flags), {{}, "Arith.mean", {}, 0});
      auto const prefix_bytes = bytes.size();
      BOOST_TEST_REQUIRE(encode_arguments(codec::cbor, spelling::declared, bytes, values) == "");
      auto header = header_of(frame_kind::request);
      header.flags = static_cast<std::uint8_t>(flags);
      auto const text = frame_text(header, bytes.text());
      frame_reader reader(plenty);
      std::optional<payload> kept;
      for (std::string_view rest = text; !rest.empty();) {
        auto const room = reader.prepare();
        auto const count = std::min({room.size(), rest.size(), piece});
        std::memcpy(room.data(), rest.data(), count);
        reader.commit(count);
        rest.remove_prefix(count);
        if (auto next = reader.next()) kept = next->take(prefix_bytes);
      }
      BOOST_TEST_REQUIRE(kept.has_value());
      std::tuple<std::span<double const>> arguments;
      value_store store;
      BOOST_TEST_REQUIRE(decode_arguments(codec::cbor, kept->bytes(), 64, arguments, store) == "");
      auto const view = std::get<0>(arguments);
      auto const* const data = reinterpret_cast<std::byte const*>(view.data());
      BOOST_TEST(data == kept->bytes().data() + large_array_offset);
      BOOST_TEST(reinterpret_cast<std::uintptr_t>(data) % 8 == 0U);
      BOOST_TEST((std::equal(view.begin(), view.end(), values.begin(), values.end())));
    }
}

BOOST_AUTO_TEST_CASE(payload_that_can_never_fit_is_dropped_and_the_next_frame_is_read) {
  for (std::size_t const step : {std::size_t{1'000}, std::size_t{1} << 20}) {
    memory_budget budget(1'000'000);
    frame_reader reader(plenty, "frame_bytes", &budget);
    auto const text = frame_text(header_of(frame_kind::reply, {7, 1}), pattern(800'000, 1)) +
                      frame_text(header_of(frame_kind::beat, {3, 0}), "");
    std::vector<frame_header> seen;
    std::vector<bool> dropped;
    for (std::size_t used = 0; used < text.size();) {
      auto const room = reader.prepare();
      auto const count = std::min({room.size(), text.size() - used, step});
      std::memcpy(room.data(), text.data() + used, count);
      reader.commit(count);
      used += count;
      BOOST_TEST(reader.held_bytes() < 600'000U);
      while (auto const next = reader.next()) {
        seen.push_back(next->header());
        dropped.push_back(next->is_dropped());
      }
    }
    BOOST_TEST(reader.problem() == "");
    BOOST_TEST_REQUIRE(seen.size() == 2U);
    BOOST_TEST((seen[0].id == call_id{7, 1}));
    BOOST_TEST(seen[0].payload_bytes == 800'000U);
    BOOST_TEST(dropped[0]);
    BOOST_TEST(!dropped[1]);
    BOOST_TEST(budget.held_bytes() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(payload_that_waits_for_memory_is_reported) {
  memory_budget budget(4'000'000);
  memory_share others(&budget);
  frame_reader reader(plenty, "frame_bytes", &budget);
  auto const text = frame_text(header_of(frame_kind::reply, {7, 1}), pattern(2'000'000, 1));
  auto const feed = [&](std::size_t from, std::size_t count) {
    for (auto const to = from + count; from < to;) {
      auto const room = reader.prepare();
      auto const piece = std::min(room.size(), to - from);
      std::memcpy(room.data(), text.data() + from, piece);
      reader.commit(piece);
      from += piece;
      if (from < text.size()) BOOST_TEST(!reader.next());
    }
  };
  others.set(1'500'000);
  feed(0, 10'000);
  BOOST_TEST(reader.wants_room());
  others.set(0);
  BOOST_TEST(!reader.wants_room());
  feed(10'000, text.size() - 10'000);
  auto const whole = reader.next();
  BOOST_TEST_REQUIRE(whole.has_value());
  BOOST_TEST(!whole->is_dropped());
  BOOST_TEST((whole->bytes().size() == 2'000'000U));
}
