#include <boost/test/unit_test.hpp>
#include <dist/dist.hpp>
#include <dist/rpc/http_server.hpp>
#include <dist/rpc/sleep.hpp>

#include "sim/world/memory_network.hpp"
#include "sim/world/run.hpp"
#include "sim/world/seeded_entropy.hpp"

namespace {

using namespace dist;
using namespace std::chrono_literals;

struct Slow {
  dist::clock* time = nullptr;

  dist::task<std::int64_t> nap(std::int64_t ms) const {
    co_await dist::sleep_for(*time, std::chrono::milliseconds(ms));
    co_return ms;
  }
};
BOOST_DESCRIBE_STRUCT(Slow, (), (nap))

/// Our node and a Go master that records registrations; the test dials the node.
struct fixture {
  fixture() {
    http_handler const handler = [this](http_request request) { return register_node(std::move(request)); };
    master.emplace(world, address{"localhost", 3000}, handler);
    master_run = test::start(io, master->run());
    node_options options;
    options.master = {"localhost", 3000};
    options.name = "n";
    options.drain_limit = 10s;
    node.emplace(world, options, services(Slow{&clock}));
    node_run = test::start(io, node->run());
    BOOST_REQUIRE(until([&] { return ports.size() == 1; }));
  }
  ~fixture() {
    node->stop();
    master->stop();
    BOOST_TEST(until([&] { return node_run->done() && master_run->done(); }));
    dial.reset();
    test::run_until_idle(io);
    BOOST_TEST(clock.timer_count() == 0U);
  }

  task<http_response> register_node(http_request request) {
    ports.push_back(static_cast<std::uint16_t>(std::stoi(std::string(request.find_query("port").value()))));
    co_return http_response(201);
  }
  template <class Done>
  bool until(Done done) {
    return test::drive(io, clock, done);
  }
  void pass(duration time) {
    auto const end = clock.now() + time;
    while (clock.next_due() && *clock.next_due() <= end) {
      clock.advance_to(*clock.next_due());
      test::run_until_idle(io);
    }
    clock.advance_to(end);
    test::run_until_idle(io);
  }
  void connect() {
    auto open = [](network& over, std::uint16_t port, std::unique_ptr<stream>& made) -> task<void> {
      address const node_port{"localhost", port};
      made = co_await over.connect(node_port);
    };
    test::run(io, clock, open(net, ports.back(), dial), test::leftovers::allowed);
  }
  void say(std::string words) {
    auto write = [](stream& to, std::string text) -> task<void> {
      asio::const_buffer const bytes = asio::buffer(text);
      std::span<asio::const_buffer const> const all(&bytes, 1);
      co_await to.write(all);
    };
    test::run(io, clock, write(*dial, std::move(words)), test::leftovers::allowed);
  }
  /// The node's next reply; empty when it has hung up.
  std::string hear() {
    auto read = [](stream& from) -> task<std::string> {
      std::string text(1000, '\0');
      try {
        text.resize(co_await from.read_some(asio::buffer(text)));
      } catch (std::system_error const&) {
        text.clear();
      }
      co_return text;
    };
    return test::run(io, clock, read(*dial), test::leftovers::allowed);
  }

  asio::io_context io;
  test::virtual_clock clock;
  test::memory_network net;
  inline_compute compute{io};
  test::seeded_entropy entropy;
  dist::log log{log_level::off};
  seams world{io, clock, net, compute, entropy, log};
  std::vector<std::uint16_t> ports;
  std::optional<http_server> master;
  std::optional<dist::node> node;
  std::optional<test::started<void>> master_run;
  std::optional<test::started<void>> node_run;
  std::unique_ptr<stream> dial;
};

std::string const nap = R"({"method":"Slow.Nap","params":[2000],"id":1})";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(go_service, fixture)

BOOST_AUTO_TEST_CASE(node_answers_any_master_that_dials) {
  connect();
  say(R"({"method":"Slow.Nap","params":[5],"id":1}{"method":"Slow.Missing","params":[5],"id":2})");
  BOOST_TEST(hear() == R"({"id":2,"result":null,"error":"rpc: can't find method Slow.Missing"})"
                       "\n");
  BOOST_TEST(hear() == R"({"id":1,"result":5,"error":null})"
                       "\n");
}

BOOST_AUTO_TEST_CASE(node_registers_again_after_five_beats_without_contact) {
  pass(4s);
  BOOST_TEST(ports.size() == 1U);
  pass(8s);
  BOOST_TEST(ports.size() > 1U);
  // On the same port, so that a master that still knows it sees one node, not two.
  BOOST_TEST(ports.back() == ports.front());
}

BOOST_AUTO_TEST_CASE(connection_attempts_and_open_connections_count_as_contact) {
  for (int beat = 0; beat < 20; ++beat) {
    connect();
    dial->close();
    pass(1s);
  }
  BOOST_TEST(ports.size() == 1U);
  connect();
  pass(1min);
  BOOST_TEST(ports.size() == 1U);
  dial->close();
  pass(12s);
  BOOST_TEST(ports.size() > 1U);
}

BOOST_AUTO_TEST_CASE(drain_finishes_running_calls) {
  connect();
  say(nap);
  pass(1ms);
  node->drain();
  pass(1s);
  BOOST_TEST(!node_run->done());
  BOOST_TEST(hear() == R"({"id":1,"result":2000,"error":null})"
                       "\n");
  BOOST_TEST(hear() == "");
  pass(1ms);
  BOOST_TEST(node_run->done());
}

BOOST_AUTO_TEST_CASE(drain_has_a_time_limit) {
  connect();
  say(R"({"method":"Slow.Nap","params":[3600000],"id":1})");
  pass(1ms);
  node->drain();
  pass(9s);
  BOOST_TEST(!node_run->done());
  pass(2s);
  BOOST_TEST(node_run->done());
}

BOOST_AUTO_TEST_CASE(stop_ends_running_calls) {
  connect();
  say(nap);
  pass(1ms);
  node->stop();
  pass(1ms);
  BOOST_TEST(node_run->done());
  BOOST_TEST(hear() == "");
}

BOOST_AUTO_TEST_SUITE_END()
