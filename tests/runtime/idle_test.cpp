#include <boost/test/unit_test.hpp>
#include <dist/dist.hpp>
#include <dist/runtime/system_world.hpp>

#include "sim/world/run.hpp"

// The limit frame_idle on real sockets and the system's clock; unit tests cover the details.

namespace {

using namespace std::chrono_literals;
using namespace dist;

/// Sends these bytes, then nothing until the other end closes.
task<duration> say_and_wait(seams world, address to, std::string speech) {
  auto peer = co_await world.network.connect(std::move(to));
  auto const begun = world.clock.now();
  asio::const_buffer const bytes(speech.data(), speech.size());
  co_await peer->write({&bytes, 1});
  std::array<char, 4096> piece{};
  try {
    for (;;) co_await peer->read_some(asio::buffer(piece));
  } catch (std::system_error const& e) {
    if (e.code() != asio::error::eof) throw;
  }
  co_return world.clock.now() - begun;
}

struct row {
  char const* what;
  std::string speech;
  char const* named;
};

}  // namespace

BOOST_AUTO_TEST_CASE(peer_silent_inside_a_message_is_closed_in_every_dialect) {
  using namespace std::string_literals;
  row const rows[] = {
      {"a frame", "GET /register-node?port=0 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: dist/1\r\n\r\n"s +
                      "\xD1\x57\x01\x02",
       "no data within a frame for longer than the limit (frame_idle)"},
      {"a JSON-RPC message", R"({"jsonrpc":"2.0","method":")",
       "no data within a message for longer than the limit (frame_idle)"},
      {"the body of a request", "POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
       "no more of the request body was received within 100 ms, the limit (frame_idle)"},
  };
  for (auto const& one : rows) {
    BOOST_TEST_CONTEXT(one.what) {
      std::string said;
      system_world world(0, dist::log(log_level::warn, [&](log_level, std::string_view line) { said.append(line) += '\n'; }));
      master_options options;
      options.listen = {"127.0.0.1", 0};
      options.limits.frame_idle = 100ms;
      master here(world, std::move(options));
      auto running = test::start(world.io(), here.run());
      auto const took =
          test::run(world.io(), say_and_wait(world, here.local_address(), one.speech), test::leftovers::allowed);
      BOOST_TEST((took >= 100ms));
      here.stop();
      world.io().restart();
      world.io().run();
      BOOST_TEST(running.done());
      BOOST_TEST(said.find(one.named) != said.npos, said);
    }
  }
}
