#include <dist/rpc/detail/system_clock.hpp>
#include <dist/rpc/detail/tcp_network.hpp>

#include <boost/test/unit_test.hpp>
#include <memory>

#include "sim/world/run.hpp"
#include "support/cancellable.hpp"

namespace {

using dist::task;
using dist::test::cancellable;
using dist::test::start;

struct fixture {
  asio::io_context io;
  dist::log log{dist::log_level::off};
  dist::system_clock clock{io};
  dist::tcp_network network{io, clock, log};
};

task<void> connect_holding(std::shared_ptr<int>, dist::network& over, dist::address to) {
  co_await over.connect(std::move(to));
}

// The system's resolver cannot be interrupted: its thread, and the socket that it asks the name server with, stay until
// it gives up. These tests leave such threads behind, so no test that counts descriptors may share their process.
BOOST_AUTO_TEST_SUITE(name_lookup_suite)

BOOST_FIXTURE_TEST_CASE(cancelled_resolution_returns_at_once, fixture) {
  cancellable connecting(io, network.connect({"no-such-host.invalid", 1}));
  io.poll_one();
  connecting.cancel();
  io.run();
  BOOST_REQUIRE(connecting.done());
  BOOST_CHECK_THROW(connecting.get(), std::system_error);
}

BOOST_AUTO_TEST_CASE(context_destroyed_during_a_name_lookup_destroys_its_waiter) {
  auto const proof = std::make_shared<int>(0);
  {
    fixture f;
    auto connecting = start(f.io, connect_holding(proof, f.network, {"no-such-host.invalid", 1}));
    // One handler, which starts the lookup: its answer, which may be here at once, would be the next.
    f.io.poll_one();
    BOOST_TEST(proof.use_count() == 2);
  }
  BOOST_TEST(proof.use_count() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
