#include <boost/test/unit_test.hpp>

#include "rpc/connection_pair.hpp"
#include "wire/connection.hpp"

namespace {

using namespace dist;
using namespace dist::test;

/// Sends `count` requests of growing size and then a goodbye; the other end replies with what it got.
struct dialogue {
  explicit dialogue(pair_of_ends& over) : ends(over) {
    answering = ends.run_there([this](frame& in) {
      if (in.header().kind == frame_kind::goodbye) return ends.there().close();
      auto header = in.header();
      header.kind = frame_kind::reply;
      ends.there().out().put(header, in.bytes());
    });
    asking = ends.run_here([this](frame& in) {
      ++answered;
      intact = intact && in.header().kind == frame_kind::reply && as_text(in.bytes()) == text(in.header().id.index);
      if (answered == count) {
        ends.here->out().put(header_of(frame_kind::goodbye));
        ends.here->close_when_written();
      }
    });
    for (std::uint32_t i = 0; i < count; ++i)
      ends.here->out().put(header_of(frame_kind::request, {i, 1}), as_bytes(text(i)));
  }

  static std::string text(std::uint32_t i) {
    return std::string(i == 7 ? 150'000 : i * 1000, static_cast<char>('a' + i));
  }

  static constexpr std::uint32_t count = 12;
  pair_of_ends& ends;
  std::uint32_t answered = 0;
  bool intact = true;
  started<void> answering;
  started<void> asking;
};

}  // namespace

BOOST_AUTO_TEST_CASE(frames_travel_both_ways) {
  pair_of_ends ends;
  dialogue talk(ends);
  ends.idle();
  BOOST_TEST(talk.answered == talk.count);
  BOOST_TEST(talk.intact);
  BOOST_TEST(talk.asking.done());
  BOOST_TEST(talk.answering.done());
  BOOST_CHECK_NO_THROW(talk.asking.get());
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(frames_survive_one_byte_reads_and_writes) {
  pair_of_ends ends;
  ends.plan->max_read = 1;
  ends.plan->max_write = 1;
  dialogue talk(ends);
  ends.idle();
  BOOST_TEST(talk.answered == talk.count);
  BOOST_TEST(talk.intact);
  BOOST_CHECK_NO_THROW(talk.asking.get());
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(failure_at_any_step_ends_both_ends_with_a_reason) {
  std::size_t steps = 0;
  {
    pair_of_ends ends;
    dialogue talk(ends);
    ends.idle();
    steps = ends.plan->steps;
  }
  BOOST_TEST_REQUIRE(steps > 10U);
  for (auto const error : {asio::error::make_error_code(asio::error::connection_reset),
                           std::error_code(asio::error::make_error_code(asio::error::eof))})
    for (std::size_t step = 0; step < steps; ++step) {
      BOOST_TEST_INFO_SCOPE("step " << step << " fails with " << error.message());
      pair_of_ends ends;
      ends.plan->fail_at = step;
      ends.plan->fail_with = error;
      dialogue talk(ends);
      BOOST_TEST(drive(ends.io, ends.clock, [&] { return talk.asking.done() && talk.answering.done(); }));
      BOOST_TEST(talk.intact);
      auto const here = code_of(talk.asking);
      auto const there = code_of(talk.answering);
      // Once the goodbye has been sent, the end of the connection is expected.
      if (talk.answered < talk.count) {
        BOOST_TEST(here == error);
        BOOST_TEST(
            (there == asio::error::eof || there == asio::error::connection_reset || there == asio::error::broken_pipe),
            there.message());
      }
      expect_nothing_left(ends);
    }
}

BOOST_AUTO_TEST_CASE(connection_abandoned_at_any_point_leaks_nothing) {
  for (std::size_t handlers = 0;; ++handlers) {
    BOOST_TEST_INFO_SCOPE("after " << handlers << " handlers");
    auto ends = std::make_unique<pair_of_ends>();
    auto talk = std::make_unique<dialogue>(*ends);
    std::size_t ran = 0;
    while (ran < handlers && ends->io.poll_one() != 0) ++ran;
    bool const ended = talk->asking.done() && talk->answering.done();
    talk.reset();
    ends.reset();
    if (ended) break;
  }
}

BOOST_AUTO_TEST_CASE(frames_put_in_one_turn_are_sent_in_one_write) {
  pair_of_ends ends;
  std::size_t seen = 0;
  auto const there = ends.run_there([&](frame&) { ++seen; });
  auto const here = ends.run_here(ignore);
  ends.idle();
  BOOST_TEST(ends.writes == 0U);
  for (int i = 0; i < 500; ++i) ends.here->out().put(header_of(frame_kind::request), as_bytes("small"));
  ends.idle();
  BOOST_TEST(seen == 500U);
  BOOST_TEST(ends.writes == 1U);
  ends.here->close();
  ends.idle();
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(receive_takes_one_frame_and_run_takes_the_rest) {
  pair_of_ends ends;
  for (std::uint32_t i = 0; i < 3; ++i) ends.there().out().put(header_of(frame_kind::request, {i, 1}), as_bytes("x"));
  auto const flushed = start(ends.io, ends.there().flush());
  ends.idle();
  auto first = start(ends.io, [](connection& from) -> task<std::uint32_t> {
    auto const got = co_await from.receive();
    co_return got.header().id.index;
  }(*ends.here));
  ends.idle();
  BOOST_TEST_REQUIRE(first.done());
  BOOST_TEST(first.get() == 0U);
  std::vector<std::uint32_t> rest;
  auto const here = ends.run_here([&](frame& in) { rest.push_back(in.header().id.index); });
  ends.idle();
  BOOST_TEST((rest == std::vector<std::uint32_t>{1, 2}));
  ends.here->close();
  ends.idle();
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(receive_sends_pending_frames_first) {
  pair_of_ends ends;
  ends.here->out().put(header_of(frame_kind::challenge));
  auto const mine = start(ends.io, [](connection& from) -> task<void> { co_await from.receive(); }(*ends.here));
  auto theirs = start(ends.io, [](connection& from) -> task<int> {
    auto const got = co_await from.receive();
    co_return static_cast<int>(got.header().kind);
  }(ends.there()));
  ends.idle();
  BOOST_TEST_REQUIRE(theirs.done());
  BOOST_TEST(theirs.get() == static_cast<int>(frame_kind::challenge));
  BOOST_TEST(!mine.done());
  ends.here->close();
  ends.idle();
  BOOST_TEST(mine.done());
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(fed_bytes_come_before_those_of_the_stream) {
  pair_of_ends ends;
  auto const early = frame_text(header_of(frame_kind::request, {1, 1}), std::string(40'000, 'e'));
  auto const late = frame_text(header_of(frame_kind::request, {2, 1}), "late");
  ends.here->feed(as_bytes(early + late.substr(0, 10)));
  std::vector<std::uint32_t> seen;
  auto const here = ends.run_here([&](frame& in) { seen.push_back(in.header().id.index); });
  auto const sent = start(ends.io, write_raw(*ends.raw, late.substr(10)));
  ends.idle();
  BOOST_TEST((seen == std::vector<std::uint32_t>{1, 2}));
  ends.here->close();
  ends.idle();
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(batch_ends_before_its_replies_are_sent) {
  pair_of_ends ends;
  std::vector<std::span<std::byte const>> views;
  std::vector<std::size_t> batches;
  std::vector<std::size_t> writes;
  auto const here = ends.run_here(
      [&](frame& in) {
        views.push_back(in.bytes());
        ends.here->out().put(header_of(frame_kind::reply));
      },
      [&] {
        if (views.empty()) return;
        for (auto const& one : views) BOOST_TEST(as_text(one) == "small");
        batches.push_back(views.size());
        writes.push_back(ends.writes);
        views.clear();
      });
  std::size_t answers = 0;
  auto const there = ends.run_there([&](frame&) { ++answers; });
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 200; ++i) ends.there().out().put(header_of(frame_kind::request), as_bytes("small"));
    ends.idle();
  }
  // First 16 at a time, later about half of the previous read.
  BOOST_TEST((batches == std::vector<std::size_t>{16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 8, 100, 100}));
  for (std::size_t i = 0; i < writes.size(); ++i) BOOST_TEST(writes[i] == i);
  BOOST_TEST(answers == 400U);
  ends.here->close();
  ends.idle();
  expect_nothing_left(ends);
}

BOOST_AUTO_TEST_CASE(frames_before_an_invalid_one_end_their_batch) {
  pair_of_ends ends;
  std::size_t seen = 0, in_batches = 0;
  auto here = ends.run_here(
      [&](frame&) {
        if (++seen == 3) throw std::system_error(errc::protocol_error);
      },
      [&] { in_batches = seen; });
  auto const sent = start(ends.io, [](connection& from) -> task<void> {
    for (int i = 0; i < 5; ++i) from.out().put(header_of(frame_kind::request));
    co_await from.flush();
  }(ends.there()));
  ends.idle();
  BOOST_TEST(code_of(here) == errc::protocol_error);
  BOOST_TEST(seen == 3U);
  BOOST_TEST(in_batches == 3U);
  expect_nothing_left(ends);
}
