#include <boost/test/unit_test.hpp>

#include "rpc/frame_support.hpp"
#include "wire/outbox.hpp"

namespace {

using namespace dist;
using namespace dist::test;

std::string text_of(std::span<asio::const_buffer const> buffers) {
  std::string text;
  for (auto const& each : buffers) text.append(static_cast<char const*>(each.data()), each.size());
  return text;
}

std::shared_ptr<std::string const> large_text(char of, std::size_t bytes = 100'000) {
  return std::make_shared<std::string const>(bytes, of);
}

void put_kept(outbox& out, frame_header header, std::shared_ptr<std::string const> const& text,
              std::string_view prefix = {}) {
  out.put(header, as_bytes(prefix), as_bytes(*text), text);
}

}  // namespace

BOOST_AUTO_TEST_CASE(empty_outbox_gives_nothing) {
  outbox out;
  BOOST_TEST(out.empty());
  BOOST_TEST(out.held_bytes() == 0U);
  BOOST_TEST(out.take().empty());
  out.wrote_all();
  BOOST_TEST(out.empty());
}

BOOST_AUTO_TEST_CASE(small_frames_are_sent_as_one_run_of_bytes) {
  outbox out;
  std::string wanted;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    auto const header = header_of(frame_kind::reply, {i, 1});
    out.put(header, as_bytes("payload"));
    wanted += frame_text(header, "payload");
  }
  out.put(header_of(frame_kind::beat));
  wanted += frame_text(header_of(frame_kind::beat));
  auto const header = header_of(frame_kind::request);
  out.put(header, as_bytes("prefix, "), as_bytes("arguments"));
  wanted += frame_text(header, "prefix, arguments");
  BOOST_TEST(out.held_bytes() == wanted.size());
  auto const& gathered = out.take();
  BOOST_TEST(gathered.size() == 1U);
  BOOST_TEST((text_of(gathered) == wanted));
  BOOST_TEST(out.empty());
  BOOST_TEST(out.held_bytes() == wanted.size());
  out.wrote_all();
  BOOST_TEST(out.held_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(frame_counts_as_begun_from_its_first_written_byte) {
  outbox out;
  out.put(header_of(frame_kind::request, {1, 1}));
  auto const first = out.last_begin();
  put_kept(out, header_of(frame_kind::request, {2, 1}), large_text('a'));
  auto const second = out.last_begin();
  out.take();
  BOOST_TEST(out.written_bytes() < first);
  out.wrote(frame_header_bytes);
  BOOST_TEST(first <= out.written_bytes());
  BOOST_TEST(out.written_bytes() < second);
  out.put(header_of(frame_kind::request, {3, 1}));
  auto const third = out.last_begin();
  out.wrote(1);
  BOOST_TEST(second <= out.written_bytes());
  out.wrote(frame_header_bytes - 1 + 100'000);
  BOOST_TEST(out.written_bytes() < third);
  out.take();
  out.wrote(1);
  BOOST_TEST(third <= out.written_bytes());
}

BOOST_AUTO_TEST_CASE(large_payload_is_released_after_its_last_byte) {
  outbox out;
  auto text = large_text('a');
  std::weak_ptr<std::string const> const watched = text;
  put_kept(out, header_of(frame_kind::reply), std::exchange(text, nullptr));
  put_kept(out, header_of(frame_kind::reply), large_text('b'));
  out.take();
  out.wrote(frame_header_bytes + 99'999);
  BOOST_TEST(!watched.expired());
  out.wrote(1);
  BOOST_TEST(watched.expired());
  BOOST_TEST(out.held_bytes() == frame_header_bytes + 100'000);
}

BOOST_AUTO_TEST_CASE(large_payloads_are_not_copied_and_stay_in_order) {
  outbox out;
  auto const a = large_text('a');
  auto const b = large_text('b');
  put_kept(out, header_of(frame_kind::reply, {1, 1}), a);
  put_kept(out, header_of(frame_kind::request, {2, 1}), b, "prefix!!");
  out.put(header_of(frame_kind::cancel, {3, 1}));
  auto const& gathered = out.take();
  BOOST_TEST_REQUIRE(gathered.size() == 5U);
  BOOST_TEST(gathered[1].data() == a->data());
  BOOST_TEST(gathered[3].data() == b->data());
  BOOST_TEST((text_of(gathered) == frame_text(header_of(frame_kind::reply, {1, 1}), *a) +
                                       frame_text(header_of(frame_kind::request, {2, 1}), "prefix!!" + *b) +
                                       frame_text(header_of(frame_kind::cancel, {3, 1}))));
}

BOOST_AUTO_TEST_CASE(large_payload_is_kept_until_it_is_written) {
  outbox out;
  auto text = large_text('a');
  std::weak_ptr<std::string const> const watched = text;
  put_kept(out, header_of(frame_kind::reply), text);
  text.reset();
  BOOST_TEST(!watched.expired());
  out.take();
  BOOST_TEST(!watched.expired());
  out.wrote_all();
  BOOST_TEST(watched.expired());
}

BOOST_AUTO_TEST_CASE(small_payload_is_not_kept) {
  outbox out;
  auto text = large_text('a', outbox_copy_bytes);
  std::weak_ptr<std::string const> const watched = text;
  put_kept(out, header_of(frame_kind::reply), text);
  text.reset();
  BOOST_TEST(watched.expired());
  BOOST_TEST((text_of(out.take()) == frame_text(header_of(frame_kind::reply), std::string(outbox_copy_bytes, 'a'))));
}

BOOST_AUTO_TEST_CASE(payload_that_outlives_the_outbox_needs_no_owner) {
  outbox out;
  std::string const text(100'000, 's');
  out.put(header_of(frame_kind::reply), {}, as_bytes(text), nullptr);
  out.put(header_of(frame_kind::beat));
  auto const& gathered = out.take();
  BOOST_TEST_REQUIRE(gathered.size() == 3U);
  BOOST_TEST(gathered[1].data() == text.data());
  BOOST_TEST(
      (text_of(gathered) == frame_text(header_of(frame_kind::reply), text) + frame_text(header_of(frame_kind::beat))));
}

BOOST_AUTO_TEST_CASE(buffer_is_moved_in_without_copying) {
  outbox out;
  buffer large(std::string_view(*large_text('x')));
  auto const* const data = large.data();
  out.put(header_of(frame_kind::reply, {1, 1}), std::move(large));
  out.put(header_of(frame_kind::reply, {2, 1}), buffer(std::string_view("small")));
  auto const& gathered = out.take();
  BOOST_TEST_REQUIRE(gathered.size() == 3U);
  BOOST_TEST(gathered[1].data() == data);
  BOOST_TEST((text_of(gathered) == frame_text(header_of(frame_kind::reply, {1, 1}), *large_text('x')) +
                                       frame_text(header_of(frame_kind::reply, {2, 1}), "small")));
}

BOOST_AUTO_TEST_CASE(frames_put_during_a_write_are_sent_with_the_next) {
  outbox out;
  auto const first = header_of(frame_kind::reply, {1, 1});
  auto const second = header_of(frame_kind::reply, {2, 1});
  out.put(first, as_bytes("one"));
  auto const leaving = text_of(out.take());
  out.put(second, as_bytes("two"));
  BOOST_TEST(!out.empty());
  BOOST_TEST(out.held_bytes() == 2 * (frame_header_bytes + 3));
  BOOST_TEST(leaving == frame_text(first, "one"));
  out.wrote_all();
  BOOST_TEST(out.held_bytes() == frame_header_bytes + 3);
  BOOST_TEST(text_of(out.take()) == frame_text(second, "two"));
}

BOOST_AUTO_TEST_CASE(partial_writes_leave_the_rest) {
  outbox out;
  put_kept(out, header_of(frame_kind::request, {1, 1}), large_text('z'));
  out.put(header_of(frame_kind::beat));
  auto const all = text_of(out.take());
  for (std::size_t written = 0; written < all.size();) {
    BOOST_TEST((text_of(out.left()) == all.substr(written)));
    auto const piece = std::min<std::size_t>(all.size() - written, 5'003);
    out.wrote(piece);
    written += piece;
  }
  BOOST_TEST(out.left().empty());
  BOOST_TEST(out.held_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(run_of_bytes_is_reused) {
  outbox out;
  auto const run_address = [&] {
    put_kept(out, header_of(frame_kind::reply), large_text('y'));
    auto const* const at = out.take().front().data();
    out.wrote_all();
    return at;
  };
  auto const* const first = run_address();
  BOOST_TEST(run_address() == first);
  BOOST_TEST(run_address() == first);
}
