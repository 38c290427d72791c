#include <boost/test/unit_test.hpp>

#include "rpc/connection_pair.hpp"
#include "support/cancellable.hpp"
#include "wire/connection.hpp"
#include "wire/protocol_breach.hpp"

namespace {

using namespace std::chrono_literals;
using namespace dist;
using namespace dist::test;

dist::limits small_limits() {
  dist::limits bounds;
  bounds.outbox_bytes = 100'000;
  return bounds;
}

}  // namespace

BOOST_AUTO_TEST_CASE(silence_inside_a_frame_ends_the_connection) {
  pair_of_ends ends;
  std::size_t seen = 0;
  auto here = ends.run_here([&](frame&) { ++seen; });
  auto const frame = frame_text(header_of(frame_kind::request), "payload");
  auto whole = start(ends.io, write_raw(*ends.raw, frame));
  ends.idle();
  BOOST_TEST(seen == 1U);
  ends.clock.advance(24h);
  ends.idle();
  BOOST_TEST(!here.done());
  auto part = start(ends.io, write_raw(*ends.raw, frame.substr(0, 1)));
  ends.idle();
  ends.clock.advance(ends.limits.frame_idle - 1ms);
  ends.idle();
  BOOST_TEST(!here.done());
  // Any byte is a sign of life.
  part = start(ends.io, write_raw(*ends.raw, frame.substr(1, 1)));
  ends.idle();
  ends.clock.advance(ends.limits.frame_idle - 1ms);
  ends.idle();
  BOOST_TEST(!here.done());
  ends.clock.advance(1ms);
  ends.idle();
  BOOST_TEST_REQUIRE(here.done());
  std::string text;
  BOOST_TEST(code_of(here, &text) == errc::limit_exceeded);
  BOOST_TEST(text.find("frame_idle") != text.npos, text);
  BOOST_TEST(text.find("127.0.0.1:50002") != text.npos, text);
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(end_of_the_stream_is_the_reason) {
  for (bool const reset : {false, true}) {
    pair_of_ends ends;
    auto here = ends.run_here(ignore);
    ends.idle();
    if (reset)
      ends.plan->cut();
    else
      ends.raw->close();
    ends.idle();
    BOOST_TEST_REQUIRE(here.done());
    auto const code = code_of(here);
    BOOST_TEST((reset ? code == asio::error::connection_reset : code == asio::error::eof), code.message());
    expect_nothing_left(ends);
  }
}

BOOST_AUTO_TEST_CASE(garbage_and_oversized_frames_end_the_connection_with_their_own_codes) {
  auto too_large = header_of(frame_kind::request);
  dist::limits bounds;
  bounds.frame_bytes = 1000;
  struct row {
    std::string bytes;
    errc code;
    std::string_view says;
  };
  row const rows[] = {{std::string(24, 'G'), errc::protocol_error, "not a dist/1 frame"},
                      {frame_text(too_large, std::string(1001, 'x')), errc::limit_exceeded, "frame_bytes"}};
  for (auto const& row : rows) {
    pair_of_ends ends({}, bounds);
    auto here = ends.run_here(ignore);
    auto const sent = start(ends.io, write_raw(*ends.raw, row.bytes));
    ends.idle();
    BOOST_TEST(!here.done());
    ends.raw->close();
    ends.idle();
    BOOST_TEST_REQUIRE(here.done());
    std::string text;
    BOOST_TEST(code_of(here, &text) == row.code);
    BOOST_TEST(text.find(row.says) != text.npos, text);
    expect_nothing_left(ends);
  }
}

BOOST_AUTO_TEST_CASE(peer_that_breaks_the_protocol_is_told_why) {
  auto const garbage = std::string(24, 'G');
  for (bool const by_handler : {false, true}) {
    pair_of_ends ends;
    auto here = ends.run_here([](frame&) { throw protocol_breach("not allowed here"); });
    auto const bytes = by_handler ? frame_text(header_of(frame_kind::hello)) : garbage;
    auto const sent = start(ends.io, write_raw(*ends.raw, bytes));
    auto told = start(ends.io, read_raw(*ends.raw));
    ends.idle();
    // Frames put after the goodbye are not sent.
    ends.here->out().put(header_of(frame_kind::beat));
    // The peer never closes: the wait for it is short.
    for (int i = 0; i < 3; ++i) {
      auto const more = start(ends.io, write_raw(*ends.raw, garbage));
      ends.idle();
    }
    BOOST_TEST(!here.done());
    ends.clock.advance(2s);
    ends.idle();
    BOOST_TEST_REQUIRE(here.done());
    BOOST_TEST(code_of(here) == errc::protocol_error);
    auto const why = by_handler ? "not allowed here" : "not a dist/1 frame: it does not start with D1 57";
    BOOST_TEST(told.get() == frame_text(header_of(frame_kind::goodbye), why));
    expect_nothing_left(ends);
  }
}

BOOST_AUTO_TEST_CASE(peer_that_breaks_the_protocol_and_does_not_read_is_dropped_in_time) {
  memory_stream_options options;
  options.pipe_bytes = 100;
  pair_of_ends ends(std::move(options));
  auto here = ends.run_here([&](frame&) {
    ends.here->out().put(header_of(frame_kind::reply), as_bytes(std::string(1000, 'x')));
    throw protocol_breach("not allowed here");
  });
  auto const sent = start(ends.io, write_raw(*ends.raw, frame_text(header_of(frame_kind::hello))));
  ends.idle();
  BOOST_TEST(!here.done());
  ends.clock.advance(2s);
  ends.idle();
  BOOST_TEST_REQUIRE(here.done());
  BOOST_TEST(code_of(here) == errc::protocol_error);
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(last_frame_of_a_handshake_is_delivered_before_the_close) {
  pair_of_ends ends;
  ends.here->out().put(header_of(frame_kind::fault), as_bytes("why"));
  auto parting = start(ends.io, ends.here->part());
  auto told = start(ends.io, read_raw(*ends.raw));
  auto const sent = start(ends.io, write_raw(*ends.raw, "more of it"));
  ends.idle();
  BOOST_TEST(!parting.done());
  ends.here->close();
  ends.idle();
  BOOST_TEST(parting.done());
  BOOST_TEST(told.get() == frame_text(header_of(frame_kind::fault), "why"));
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(hello_limit_applies_before_run) {
  dist::limits bounds;
  bounds.hello_bytes = 100;
  pair_of_ends ends({}, bounds);
  auto got = start(ends.io, [](connection& from) -> task<void> { co_await from.receive(); }(*ends.here));
  auto const sent =
      start(ends.io, write_raw(*ends.raw, frame_text(header_of(frame_kind::hello), std::string(101, 'x'))));
  ends.idle();
  BOOST_TEST_REQUIRE(got.done());
  std::string text;
  BOOST_TEST(code_of(got, &text) == errc::limit_exceeded);
  BOOST_TEST(text.find("(hello_bytes) is 100") != text.npos, text);
}

BOOST_AUTO_TEST_CASE(exception_of_the_handler_ends_the_connection) {
  pair_of_ends ends;
  auto here = ends.run_here([](frame&) { throw std::system_error(errc::protocol_error, "not now"); });
  auto const sent = start(ends.io, write_raw(*ends.raw, frame_text(header_of(frame_kind::hello))));
  ends.idle();
  BOOST_TEST_REQUIRE(here.done());
  BOOST_TEST(code_of(here) == errc::protocol_error);
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(frames_after_a_close_are_not_delivered) {
  pair_of_ends ends;
  std::size_t seen = 0;
  auto here = ends.run_here([&](frame&) {
    ++seen;
    ends.here->close();
  });
  auto const beat = frame_text(header_of(frame_kind::beat));
  auto const sent = start(ends.io, write_raw(*ends.raw, beat + beat + beat));
  ends.idle();
  BOOST_TEST(seen == 1U);
  BOOST_TEST_REQUIRE(here.done());
  BOOST_TEST(code_of(here) == asio::error::operation_aborted);
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(close_when_written_writes_everything_first) {
  memory_stream_options options;
  options.pipe_bytes = 1000;
  pair_of_ends ends(std::move(options));
  auto here = ends.run_here(ignore);
  std::string wanted;
  for (std::uint32_t i = 0; i < 20; ++i) {
    auto const header = header_of(frame_kind::reply, {i, 1});
    std::string const text(i * 2000, 'r');
    ends.here->out().put(header, as_bytes(text));
    wanted += frame_text(header, text);
  }
  ends.here->close_when_written();
  ends.idle();
  BOOST_TEST(!here.done());
  auto all = start(ends.io, read_raw(*ends.raw));
  ends.idle();
  BOOST_TEST_REQUIRE(all.done());
  BOOST_TEST((all.get() == wanted));
  BOOST_TEST_REQUIRE(here.done());
  BOOST_CHECK_NO_THROW(here.get());
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(peer_that_does_not_read_is_dropped_in_time) {
  memory_stream_options options;
  options.pipe_bytes = 1000;
  pair_of_ends ends(std::move(options));
  auto here = ends.run_here(ignore);
  ends.here->out().put(header_of(frame_kind::reply), as_bytes(std::string(5000, 'r')));
  ends.here->close_when_written();
  ends.idle();
  ends.clock.advance(ends.limits.handshake - 1ms);
  ends.idle();
  BOOST_TEST(!here.done());
  ends.clock.advance(1ms);
  ends.idle();
  BOOST_TEST_REQUIRE(here.done());
  std::string text;
  BOOST_TEST(code_of(here, &text) == errc::deadline_exceeded);
  BOOST_TEST(text.find("did not read the last frames within 10 s, the limit (handshake)") != text.npos, text);
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(first_reason_given_to_close_is_reported) {
  for (bool const running : {false, true}) {
    pair_of_ends ends;
    auto here = running ? ends.run_here(ignore)
                        : start(ends.io, [](connection& from) -> task<void> { co_await from.receive(); }(*ends.here));
    ends.idle();
    ends.here->close(errc::limit_exceeded, "enough");
    ends.here->close(errc::protocol_error, "what follows from that");
    ends.idle();
    BOOST_TEST_REQUIRE(here.done());
    std::string text;
    BOOST_TEST(code_of(here, &text) == errc::limit_exceeded);
    BOOST_TEST(text.find("127.0.0.1:50002: enough") != text.npos, text);
  }
}

BOOST_AUTO_TEST_CASE(close_when_read_lets_the_peer_close) {
  for (auto const how : {0, 1, 2}) {
    BOOST_TEST_INFO_SCOPE("way " << how);
    pair_of_ends ends;
    std::size_t seen = 0;
    auto here = ends.run_here([&](frame&) { ++seen; });
    auto const goodbye = frame_text(header_of(frame_kind::goodbye), "drained");
    ends.here->out().put(header_of(frame_kind::goodbye), as_bytes("drained"));
    ends.here->close_when_read();
    ends.idle();
    BOOST_TEST(!here.done());
    // The peer has not read it yet and keeps sending; nothing is lost.
    auto const sent = start(ends.io, write_raw(*ends.raw, frame_text(header_of(frame_kind::beat))));
    ends.idle();
    BOOST_TEST(seen == 1U);
    // Frames put after a goodbye are not sent.
    ends.here->out().put(header_of(frame_kind::beat));
    ends.idle();
    std::string got(goodbye.size() + 1, '\0');
    auto read = start(ends.io, [](stream& from, std::string& into) -> task<std::size_t> {
      return from.read_some(asio::buffer(into));
    }(*ends.raw, got));
    ends.idle();
    BOOST_TEST(read.get() == goodbye.size());
    BOOST_TEST(!here.done());
    if (how == 0) ends.raw->close();
    if (how == 1) ends.plan->cut();
    if (how == 2) ends.clock.advance(ends.limits.handshake);
    ends.idle();
    BOOST_TEST_REQUIRE(here.done());
    BOOST_CHECK_NO_THROW(here.get());
    expect_nothing_left(ends);
  }
}

BOOST_AUTO_TEST_CASE(paused_connection_reads_no_more_than_it_can_answer) {
  memory_stream_options options;
  options.pipe_bytes = 4000;
  pair_of_ends ends(std::move(options), small_limits(), when_full::pause);
  std::size_t most = 0;
  std::size_t asked = 0;
  std::string const answer(10'000, 'a');
  auto const here = ends.run_here([&](frame& in) {
    ++asked;
    ends.here->out().put(header_of(frame_kind::reply, in.header().id), as_bytes(answer));
  });
  std::string requests;
  constexpr std::size_t count = 500;
  for (std::uint32_t i = 0; i < count; ++i) requests += frame_text(header_of(frame_kind::request, {i, 1}));
  // One read brings a hundred requests: the pause must not wait for the next read.
  auto const sent = start(ends.io, write_raw(*ends.raw, requests));
  ends.idle();
  most = asked;
  BOOST_TEST(most <= 11U);
  BOOST_TEST(!sent.done());
  auto all = start(ends.io, read_raw(*ends.raw));
  ends.idle();
  BOOST_TEST(asked == count);
  ends.here->close_when_written();
  ends.idle();
  BOOST_TEST_REQUIRE(all.done());
  BOOST_TEST(all.get().size() == count * (frame_header_bytes + answer.size()));
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(paused_connection_notices_the_end_of_the_stream) {
  for (auto const how : {0, 1, 2}) {
    BOOST_TEST_INFO_SCOPE("way " << how);
    memory_stream_options options;
    options.pipe_bytes = 4000;
    pair_of_ends ends(std::move(options), small_limits(), when_full::pause);
    auto here = ends.run_here(
        [&](frame&) { ends.here->out().put(header_of(frame_kind::reply), as_bytes(std::string(200'000, 'a'))); });
    auto const sent = start(ends.io, write_raw(*ends.raw, frame_text(header_of(frame_kind::request))));
    ends.idle();
    BOOST_TEST(ends.here->is_full());
    if (how == 0) ends.plan->cut();
    if (how == 1) ends.here->close();
    if (how == 2) ends.here->close_when_written(), ends.clock.advance(ends.limits.handshake);
    ends.idle();
    BOOST_TEST_REQUIRE(here.done());
    std::error_code const codes[] = {asio::error::connection_reset, asio::error::operation_aborted,
                                     errc::deadline_exceeded};
    BOOST_TEST(code_of(here) == codes[how]);
    expect_nothing_left(ends);
  }
}

BOOST_AUTO_TEST_CASE(cancelled_run_ends_and_leaves_nothing_behind) {
  for (bool const writing : {false, true}) {
    memory_stream_options options;
    options.pipe_bytes = 1000;
    pair_of_ends ends(std::move(options));
    cancellable<void> here(ends.io, ends.here->run(ignore));
    if (writing) ends.here->out().put(header_of(frame_kind::reply), as_bytes(std::string(5000, 'r')));
    ends.idle();
    BOOST_TEST(!here.done());
    here.cancel();
    ends.idle();
    BOOST_TEST_REQUIRE(here.done());
    BOOST_CHECK_EXCEPTION(here.get(), std::system_error,
                          [](auto const& e) { return e.code() == asio::error::operation_aborted; });
    expect_nothing_left(ends);
  }
}
