#include <asio/post.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <dist/rpc/stream.hpp>
#include <dist/runtime/token.hpp>

#include "desk.hpp"
#include "http/http_client.hpp"

using namespace std::chrono_literals;
using dist::test::Work;

namespace {

dist::task<dist::http_response> exchange(dist::network& over, dist::http_request request) {
  auto const peer = co_await over.connect({"master", 3000});
  auto answer = co_await dist::http_exchange(*peer, std::move(request), dist::limits());
  co_return std::move(answer.response);
}

dist::task<std::string> send_bytes(dist::network& over, std::string text) {
  auto const peer = co_await over.connect({"master", 3000});
  asio::const_buffer const out[] = {asio::buffer(text)};
  co_await peer->write(out);
  std::string answer;
  try {
    for (;;) {
      char piece[256];
      auto const count = co_await peer->read_some(asio::buffer(piece));
      answer.append(piece, count);
    }
  } catch (std::system_error const&) {
  }
  co_return answer;
}

dist::task<std::unique_ptr<dist::stream>> say(dist::network& over, std::string text) {
  auto peer = co_await over.connect({"master", 3000});
  asio::const_buffer const out[] = {asio::buffer(text)};
  co_await peer->write(out);
  co_return std::move(peer);
}

/// Sends all of its requests at once and counts the bytes of the answers until there are no more.
dist::task<void> flood(dist::network& over, std::string requests, std::size_t& heard) {
  auto const peer = co_await say(over, std::move(requests));
  try {
    for (;;) {
      char piece[4096];
      heard += co_await peer->read_some(asio::buffer(piece));
    }
  } catch (std::system_error const&) {
  }
}

/// The most by which `watched` grows while everything runs once that is ready, until `done`.
class round_watch {
 public:
  round_watch(asio::io_context& io, std::size_t const& watched, std::function<bool()> done)
      : io_(io), watched_(watched), done_(std::move(done)) {
    next();
  }
  std::size_t most() const noexcept { return most_; }

 private:
  void next() {
    asio::post(io_, [this] {
      most_ = std::max(most_, watched_ - before_);
      before_ = watched_;
      if (!done_() && ++rounds_ < 1'000'000) next();
    });
  }
  asio::io_context& io_;
  std::size_t const& watched_;
  std::function<bool()> done_;
  std::size_t before_ = 0;
  std::size_t most_ = 0;
  int rounds_ = 0;
};

struct fixture : dist::test::work_fixture {
  using work_fixture::work_fixture;

  /// A client that has sent a request and waits for the reply.
  std::unique_ptr<dist::stream> client(std::string text) { return world.run(say(world.network, std::move(text))); }
  static std::string post(std::string const& body) {
    return "POST /rpc HTTP/1.1\r\nHost: master:3000\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static std::string read_call(std::string const& label) {
    return R"({"jsonrpc":"2.0","method":"Work.read","params":[")" + label + R"("],"id":1})";
  }

