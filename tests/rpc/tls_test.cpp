#include <dist/rpc/detail/tls_network.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/rpc/tls_context.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <random>

#include "io/tls_stream.hpp"
#include "sim/world/memory_network.hpp"
#include "sim/world/memory_stream.hpp"
#include "sim/world/run.hpp"

namespace {

using namespace dist;
using namespace dist::test;

std::string path_of(std::string const& name) { return std::string(DIST_CERTIFICATES) + '/' + name; }

tls_files files_of(std::string const& who, std::string const& authority = {}) {
  tls_files files;
  if (!who.empty()) {
    files.certificate = path_of(who + ".pem");
    files.key = path_of(who + ".key");
  }
  if (!authority.empty()) files.authority = path_of(authority + ".pem");
  return files;
}

/// How one end of a connection ended: empty, or the error.
struct ending {
  std::string problem;
  std::error_code code;
};

task<void> shake(tls_stream& end, ending& how) {
  try {
    co_await end.handshake();
  } catch (std::system_error const& e) {
    how = {e.what(), e.code()};
    end.close();
  }
}

/// The server answers each byte with its successor until the stream ends.
task<void> serve(tls_stream& end, ending& how) {
  co_await shake(end, how);
  if (!how.problem.empty()) co_return;
  try {
    for (;;) {
      std::byte one{};
      co_await end.read_some(asio::mutable_buffer(&one, 1));
      one = static_cast<std::byte>(std::to_integer<unsigned>(one) + 1);
      asio::const_buffer const answer(&one, 1);
      co_await end.write({&answer, 1});
    }
  } catch (std::system_error const& e) {
    if (e.code() != asio::error::eof) how = {e.what(), e.code()};
  }
  end.close();
}

task<void> ask(tls_stream& end, ending& how) {
  co_await shake(end, how);
  if (!how.problem.empty()) co_return;
  try {
    std::byte one{41};
    asio::const_buffer const question(&one, 1);
    co_await end.write({&question, 1});
    co_await end.read_some(asio::mutable_buffer(&one, 1));
    BOOST_TEST(std::to_integer<int>(one) == 42);
  } catch (std::system_error const& e) {
    how = {e.what(), e.code()};
  }
  end.close();
}

task<void> both(tls_stream& server, ending& server_end, tls_stream& client, ending& client_end) {
  task_group ends(co_await asio::this_coro::executor);
  ends.spawn(serve(server, server_end));
  ends.spawn(ask(client, client_end));
  co_await ends.join();
}

struct meeting {
  ending server;
  ending client;
};

meeting meet(tls_files const& server_files, tls_files const& client_files, std::string const& host,
             memory_stream_options ways = {}) {
  asio::io_context io;
  virtual_clock clock;
  auto [here, there] = memory_stream_pair(std::move(ways));
  auto const server = tls_stream::accepting(std::move(here), {}, tls_context::for_server(server_files).value());
  auto const client = tls_stream::connecting(std::move(there), host, tls_context::for_client(client_files).value());
  meeting made;
  run<void>(io, clock, both(*server, made.server, *client, made.client));
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tls)

BOOST_AUTO_TEST_CASE(peer_is_trusted_by_authority_and_name) {
  struct row {
    char const* says;
    tls_files server;
    tls_files client;
    std::string host;
    std::string client_problem;
    std::string server_problem;
  };
  row const rows[] = {
      {"by name", files_of("master"), files_of("", "authority"), "localhost", "", ""},
      {"by address", files_of("master"), files_of("", "authority"), "127.0.0.1", "", ""},
      {"by IPv6 address", files_of("master"), files_of("", "authority"), "::1", "", ""},
      {"both ways", files_of("master", "authority"), files_of("node", "authority"), "master", "", ""},
      {"another host", files_of("elsewhere"), files_of("", "authority"), "localhost", "hostname mismatch", "certificate"},
      {"another address", files_of("master"), files_of("", "authority"), "127.0.0.2", "IP address mismatch", "certificate"},
      {"an unknown authority", files_of("stranger"), files_of("", "authority"), "localhost", "--tls-ca FILE",
       "does not trust"},
      {"an expired certificate of a master", files_of("expired"), files_of("", "authority"), "localhost",
       "certificate has expired; renew it", "this end's certificate has expired; renew it with --tls-cert"},
      {"an expired certificate of a node", files_of("master", "authority"), files_of("expired", "authority"), "localhost",
       "this end's certificate has expired; renew it with --tls-cert", "certificate has expired; renew it"},
      {"no authority", files_of("master"), files_of(""), "localhost", "is not trusted", "does not trust"},
      {"no certificate", files_of("master", "authority"), files_of("", "authority"), "localhost", "--tls-cert FILE",
       "presented no certificate"},
      {"a stranger's certificate", files_of("master", "authority"), files_of("stranger", "authority"), "localhost",
       "does not trust this end's certificate", "is not trusted"},
  };
  for (auto const& row : rows) {
    BOOST_TEST_CONTEXT(row.says) {
      auto const how = meet(row.server, row.client, row.host);
      BOOST_TEST(how.client.problem.empty() == row.client_problem.empty(), how.client.problem);
      BOOST_TEST(how.client.problem.find(row.client_problem) != std::string::npos, how.client.problem);
      BOOST_TEST(how.server.problem.empty() == row.server_problem.empty(), how.server.problem);
      BOOST_TEST(how.server.problem.find(row.server_problem) != std::string::npos, how.server.problem);
      if (!row.client_problem.empty()) BOOST_TEST(how.client.code == errc::denied);
      if (!row.server_problem.empty()) BOOST_TEST(how.server.code == errc::denied);
    }
  }
}

BOOST_AUTO_TEST_CASE(invalid_tls_files_are_rejected) {
  struct row {
    tls_files files;
    std::string says;
  };
  auto wrong_key = files_of("master");
  wrong_key.key = path_of("node.key");
  auto open_key = files_of("node");
  open_key.key = path_of("open.key");
  auto no_key = files_of("master");
  no_key.key = path_of("missing.key");
  auto swapped = files_of("master");
  swapped.certificate = swapped.key;
  auto folder = files_of("master", "authority");
  folder.authority = DIST_CERTIFICATES;
  row const rows[] = {{files_of(""), "--tls-cert FILE --tls-key FILE"},
                      {wrong_key, "node.key: key values mismatch"},
                      {open_key, "chmod 600"},
                      {no_key, "missing.key: No such file"},
                      {swapped, "certificate file"},
                      {folder, "is not a regular file"}};
  for (auto const& row : rows) {
    auto const made = tls_context::for_server(row.files);
    BOOST_TEST_REQUIRE(made.has_error(), row.says);
    BOOST_TEST(made.error().message.find(row.says) != std::string::npos, made.error().message);
    BOOST_TEST(made.error().code == errc::denied);
  }
  tls_files half;
  half.certificate = path_of("node.pem");
  BOOST_TEST(tls_context::for_client(half).has_error());
}

namespace {

std::vector<std::byte> random_bytes(std::size_t count) {
  std::mt19937_64 random(count);
  std::vector<std::byte> bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

task<void> send(tls_stream& end, std::vector<std::byte> const& bytes) {
  // As one gathered write, like frames.
  auto const middle = bytes.size() / 3;
  asio::const_buffer const pieces[] = {{bytes.data(), middle}, {bytes.data() + middle, bytes.size() - middle}};
  co_await end.write(pieces);
}

task<void> receive(tls_stream& end, std::vector<std::byte> const& expected) {
  std::vector<std::byte> got(expected.size());
  for (std::size_t at = 0; at < got.size();)
    at += co_await end.read_some(asio::mutable_buffer(got.data() + at, std::min<std::size_t>(got.size() - at, 5000)));
  BOOST_TEST((got == expected));
}

task<void> exchange(tls_stream& one, tls_stream& other, std::vector<std::byte> const& there,
                    std::vector<std::byte> const& back) {
  task_group hands(co_await asio::this_coro::executor);
  hands.spawn(one.handshake());
  hands.spawn(other.handshake());
  co_await hands.join();
  task_group ways(co_await asio::this_coro::executor);
  ways.spawn(send(one, there));
  ways.spawn(send(other, back));
  ways.spawn(receive(one, back));
  ways.spawn(receive(other, there));
  co_await ways.join();
}

}  // namespace

BOOST_AUTO_TEST_CASE(keying_material_matches_only_within_one_connection) {
  std::vector<std::string> seen;
  for (int i = 0; i < 2; ++i) {
    asio::io_context io;
    virtual_clock clock;
    auto [here, there] = memory_stream_pair();
    auto const server =
        tls_stream::accepting(std::move(here), {}, tls_context::for_server(files_of("master", "authority")).value());
    auto const client = tls_stream::connecting(std::move(there), "localhost",
                                               tls_context::for_client(files_of("node", "authority")).value());
    run<void>(io, clock, exchange(*server, *client, random_bytes(10), random_bytes(11)));
    BOOST_TEST(server->channel_binding().size() == 32U);
    BOOST_TEST((server->channel_binding() == client->channel_binding()));
    seen.push_back(server->channel_binding());
  }
  BOOST_TEST((seen[0] != seen[1]));
}

BOOST_AUTO_TEST_CASE(large_values_cross_both_ways_at_once) {
  auto const there = random_bytes(3'000'000);
  auto const back = random_bytes(1'000'001);
  asio::io_context io;
  virtual_clock clock;
  auto [here, over_there] = memory_stream_pair();
  auto const server = tls_stream::accepting(std::move(here), {}, tls_context::for_server(files_of("master")).value());
  auto const client = tls_stream::connecting(std::move(over_there), "localhost",
                                             tls_context::for_client(files_of("", "authority")).value());
  run<void>(io, clock, exchange(*server, *client, there, back));
}

BOOST_AUTO_TEST_CASE(handshake_works_byte_by_byte) {
  memory_stream_options ways;
  ways.pipe_bytes = 1;
  auto const how = meet(files_of("master", "authority"), files_of("node", "authority"), "localhost", std::move(ways));
  BOOST_TEST(how.client.problem == "");
  BOOST_TEST(how.server.problem == "");
}

BOOST_AUTO_TEST_CASE(plain_text_is_rejected) {
  asio::io_context io;
  virtual_clock clock;
  auto [here, there] = memory_stream_pair();
  auto const server = tls_stream::accepting(std::move(here), buffer(std::string_view("\x16\x03\x01 GET / HTTP/1.1\r\n\r\n")),
                                            tls_context::for_server(files_of("master")).value());
  there->close();
  ending how;
  run<void>(io, clock, shake(*server, how));
  BOOST_TEST(how.problem != "");
  BOOST_TEST(how.code != errc::denied);
}

BOOST_AUTO_TEST_CASE(master_without_tls_is_named_with_the_remedy) {
  asio::io_context io;
  virtual_clock clock;
  auto [here, there] = memory_stream_pair();
  auto const client = tls_stream::connecting(std::move(there), "localhost",
                                             tls_context::for_client(files_of("", "authority")).value());
  // As a master without a certificate does.
  auto hang_up = [](stream& end) -> task<void> {
    std::byte piece[4096];
    co_await end.read_some(asio::buffer(piece));
    end.close();
  };
  auto both_ends = [](task<void> one, task<void> other) -> task<void> {
    task_group ends(co_await asio::this_coro::executor);
    ends.spawn(std::move(one));
    ends.spawn(std::move(other));
    co_await ends.join();
  };
  ending how;
  run<void>(io, clock, both_ends(hang_up(*here), shake(*client, how)));
  BOOST_TEST(how.problem.find("omit --tls and --tls-ca") != std::string::npos, how.problem);
  BOOST_TEST(how.code == errc::protocol_error);  // tried again: the master may be restarting
}

BOOST_AUTO_TEST_CASE(tls_network_connects_and_names_the_untrusted_peer) {
  asio::io_context io;
  virtual_clock clock;
  memory_network plain;
  tls_network secured(plain, tls_context::for_client(files_of("", "authority")).value());
  auto const port = secured.listen({"master", 3000});
  auto const with = tls_context::for_server(files_of("master")).value();
  auto accept = [](listener& at, tls_context const& context) -> task<void> {
    auto peer = co_await at.accept();
    auto const end = tls_stream::accepting(std::move(peer), {}, context);
    ending how;
    co_await serve(*end, how);
    BOOST_TEST(how.problem == "");
  };
  auto both_ends = [](task<void> accepting, tls_network& over) -> task<void> {
    task_group server(co_await asio::this_coro::executor);
    server.spawn(std::move(accepting));
    auto const client = co_await over.connect({"master", 3000});
    client->close();
    co_await server.join();
  };
  run<void>(io, clock, both_ends(accept(*port, with), secured));
}

BOOST_AUTO_TEST_SUITE_END()
