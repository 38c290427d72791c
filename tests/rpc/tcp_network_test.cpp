#include <dist/rpc/detail/tcp_network.hpp>

#include <dist/rpc/detail/system_clock.hpp>

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/world/run.hpp"
#include "support/cancellable.hpp"

namespace {

using namespace std::chrono_literals;
using dist::task;
using dist::test::cancellable;
using dist::test::leftovers;
using dist::test::run;
using dist::test::run_until_idle;
using dist::test::start;

using stream_ptr = std::unique_ptr<dist::stream>;

bool has(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }
bool aborted(std::system_error const& e) { return e.code() == asio::error::operation_aborted; }

struct fixture {
  asio::io_context io;
  std::vector<std::string> lines;
  dist::log log{dist::log_level::debug, [this](dist::log_level, std::string_view line) { lines.emplace_back(line); }};
  dist::system_clock clock{io};
  dist::tcp_network network{io, clock, log};
};

struct ends {
  stream_ptr client;
  stream_ptr server;
};

task<ends> join(dist::network& network, dist::listener& at, std::string host) {
  dist::address to{host, at.local_address().port};
  auto client = co_await network.connect(std::move(to));
  auto server = co_await at.accept();
  ends both;
  both.client = std::move(client);
  both.server = std::move(server);
  co_return both;
}

task<void> write_all(dist::stream& to, std::vector<std::string> parts) {
  std::vector<asio::const_buffer> buffers;
  for (auto const& part : parts) buffers.push_back(asio::buffer(part));
  co_await to.write(buffers);
}

task<std::string> read_to_end(dist::stream& from) {
  std::string text;
  std::array<char, 100'000> piece{};
  for (;;) {
    std::size_t count = 0;
    try {
      count = co_await from.read_some(asio::buffer(piece));
    } catch (std::system_error const& e) {
      if (e.code() != asio::error::eof) throw;
      break;
    }
    text.append(piece.data(), count);
  }
  co_return text;
}

bool has_ipv6() {
  int const descriptor = ::socket(AF_INET6, SOCK_STREAM, 0);
  if (descriptor < 0) return false;
  sockaddr_in6 where{};
  where.sin6_family = AF_INET6;
  where.sin6_addr = in6addr_loopback;
  bool const bound = ::bind(descriptor, reinterpret_cast<sockaddr*>(&where), sizeof(where)) == 0;
  ::close(descriptor);
  return bound;
}

std::set<int> open_sockets() {
  std::set<int> found;
  for (int descriptor = 3; descriptor < 200; ++descriptor) {
    int type = 0;
    socklen_t size = sizeof(type);
    if (::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0) found.insert(descriptor);
  }
  return found;
}

int option(int descriptor, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  ::getsockopt(descriptor, level, name, &value, &size);
  return value;
}

BOOST_AUTO_TEST_SUITE(tcp_network_suite)

BOOST_FIXTURE_TEST_CASE(many_buffers_arrive_in_order, fixture) {
  auto listener = network.listen({"127.0.0.1", 0});
  BOOST_TEST(listener->local_address().port != 0);
  auto both = run(io, join(network, *listener, "127.0.0.1"), leftovers::allowed);
  std::vector<std::string> parts;
  std::string whole;
  for (std::size_t i = 0; i < 1500; ++i) {
    parts.emplace_back(i % 7 * 1000, static_cast<char>('a' + i % 26));
    whole += parts.back();
  }
  auto reading = start(io, read_to_end(*both.server));
  run(io, write_all(*both.client, parts), leftovers::allowed);
  both.client->close();
  both.client->close();
  while (!reading.done()) io.run_one();
  BOOST_TEST((reading.get() == whole));
}

BOOST_FIXTURE_TEST_CASE(addresses_are_shown_as_they_are_dialled, fixture) {
  auto listener = network.listen({"127.0.0.1", 0});
  auto const port = std::to_string(listener->local_address().port);
  auto both = run(io, join(network, *listener, "localhost"), leftovers::allowed);
  BOOST_TEST(both.client->peer_address() == "127.0.0.1:" + port);
  BOOST_TEST(both.server->local_address() == "127.0.0.1:" + port);
  BOOST_TEST(both.client->local_address() == both.server->peer_address());
  both.client->close();
  BOOST_TEST(both.client->peer_address() == "127.0.0.1:" + port);
}

BOOST_FIXTURE_TEST_CASE(mapped_addresses_are_shown_as_ipv4, fixture) {
  if (!has_ipv6()) return;
  auto listener = network.listen({"::", 0});
  auto both = run(io, join(network, *listener, "127.0.0.1"), leftovers::allowed);
  BOOST_TEST(both.server->peer_address() == both.client->local_address());
  BOOST_TEST(both.server->peer_address().starts_with("127.0.0.1:"));
  both = run(io, join(network, *listener, "::1"), leftovers::allowed);
  BOOST_TEST(both.server->peer_address().starts_with("[::1]:"));
}

BOOST_FIXTURE_TEST_CASE(localhost_means_both_loopback_addresses, fixture) {
  auto listener = network.listen({"localhost", 0});
  BOOST_TEST(listener->local_address().host == "127.0.0.1");
  auto both = run(io, join(network, *listener, "127.0.0.1"), leftovers::allowed);
  if (!has_ipv6()) return;
  both = run(io, join(network, *listener, "::1"), leftovers::allowed);
  BOOST_TEST(both.server->local_address().starts_with("[::1]:"));
  // A listener on ::1 alone is found by name too.
  auto only_6 = network.listen({"::1", 0});
  both = run(io, join(network, *only_6, "localhost"), leftovers::allowed);
  BOOST_TEST(both.client->peer_address().starts_with("[::1]:"));
}

BOOST_FIXTURE_TEST_CASE(port_in_use_is_reported_with_advice, fixture) {
  auto listener = network.listen({"127.0.0.1", 0});
  auto const port = listener->local_address().port;
  BOOST_CHECK_EXCEPTION(network.listen({"127.0.0.1", port}), std::system_error, [&](std::system_error const& e) {
    return e.code() == asio::error::address_in_use &&
           has(e.what(),
               "port " + std::to_string(port) +
                   " of 127.0.0.1 is taken; choose another with --master ADDR or stop the program that has it");
  });
  listener.reset();
  network.listen({"127.0.0.1", port});
}

BOOST_FIXTURE_TEST_CASE(refused_connection_names_all_addresses, fixture) {
  auto const port = network.listen({"127.0.0.1", 0})->local_address().port;
  auto const text = std::to_string(port);
  BOOST_CHECK_EXCEPTION(
      run(io, network.connect({"127.0.0.1", port})), std::system_error, [&](std::system_error const& e) {
        return e.code() == asio::error::connection_refused &&
               std::string(e.what()) == "cannot connect to 127.0.0.1:" + text + ": Connection refused";
      });
  BOOST_CHECK_EXCEPTION(
      run(io, network.connect({"localhost", port})), std::system_error, [&](std::system_error const& e) {
        return has(e.what(), "cannot connect to localhost:" + text + " (") && has(e.what(), "): Connection refused");
      });
}

BOOST_FIXTURE_TEST_CASE(unknown_host_is_named, fixture) {
  BOOST_CHECK_EXCEPTION(run(io, network.connect({"no-such-host.invalid", 1})), std::system_error,
                        [](std::system_error const& e) { return has(e.what(), "no-such-host.invalid"); });
  BOOST_CHECK_THROW(network.listen({"no-such-host.invalid", 0}), std::system_error);
}

BOOST_FIXTURE_TEST_CASE(sockets_have_their_options_set, fixture) {
  auto const inherited = open_sockets();
  auto listener = network.listen({"127.0.0.1", 0});
  auto both = run(io, join(network, *listener, "127.0.0.1"), leftovers::allowed);
  auto sockets = open_sockets();
  for (int const each : inherited) sockets.erase(each);
  int connected = 0;
  for (int const each : sockets) {
    BOOST_TEST((::fcntl(each, F_GETFD) & FD_CLOEXEC) != 0);
    if (option(each, SOL_SOCKET, SO_ACCEPTCONN) == 1) {
      BOOST_TEST(option(each, SOL_SOCKET, SO_REUSEADDR) == 1);
      continue;
    }
    ++connected;
    BOOST_TEST(option(each, IPPROTO_TCP, TCP_NODELAY) == 1);
    BOOST_TEST(option(each, SOL_SOCKET, SO_KEEPALIVE) == 1);
    BOOST_TEST(option(each, IPPROTO_TCP, TCP_USER_TIMEOUT) == 30'000);
  }
  BOOST_TEST(connected == 2);
  both.client->tolerate_silence(std::chrono::minutes(2));
  both.server->tolerate_silence(std::chrono::hours(24 * 365));
  std::set<int> limits;
  for (int const each : sockets)
    if (option(each, SOL_SOCKET, SO_ACCEPTCONN) == 0) limits.insert(option(each, IPPROTO_TCP, TCP_USER_TIMEOUT));
  BOOST_TEST((limits == std::set<int>{120'000, std::numeric_limits<int>::max()}));
}

BOOST_FIXTURE_TEST_CASE(close_aborts_pending_operations, fixture) {
  auto listener = network.listen({"127.0.0.1", 0});
  auto both = run(io, join(network, *listener, "127.0.0.1"), leftovers::allowed);
  auto reading = start(io, read_to_end(*both.server));
  auto accepting = start(io, listener->accept());
  auto writing = start(io, write_all(*both.client, std::vector<std::string>(64, std::string(1'000'000, 'x'))));
  both.server->close();
  run_until_idle(io);
  BOOST_CHECK_EXCEPTION(reading.get(), std::system_error, aborted);
  both.client->close();
  run_until_idle(io);
  BOOST_CHECK_THROW(writing.get(), std::system_error);
  BOOST_CHECK_EXCEPTION(run(io, read_to_end(*both.client), leftovers::allowed), std::system_error, aborted);
  listener->close();
  run_until_idle(io);
  BOOST_CHECK_EXCEPTION(accepting.get(), std::system_error, aborted);
  BOOST_CHECK_EXCEPTION(run(io, listener->accept()), std::system_error, aborted);
}

BOOST_FIXTURE_TEST_CASE(operations_can_be_cancelled, fixture) {
  auto listener = network.listen({"127.0.0.1", 0});
  cancellable accepting(io, listener->accept());
  run_until_idle(io);
  accepting.cancel();
  run_until_idle(io);
  BOOST_CHECK_EXCEPTION(accepting.get(), std::system_error, aborted);
  auto both = run(io, join(network, *listener, "127.0.0.1"), leftovers::allowed);
  cancellable reading(io, read_to_end(*both.server));
  run_until_idle(io);
  reading.cancel();
  run_until_idle(io);
  BOOST_CHECK_EXCEPTION(reading.get(), std::system_error, aborted);
}

BOOST_FIXTURE_TEST_CASE(descriptor_can_be_adopted, fixture) {
  int pair[2];
  BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  auto a = network.adopt(pair[0]);
  auto b = network.adopt(pair[1]);
  BOOST_TEST(a->peer_address() == "local");
  run(io, write_all(*a, {"ad", "opted"}));
  a.reset();
  BOOST_TEST(run(io, read_to_end(*b)) == "adopted");
  BOOST_CHECK_THROW(network.adopt(-1), std::system_error);
}

BOOST_AUTO_TEST_CASE(destroyed_context_closes_its_sockets) {
  auto const open_descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  auto const before = open_descriptors();
  {
    fixture f;
    auto listener = f.network.listen({"localhost", 0});
    auto accepting = start(f.io, listener->accept());
    auto connecting = start(f.io, f.network.connect({"127.0.0.1", listener->local_address().port}));
    f.io.poll();
    BOOST_TEST(open_descriptors() > before);
  }
  BOOST_TEST(open_descriptors() == before);
}

/// Lowers the limit so that no more descriptors can be opened, and restores it.
class no_more_descriptors {
 public:
  no_more_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    // The lowest free number is what the next descriptor would get.
    int const next = ::open("/dev/null", O_RDONLY);
    ::close(next);
    rlimit now = before_;
    now.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~no_more_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

BOOST_FIXTURE_TEST_CASE(accept_waits_until_descriptors_are_available, fixture) {
  dist::test::virtual_clock time;
  dist::tcp_network slow(io, time, log);
  auto listener = slow.listen({"127.0.0.1", 0});
  auto client = run(io, slow.connect({"127.0.0.1", listener->local_address().port}), leftovers::allowed);
  // The undefined-behaviour sanitizer needs a descriptor when it first meets an object's type.
  dist::clock& seam = time;
  seam.cancel(seam.schedule(seam.now(), [] {}));
  auto accepting = start(io, listener->accept());
  {
    no_more_descriptors const limit;
    for (int i = 0; i < 30; ++i) {
      run_until_idle(io);
      BOOST_TEST(!accepting.done());
      BOOST_TEST(time.timer_count() == 1U);
      time.advance(100ms);
    }
  }
  BOOST_TEST(lines.size() == 1U);
  BOOST_TEST(has(lines.at(0), "127.0.0.1:" + std::to_string(listener->local_address().port)));
  run_until_idle(io);
  BOOST_REQUIRE(accepting.done());
  BOOST_TEST(accepting.get()->peer_address() == client->local_address());

  auto again = start(io, listener->accept());
  auto second = run(io, slow.connect({"127.0.0.1", listener->local_address().port}), leftovers::allowed);
  run_until_idle(io);
  BOOST_TEST(again.done());
  auto paused = start(io, listener->accept());
  {
    auto third = run(io, slow.connect({"127.0.0.1", listener->local_address().port}), leftovers::allowed);
    no_more_descriptors const limit;
    run_until_idle(io);
  }
  listener->close();
  run_until_idle(io);
  BOOST_TEST(paused.done());
  BOOST_TEST(time.timer_count() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