  dist::http_request request(std::string method, std::string path, std::string body = {}) {
    dist::http_request made(std::move(method), std::move(path));
    made.headers.set("Host", "master:3000");
    made.body = std::move(body);
    return made;
  }
  dist::http_response ask(dist::http_request what) { return world.run(exchange(world.network, std::move(what))); }
  dist::http_response get(std::string path) { return ask(request("GET", std::move(path))); }
  std::string rpc(std::string body) {
    auto const answer = ask(request("POST", "/rpc", std::move(body)));
    BOOST_TEST(answer.status == 200U);
    return answer.body;
  }
  void node() {
    world.add("a", 2);
    world.wait_for_nodes(1);
    at->open_all();
  }
  std::int64_t code_of(std::string const& answer) {
    return boost::json::parse(answer).at("error").at("code").as_int64();
  }
};

struct crowded : fixture {
  crowded() : fixture(options()) {}
  static dist::master_options options() {
    dist::master_options made;
    made.limits.connection_count = 3;
    return made;
  }
};

struct secured : fixture {
  secured() : fixture(dist::test::with_secret()) {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(http, fixture)

BOOST_AUTO_TEST_CASE(healthz_answers_200) {
  auto const answer = get("/healthz");
  BOOST_TEST(answer.status == 200U);
  BOOST_TEST(answer.body == "ok\n");
}

BOOST_AUTO_TEST_CASE(status_has_the_documented_members) {
  node();
  auto call = dist::go<&Work::write>(cluster, "w");
  auto const answer = get("/status");
  BOOST_TEST(answer.status == 200U);
  BOOST_TEST(answer.headers.find("Content-Type").value_or("") == "application/json");
  auto const status = boost::json::parse(answer.body).as_object();
  for (auto const* field : {"slots", "in_use", "abandoned", "queued", "queued_bytes", "late_replies"})
    BOOST_TEST(status.at(field).is_int64(), field);
  BOOST_TEST(status.at("slots").as_int64() == 2);
  BOOST_TEST(status.at("waiting").as_string() == "");
  auto const& nodes = status.at("nodes").as_array();
  BOOST_REQUIRE(nodes.size() == 1);
  auto const& one = nodes[0].as_object();
  BOOST_TEST(one.at("name").as_string() == "a");
  BOOST_TEST(one.at("kind").as_string() == "dist");
  BOOST_TEST(one.at("state").as_string() == "living");
  BOOST_TEST(one.at("slots").as_int64() == 2);
  for (auto const* field : {"in_use", "abandoned", "age_ms", "silent_ms"}) BOOST_TEST(one.at(field).is_int64(), field);
  BOOST_TEST(one.at("address").as_string().starts_with("a:"));
  BOOST_TEST(one.at("methods").as_array().size() == dist::services<Work>().methods().size());
  BOOST_TEST(boost::json::serialize(one.at("methods")).find("\"Work.echo\"") != std::string::npos);
  world.run<std::string>(std::move(call));
}

BOOST_AUTO_TEST_CASE(calls_over_http_return_their_results) {
  node();
  BOOST_TEST(rpc(R"({"jsonrpc":"2.0","method":"Work.echo","params":[9007199254740993],"id":7})") ==
             R"({"jsonrpc":"2.0","result":9007199254740993,"id":7})");
  BOOST_TEST(rpc(R"({"jsonrpc":"2.0","method":"Work.plain","params":["x"],"id":"one"})") ==
             R"({"jsonrpc":"2.0","result":"x@a","id":"one"})");
  // As Go calls it.
  BOOST_TEST(rpc(R"({"method":"Work.echo","params":[5],"id":1})") == R"({"id":1,"result":5,"error":null})");
}

BOOST_AUTO_TEST_CASE(failures_map_to_json_rpc_error_codes) {
  node();
  auto const failed = rpc(R"({"jsonrpc":"2.0","method":"Work.fail","params":["out of paper"],"id":1})");
  BOOST_TEST(code_of(failed) == -32000);
  BOOST_TEST(failed.find("out of paper") != std::string::npos);
  auto const unknown = rpc(R"({"jsonrpc":"2.0","method":"Work.none","params":[],"id":1})");
  BOOST_TEST(code_of(unknown) == -32601);
  auto const arguments = rpc(R"({"jsonrpc":"2.0","method":"Work.echo","params":["text"],"id":1})");
  BOOST_TEST(code_of(arguments) == -32602, arguments);
  BOOST_TEST(code_of(rpc(R"({"jsonrpc":"2.0","method":"Work.echo","params":[1,2],"id":1})")) == -32602);
  BOOST_TEST(code_of(rpc("{nonsense")) == -32700);
  BOOST_TEST(code_of(rpc(R"({"jsonrpc":"2.0","params":[1],"id":1})")) == -32600);
}

BOOST_AUTO_TEST_CASE(call_without_a_node_fails_after_the_wait) {
  auto const before = world.clock.now();
  auto const answer = rpc(R"({"jsonrpc":"2.0","method":"Work.echo","params":[1],"id":1})");
  BOOST_TEST((world.clock.now() - before >= 10s && world.clock.now() - before < 11s));
  BOOST_TEST(code_of(answer) == -32005, answer);
  BOOST_TEST(answer.find("no node has joined") != std::string::npos);
  BOOST_TEST(cluster.caller().live_count() == 0);
}

BOOST_AUTO_TEST_CASE(batches_and_notifications_are_handled) {
  node();
  BOOST_TEST(rpc(R"([{"jsonrpc":"2.0","method":"Work.echo","params":[1],"id":1},)"
                 R"({"jsonrpc":"2.0","method":"Work.plain","params":["note"]},)"
                 R"({"jsonrpc":"2.0","method":"Work.echo","params":[2],"id":2}])") ==
             R"([{"jsonrpc":"2.0","result":1,"id":1},{"jsonrpc":"2.0","result":2,"id":2}])");
  BOOST_TEST(at->has_begun("note@a"));
  auto const silent = ask(request("POST", "/rpc", R"({"jsonrpc":"2.0","method":"Work.plain","params":["again"]})"));
  BOOST_TEST(silent.status == 204U);
  BOOST_TEST(silent.body == "");
  BOOST_TEST(at->has_begun("again@a"));
  BOOST_TEST(code_of(rpc("[]")) == -32600);
}

BOOST_AUTO_TEST_CASE(methods_are_found_in_go_spelling) {
  node();
  BOOST_TEST(rpc(R"({"method":"Work.LeftUs","params":[],"id":1})") == R"({"id":1,"result":-1,"error":null})");
  BOOST_TEST(rpc(R"({"jsonrpc":"2.0","method":"Work.LeftUs","params":[],"id":1})") ==
             R"({"jsonrpc":"2.0","result":-1,"id":1})");
  BOOST_TEST(code_of(rpc(R"({"jsonrpc":"2.0","method":"Work.LEFTUS","params":[],"id":1})")) == -32601);
}

BOOST_AUTO_TEST_CASE(running_calls_are_cancelled_when_their_client_leaves) {
  world.add("a", 3);
  world.wait_for_nodes(1);
  auto const batch = "[" + read_call("one") + "," + read_call("two") + "]";
  for (auto const& text : {post(batch), batch}) {  // over HTTP, and as JSON over TCP
    at->begun.clear();
    at->cancelled.clear();
    auto peer = client(text);
    auto staying = client(post(read_call("three")));
    BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 3; }));
    peer->close();
    world.pass(1ms);
    std::ranges::sort(at->cancelled);
    BOOST_TEST(at->cancelled == (std::vector<std::string>{"one@a", "two@a"}), boost::test_tools::per_element());
    BOOST_TEST(cluster.caller().live_count() == 1U);
    BOOST_TEST(status("abandoned") == "0");
    staying->close();
    world.pass(1ms);
    BOOST_TEST(cluster.caller().live_count() == 0U);
    BOOST_TEST(status("in_use") == "0");
  }
}

