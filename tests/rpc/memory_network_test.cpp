#include "sim/world/memory_network.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <string_view>

#include "sim/world/run.hpp"

namespace {

using dist::task;
using dist::test::fault_plan;
using dist::test::memory_network;
using dist::test::run;
using dist::test::run_until_idle;
using dist::test::start;

task<void> write_text(dist::stream& to, std::string text) {
  std::array<asio::const_buffer, 2> const parts{asio::buffer(text.data(), text.size() / 2),
                                                asio::buffer(text) + text.size() / 2};
  co_await to.write(parts);
}

task<std::string> read_text(dist::stream& from, std::size_t count) {
  std::string text(count, '\0');
  for (std::size_t done = 0; done < count;) done += co_await from.read_some(asio::buffer(text) + done);
  co_return text;
}

task<std::string> read_to_end(dist::stream& from) {
  std::string text;
  for (;;) {
    std::array<char, 100> piece{};
    try {
      auto const count = co_await from.read_some(asio::buffer(piece));
      text.append(piece.data(), count);
    } catch (std::system_error const& e) {
      if (e.code() != asio::error::eof) throw;
      co_return text;
    }
  }
}

auto fails_with(std::error_code code) {
  return [code](std::system_error const& e) { return e.code() == code; };
}

struct fixture {
  asio::io_context io;
  std::shared_ptr<fault_plan> here = std::make_shared<fault_plan>();
  std::shared_ptr<fault_plan> there = std::make_shared<fault_plan>();
  std::unique_ptr<dist::stream> a;
  std::unique_ptr<dist::stream> b;

