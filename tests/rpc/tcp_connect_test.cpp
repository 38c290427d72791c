#include <dist/rpc/detail/system_clock.hpp>
#include <dist/rpc/detail/tcp_network.hpp>

#include <sys/socket.h>

#include <asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "io/tcp_connect.hpp"
#include "sim/world/run.hpp"
#include "support/cancellable.hpp"

namespace {

using asio::ip::tcp;
using dist::test::cancellable;
using dist::test::leftovers;
using dist::test::run;

bool has(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

/// An address that never answers a connection request: its accept queue is full.
class deaf {
 public:
  explicit deaf(asio::io_context& io) : door_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    door_.listen(0);
    for (int i = 0; i < 4; ++i) {
      auto& one = guests_.emplace_back(io, tcp::v4());
      one.native_non_blocking(true);
      auto const where = door_.local_endpoint();
      // Asio's own connect would wait for the answer.
      ::connect(one.native_handle(), where.data(), static_cast<socklen_t>(where.size()));
    }
  }
  tcp::endpoint where() const { return door_.local_endpoint(); }

 private:
  tcp::acceptor door_;
  std::vector<tcp::socket> guests_;
};

struct fixture {
  asio::io_context io;
  dist::log log{dist::log_level::off};
  dist::system_clock clock{io};
  dist::tcp_network network{io, clock, log};

  tcp::endpoint free_port() {
    auto const port = network.listen({"127.0.0.1", 0})->local_address().port;
    return {asio::ip::address_v4::loopback(), port};
  }
  auto connect(dist::tcp_endpoints addresses) {
    return dist::connect_to_any(io, clock, {"desk", 3000}, std::move(addresses));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tcp_connect, fixture)

BOOST_AUTO_TEST_CASE(unresponsive_address_delays_the_next_only_briefly) {
  deaf const first(io);
  auto const listener = network.listen({"127.0.0.1", 0});
  auto const port = listener->local_address().port;
  tcp::endpoint const second(asio::ip::address_v4::loopback(), port);
  auto const begun = clock.now();
  auto const made = run(io, connect({first.where(), second}), leftovers::allowed);
  BOOST_TEST(made->peer_address() == "127.0.0.1:" + std::to_string(port));
  auto const took = clock.now() - begun;
  BOOST_TEST((took >= std::chrono::milliseconds(250)));
  // The system itself retries after a second.
  BOOST_TEST((took < std::chrono::milliseconds(900)));
}

BOOST_AUTO_TEST_CASE(refused_address_does_not_delay_the_next) {
  auto const listener = network.listen({"127.0.0.1", 0});
  tcp::endpoint const second(asio::ip::address_v4::loopback(), listener->local_address().port);
  auto const begun = clock.now();
  run(io, connect({free_port(), second}), leftovers::allowed);
  BOOST_TEST((clock.now() - begun < std::chrono::milliseconds(250)));
}

BOOST_AUTO_TEST_CASE(error_names_all_addresses) {
  tcp::endpoint const nowhere(asio::ip::make_address("255.255.255.255"), 1);
  BOOST_CHECK_EXCEPTION(run(io, connect({nowhere, free_port()})), std::system_error, [](std::system_error const& e) {
    return e.code() == asio::error::connection_refused &&
           has(e.what(), "cannot connect to desk:3000 (255.255.255.255: ") &&
           has(e.what(), ", 127.0.0.1: Connection refused)");
  });
}

BOOST_AUTO_TEST_CASE(cancelled_connect_names_the_unresponsive_address) {
  deaf const first(io), second(io);
  cancellable connecting(io, connect({first.where(), second.where()}));
  io.run_for(std::chrono::milliseconds(50));  // only time passes
  connecting.cancel();
  while (!connecting.done()) io.run_one();
  BOOST_CHECK_EXCEPTION(connecting.get(), std::system_error, [](std::system_error const& e) {
    return e.code() == asio::error::operation_aborted && has(e.what(), "no answer from 127.0.0.1");
  });
}

BOOST_AUTO_TEST_SUITE_END()