BOOST_AUTO_TEST_CASE(queued_calls_are_withdrawn_when_their_client_leaves) {
  auto peer = client(post(read_call("one")));
  BOOST_REQUIRE(world.drive_until([&] { return cluster.caller().live_count() == 1; }));
  peer->close();
  world.pass(1ms);
  BOOST_TEST(cluster.caller().live_count() == 0U);
}

BOOST_AUTO_TEST_CASE(client_may_pipeline_requests) {
  node();
  auto const answers = world.run(send_bytes(
      world.network, post(read_call("one")) + post(read_call("two")) +
                         "GET /healthz HTTP/1.1\r\nHost: master:3000\r\nConnection: close\r\n\r\n"));
  BOOST_TEST(answers.find("one@a") < answers.find("two@a"));
  BOOST_TEST(answers.ends_with("ok\n"));
}

BOOST_AUTO_TEST_CASE(foreign_pages_in_a_browser_are_rejected) {
  node();
  std::string const call = R"({"jsonrpc":"2.0","method":"Work.echo","params":[1],"id":1})";
  auto foreign = request("POST", "/rpc", call);
  foreign.headers.set("Origin", "http://evil.example");
  BOOST_TEST(ask(foreign).status == 403U);
  auto crossing = request("POST", "/rpc", call);
  crossing.headers.set("Sec-Fetch-Site", "cross-site");
  BOOST_TEST(ask(crossing).status == 403U);
  auto rebound = request("POST", "/rpc", call);
  rebound.headers.set("Host", "evil.example");
  BOOST_TEST(ask(rebound).status == 403U);
  auto node_rebound = request("GET", "/register-node");
  node_rebound.headers.set("Host", "evil.example");
  BOOST_TEST(ask(node_rebound).status == 403U);
  BOOST_TEST(at->begun.empty());
}