  explicit fixture(std::size_t bytes = dist::test::default_pipe_bytes) {
    dist::test::memory_stream_options options;
    options.pipe_bytes = bytes;
    options.first_plan = here;
    options.second_plan = there;
    auto ends = memory_stream_pair(std::move(options));
    a = std::move(ends.first);
    b = std::move(ends.second);
  }
};

BOOST_AUTO_TEST_SUITE(memory_network_suite)

BOOST_AUTO_TEST_CASE(bytes_arrive_in_order) {
  fixture f;
  run(f.io, write_text(*f.a, "hello, world"));
  BOOST_TEST(run(f.io, read_text(*f.b, 12)) == "hello, world");
}

BOOST_AUTO_TEST_CASE(full_pipe_blocks_the_writer) {
  fixture f(8);
  auto writing = start(f.io, write_text(*f.a, "0123456789abcdef"));
  run_until_idle(f.io);
  BOOST_TEST(!writing.done());
  BOOST_TEST(run(f.io, read_text(*f.b, 16)) == "0123456789abcdef");
  BOOST_TEST(writing.done());
}

BOOST_AUTO_TEST_CASE(close_ends_the_stream_after_the_last_byte) {
  fixture f;
  run(f.io, write_text(*f.a, "last"));
  f.a->close();
  BOOST_TEST(run(f.io, read_to_end(*f.b)) == "last");
  BOOST_CHECK_EXCEPTION(run(f.io, write_text(*f.b, "x")), std::system_error, fails_with(asio::error::broken_pipe));
}

BOOST_AUTO_TEST_CASE(close_aborts_its_own_operations) {
  fixture f(4);
  auto reading = start(f.io, read_text(*f.a, 1));
  auto writing = start(f.io, write_text(*f.a, "too much for the pipe"));
  run_until_idle(f.io);
  f.a.reset();
  run_until_idle(f.io);
  BOOST_CHECK_EXCEPTION(reading.get(), std::system_error, fails_with(asio::error::operation_aborted));
  BOOST_CHECK_EXCEPTION(writing.get(), std::system_error, fails_with(asio::error::operation_aborted));
}

BOOST_AUTO_TEST_CASE(bytes_arrive_one_at_a_time) {
  fixture f;
  f.here->max_write = 1;
  f.there->max_read = 1;
  run(f.io, write_text(*f.a, "slow"));
  BOOST_TEST(f.here->steps == 4);
  BOOST_TEST(run(f.io, read_text(*f.b, 4)) == "slow");
  BOOST_TEST(f.there->steps == 4);
}

BOOST_AUTO_TEST_CASE(any_step_can_fail) {
  for (std::size_t k = 0; k < 4; ++k) {
    fixture f;
    f.here->max_write = 1;
    f.here->fail_at = k;
    BOOST_CHECK_EXCEPTION(run(f.io, write_text(*f.a, "slow")), std::system_error,
                          fails_with(asio::error::connection_reset));
    BOOST_CHECK_EXCEPTION(run(f.io, read_to_end(*f.b)), std::system_error, fails_with(asio::error::connection_reset));
  }
  fixture f;
  f.here->max_write = 1;
  f.here->fail_at = 3;
  f.here->fail_with = asio::error::eof;
  BOOST_CHECK_EXCEPTION(run(f.io, write_text(*f.a, "slow")), std::system_error, fails_with(asio::error::eof));
  BOOST_TEST(run(f.io, read_to_end(*f.b)) == "slo");
}

BOOST_AUTO_TEST_CASE(dropped_writes_never_arrive) {
  fixture f;
  f.here->drop_writes();
  run(f.io, write_text(*f.a, std::string(1'000'000, 'x')));
  auto reading = start(f.io, read_text(*f.b, 1));
  f.a->close();
  run_until_idle(f.io);
  BOOST_TEST(!reading.done());
  f.b->close();
  run_until_idle(f.io);
  BOOST_TEST(reading.done());
}

BOOST_AUTO_TEST_CASE(stalled_direction_delivers_after_resume) {
  fixture f;
  f.here->stall();
  run(f.io, write_text(*f.a, "late"));
  f.a->close();
  auto reading = start(f.io, read_to_end(*f.b));
  run_until_idle(f.io);
  BOOST_TEST(!reading.done());
  f.here->resume();
  run_until_idle(f.io);
  BOOST_TEST(reading.get() == "late");
}

BOOST_AUTO_TEST_CASE(cut_is_seen_by_both_ends) {
  fixture f;
  auto first = start(f.io, read_text(*f.a, 1));
  auto second = start(f.io, read_text(*f.b, 1));
  run_until_idle(f.io);
  f.there->cut();
  run_until_idle(f.io);
  BOOST_CHECK_EXCEPTION(first.get(), std::system_error, fails_with(asio::error::connection_reset));
  BOOST_CHECK_EXCEPTION(second.get(), std::system_error, fails_with(asio::error::connection_reset));
}

BOOST_AUTO_TEST_CASE(lost_path_is_seen_by_one_end_only) {
  fixture f;
  run(f.io, write_text(*f.b, "on its way"));
  auto first = start(f.io, read_text(*f.a, 100));
  auto second = start(f.io, read_text(*f.b, 1));
  run_until_idle(f.io);
  f.here->lose_path();
  run_until_idle(f.io);
  BOOST_CHECK_EXCEPTION(first.get(), std::system_error, fails_with(asio::error::timed_out));
  auto refused = start(f.io, write_text(*f.a, "no"));
  auto vanished = start(f.io, write_text(*f.b, std::string(1'000'000, 'x')));
  run_until_idle(f.io);
  f.a->close();
  run_until_idle(f.io);
  BOOST_CHECK_EXCEPTION(refused.get(), std::system_error, fails_with(asio::error::timed_out));
  BOOST_TEST(vanished.done());
  BOOST_TEST(!second.done());
  f.b->close();
  run_until_idle(f.io);
  BOOST_TEST(second.done());
}

BOOST_AUTO_TEST_CASE(abandoned_context_leaks_nothing) {
  memory_network network;
  auto listener = network.listen({"localhost", 0});
  asio::io_context io;
  auto accepting = start(io, listener->accept());
  run_until_idle(io);
  BOOST_TEST(!accepting.done());
}

task<std::string> echo_once(memory_network& network, dist::listener& at, dist::address to) {
  auto client = co_await network.connect(to);
  auto server = co_await at.accept();
  co_await write_text(*client, "ping");
  auto const heard = co_await read_text(*server, 4);
  co_return heard + ' ' + server->peer_address() + ' ' + client->peer_address();
}

BOOST_AUTO_TEST_CASE(connect_finds_the_listener) {
  asio::io_context io;
  memory_network network;
  auto listener = network.listen({"localhost", 3000});
  BOOST_TEST(run(io, echo_once(network, *listener, {"127.0.0.1", 3000})) == "ping 127.0.0.1:40000 127.0.0.1:3000");
  BOOST_CHECK_EXCEPTION(network.listen({"127.0.0.1", 3000}), std::system_error,
                        fails_with(asio::error::address_in_use));
  BOOST_TEST(network.listen({"localhost", 0})->local_address().port != 0);
  listener->close();
  BOOST_CHECK_EXCEPTION(run(io, network.connect({"localhost", 3000})), std::system_error,
                        fails_with(asio::error::connection_refused));
  BOOST_CHECK_EXCEPTION(run(io, listener->accept()), std::system_error, fails_with(asio::error::operation_aborted));
  listener = network.listen({"localhost", 3000});
  BOOST_TEST(listener->local_address().port == 3000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