BOOST_AUTO_TEST_CASE(wrong_methods_and_paths_are_rejected) {
  struct row {
    char const* method;
    char const* path;
    unsigned status;
    char const* allow;
  };
  row const rows[] = {{"POST", "/healthz", 405, "GET, HEAD"}, {"DELETE", "/status", 405, "GET, HEAD"},
                      {"GET", "/rpc", 405, "POST"},           {"POST", "/register-node", 405, "GET"},
                      {"GET", "/nothing", 404, ""},           {"POST", "/", 405, "GET, HEAD"},
                      {"POST", "/events", 405, "GET"},
                      {"GET", "/register-node", 400, ""}};
  for (auto const& one : rows) {
    auto const answer = ask(request(one.method, one.path));
    BOOST_TEST(answer.status == one.status, one.path);
    BOOST_TEST(answer.headers.find("Allow").value_or("") == one.allow, one.path);
  }
}

BOOST_AUTO_TEST_CASE(unknown_protocol_is_closed_with_one_log_line) {
  dist::test::run_until_idle(world.io);
  for (auto const* text : {"\x01\x02\x03\x04", "\x16\x03\x01\x02", "123"}) {
    auto const lines = std::ranges::count(world.logged(), '\n');
    BOOST_TEST(world.run(send_bytes(world.network, text)) == "");
    world.pass(1ms);
    BOOST_TEST(std::ranges::count(world.logged(), '\n') == lines + 1, world.logged());
  }
}

BOOST_AUTO_TEST_CASE(silent_client_is_closed_in_time) {
  auto const before = world.clock.now();
  BOOST_TEST(world.run(send_bytes(world.network, "")) == "");
  BOOST_TEST((world.clock.now() - before <= 11s));
  world.run(send_bytes(world.network, "GET /status HT"));
  BOOST_TEST((world.clock.now() - before <= 45s));
}

BOOST_AUTO_TEST_CASE(log_names_the_expired_limit) {
  world.run(send_bytes(world.network, ""));
  world.pass(1ms);
  BOOST_TEST(world.has_logged("it sent no recognizable protocol within 10 s, the limit (handshake)"), world.logged());
  world.run(send_bytes(world.network, "GET /register-node?port=1 HTTP/1.1\r\nHost: master:3000\r\n"
                                      "Connection: Upgrade\r\nUpgrade: dist/1\r\n\r\n"));
  world.pass(1ms);
  BOOST_TEST(world.has_logged("no hello within 10 s, the limit (handshake)"), world.logged());
  BOOST_TEST(!world.has_logged("aborted"), world.logged());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(http_crowded, crowded)

BOOST_AUTO_TEST_CASE(connections_beyond_the_limit_are_closed) {
  std::vector<std::unique_ptr<dist::stream>> kept;
  for (int i = 0; i < 3; ++i) kept.push_back(client("GET"));
  for (int i = 0; i < 5; ++i) BOOST_TEST(world.run(send_bytes(world.network, "GET")).empty());
  BOOST_TEST(world.count_logged("the limit (connection_count) of 3 is reached") == 1U);
  kept.pop_back();
  BOOST_TEST(get("/healthz").status == 200U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(http_with_a_secret, secured)

BOOST_AUTO_TEST_CASE(calls_need_the_token) {
  node();
  std::string const call = R"({"jsonrpc":"2.0","method":"Work.echo","params":[1],"id":1})";
  auto const refused = ask(request("POST", "/rpc", call));
  BOOST_TEST(refused.status == 401U);
  BOOST_TEST(refused.headers.find("WWW-Authenticate").value_or("") == "Bearer");
  for (std::string const wrong : {"Bearer nonsense", "Bearer ", "Basic abc", "Bearer a secret of some length"}) {
    auto with = request("POST", "/rpc", call);
    with.headers.set("Authorization", wrong);
    BOOST_TEST(ask(with).status == 401U, wrong);
  }
  auto right = request("POST", "/rpc", call);
  right.headers.set("Authorization", "Bearer " + dist::bearer_token("a secret of some length"));
  auto const answer = ask(right);
  BOOST_TEST(answer.status == 200U);
  BOOST_TEST(answer.body == R"({"jsonrpc":"2.0","result":1,"id":1})");
  BOOST_TEST(get("/healthz").status == 200U);
}

BOOST_AUTO_TEST_CASE(body_is_read_only_from_authorized_callers) {
  // No byte of the bodies is sent: a server that waits for them would not answer.
  auto const answer_to = [&](std::string const& first_line, std::string const& more = {}) {
    return world.run(send_bytes(world.network, first_line + " HTTP/1.1\r\nHost: master:3000\r\n" + more +
                                                   "Content-Length: 60000000\r\n\r\n"));
  };
  BOOST_TEST(answer_to("POST /rpc").starts_with("HTTP/1.1 401 "));
  auto const shown = [](std::string const& token) { return "Authorization: Bearer " + token + "\r\n"; };
  BOOST_TEST(answer_to("POST /rpc", shown("nonsense")).starts_with("HTTP/1.1 401 "));
  BOOST_TEST(answer_to("POST /rpc", shown(dist::viewer_token("a secret of some length"))).starts_with("HTTP/1.1 403 "));
  BOOST_TEST(answer_to("POST /nothing").starts_with("HTTP/1.1 404 "));
  BOOST_TEST(answer_to("GET /status").starts_with("HTTP/1.1 401 "));
  auto const looking = shown(dist::viewer_token("a secret of some length"));
  BOOST_TEST(answer_to("POST /status", looking).starts_with("HTTP/1.1 405 "));
  BOOST_TEST(answer_to("GET /status", looking).find("/status takes no body") != std::string::npos);
  // From an authorized caller the body is awaited, for at most `frame_idle`.
  BOOST_TEST(answer_to("POST /rpc", shown(dist::bearer_token("a secret of some length"))).empty());
}

BOOST_AUTO_TEST_CASE(token_sent_in_plain_text_from_afar_is_rejected) {
  dist::test::host_network elsewhere(world.network, "10.1.2.3");
  auto from_there = [&](std::string const& token) {
    auto made = request("GET", "/status");
    made.headers.set("Authorization", "Bearer " + token);
    return world.run(exchange(elsewhere, std::move(made)));
  };
  auto const answer = from_there(dist::bearer_token("a secret of some length"));
  BOOST_TEST(answer.status == 403U);
  BOOST_TEST(answer.body.find("loopback or TLS") != std::string::npos, answer.body);
  // A wrong token gets the same answer, so that nothing is revealed.
  BOOST_TEST(from_there("nonsense").status == 403U);
}

BOOST_AUTO_TEST_CASE(viewer_token_can_look_but_not_call) {
  dist::test::host_network elsewhere(world.network, "10.1.2.3");
  dist::test::host_network here(world.network, "127.0.0.1");
  auto const viewer = dist::viewer_token("a secret of some length");
  for (std::string const path : {"/status", "/metrics"}) {
    auto const asked = request("GET", path);
    BOOST_TEST(world.run(exchange(elsewhere, asked)).status == 401U, path);
    BOOST_TEST(world.run(exchange(here, asked)).status == 401U, path);
    auto shown = asked;
    shown.headers.set("Authorization", "Bearer " + viewer);
    BOOST_TEST(world.run(exchange(here, shown)).status == 200U, path);
    auto posted = request("POST", path);
    posted.headers.set("Authorization", "Bearer " + viewer);
    BOOST_TEST(world.run(exchange(here, posted)).status == 405U, path);
    auto foreign = asked;
    foreign.headers.set("Sec-Fetch-Site", "cross-site");
    BOOST_TEST(world.run(exchange(here, foreign)).status == 403U, path);
  }
  // Draining a node or cancelling a job needs the right to call.
  for (std::string const path : {"/drain", "/cancel"}) {
    BOOST_TEST(world.run(exchange(here, request("POST", path))).status == 401U, path);
    auto shown = request("POST", path);
    shown.headers.set("Authorization", "Bearer " + viewer);
    BOOST_TEST(world.run(exchange(here, shown)).status == 403U, path);
    shown.headers.set("Authorization", "Bearer " + dist::bearer_token("a secret of some length"));
    BOOST_TEST(world.run(exchange(here, shown)).status == 404U, path);
  }
}

BOOST_AUTO_TEST_CASE(embedded_cluster_can_be_viewed_from_loopback_only) {
  auto options = dist::test::with_secret();
  options.loopback_may_look = true;
  fixture embedded(options);
  dist::test::host_network elsewhere(embedded.world.network, "10.1.2.3");
  dist::test::host_network here(embedded.world.network, "127.0.0.1");
  for (std::string const path : {"/status", "/metrics"}) {
    BOOST_TEST(embedded.world.run(exchange(here, request("GET", path))).status == 200U, path);
    BOOST_TEST(embedded.world.run(exchange(elsewhere, request("GET", path))).status == 401U, path);
  }
  BOOST_TEST(embedded.world.run(exchange(here, request("POST", "/rpc", "{}"))).status == 401U);
}

BOOST_AUTO_TEST_CASE(a_crowd_without_a_token_gets_one_answer_at_a_time) {
  constexpr std::size_t members = 100;
  constexpr std::size_t requests = 20;
  for (std::string const path : {"/status", "/healthz", "/nothing"}) {
    auto const one = "GET " + path + " HTTP/1.1\r\nHost: master:3000\r\n";
    auto const answer_bytes = world.run(send_bytes(world.network, one + "\r\n")).size();
    std::string speech;
    for (std::size_t i = 1; i < requests; ++i) speech += one + "\r\n";
    speech += one + "Connection: close\r\n\r\n";
    std::size_t heard = 0;
    std::vector<dist::test::started<void>> crowd;
    for (std::size_t i = 0; i < members; ++i) crowd.push_back(dist::test::start(world.io, flood(world.network, speech, heard)));
    auto const ended = [&] { return std::ranges::all_of(crowd, [](auto const& member) { return member.done(); }); };
    round_watch const rounds(world.io, heard, ended);
    BOOST_TEST(world.drive_until(ended));
    BOOST_TEST(heard >= members * requests * answer_bytes);
    BOOST_TEST(rounds.most() <= 10 * answer_bytes, path << ": " << rounds.most() / answer_bytes << " answers at once");
  }
}

BOOST_AUTO_TEST_CASE(json_over_tcp_is_rejected_with_a_secret) {
  node();
  auto const answer = world.run(send_bytes(world.network, R"({"method":"Work.Echo","params":[5],"id":1})"));
  BOOST_TEST(answer.find("bearer token") != std::string::npos, answer);
  BOOST_TEST(answer.find("\"result\":5") == std::string::npos);
  BOOST_TEST(answer.find("\"id\":1,") != std::string::npos, answer);
  // It is rejected at its first byte.
  auto const before = world.clock.now();
  auto const at_once = world.run(send_bytes(world.network, "{"));
  BOOST_TEST(at_once.find("bearer token") != std::string::npos, at_once);
  BOOST_TEST((world.clock.now() - before < 5s));
  auto const batch = world.run(send_bytes(world.network, R"([{"method":"Work.Echo","params":[5],"id":7}])"));
  BOOST_TEST(batch.starts_with("[{\"id\":7,"), batch);
}

BOOST_AUTO_TEST_SUITE_END()
