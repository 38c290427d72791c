#include <boost/test/unit_test.hpp>
#include <dist/dist.hpp>
#include <dist/rpc/http_server.hpp>
#include <dist/rpc/sleep.hpp>

#include "http/http_client.hpp"
#include "jsonrpc/json_session.hpp"
#include "support/memory_cluster.hpp"

namespace {

using namespace std::chrono_literals;

struct range {
  std::int64_t start_at = 0;
  std::int64_t end = 0;
};
BOOST_DESCRIBE_STRUCT(range, (), (start_at, end))

struct Arith {
  dist::clock* time = nullptr;

  std::int64_t sum(std::vector<std::int64_t> const&) const { return 12; }
  std::int64_t check_n(range const&) const { return 0; }
  std::int64_t add(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
  dist::task<std::int64_t> nap(std::int64_t ms) const {
    co_await dist::sleep_for(*time, std::chrono::milliseconds(ms));
    co_return ms;
  }
};
BOOST_DESCRIBE_STRUCT(Arith, (), (sum, check_n, add, nap))

/// A minimal Go node, as a master sees it: it has Arith.Sum and Arith.CheckN.
class go_node {
 public:
  go_node(dist::seams const& world, std::uint16_t port)
      : world_(world), listener_(world.network.listen({"127.0.0.1", port})), tasks_(world.io.get_executor()) {
    tasks_.spawn(accept());
  }
  ~go_node() { die(); }

  std::uint16_t port() const { return listener_->local_address().port; }
  /// Closes its connections and its listener.
  void die() {
    listener_->close();
    tasks_.stop();
    dist::test::run_until_idle(world_.io);
  }
  void answer_held() {
    for (auto const& [session, id] : std::exchange(held, {})) session->answer(id, "12");
  }

  std::vector<std::string> asked;
  std::vector<std::pair<dist::json_session*, dist::call_id>> held;
  bool holds = false;

 private:
  dist::task<void> accept() {
    for (;;) tasks_.spawn(serve(co_await listener_->accept()));
  }
  dist::task<void> serve(std::unique_ptr<dist::stream> peer) {
    dist::json_session session(std::move(peer), world_, {});
    dist::json_session::handler handler = [&](dist::call_id id, dist::rpc_request const& request) {
      asked.push_back(request.method + " " + request.params_text);
      if (request.method != "Arith.Sum" && request.method != "Arith.CheckN")
        return session.refuse(id, dist::make_fault(dist::errc::unknown_method, ""));
      if (holds) return held.emplace_back(&session, id), void();
      session.answer(id, "12");
    };
    try {
      co_await session.run(std::move(handler));
    } catch (std::system_error const&) {
      // The master hung up.
    }
  }

  dist::seams world_;
  std::unique_ptr<dist::listener> listener_;
  dist::task_group tasks_;
};

dist::task<unsigned> register_at(dist::seams world, std::string query) {
  dist::address const master{"master", 3000};
  auto const peer = co_await world.network.connect(master);
  dist::http_request request("GET", "/register-node");
  request.query = dist::parse_query(query).value();
  request.headers.set("Host", "master:3000");
  auto const answer = co_await dist::http_exchange(*peer, std::move(request), {});
  co_return answer.response.status;
}

struct fixture {
  explicit fixture(dist::master_options options = {})
      : world(dist::services(Arith{}), std::move(options)), cluster(world.cluster()) {}

  unsigned join(std::uint16_t port, std::string more = {}) {
    return world.run<unsigned>(register_at(world.world(), "port=" + std::to_string(port) + more));
  }
  bool says(std::string const& text) const { return world.logged().find(text) != std::string::npos; }
  bool status_says(std::string const& text) { return world.master().status_json().find(text) != std::string::npos; }

  dist::test::memory_cluster world;
  dist::cluster cluster;
};

dist::errc code_of(dist::call_error const& e) { return e.fault().code; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(go_nodes, fixture)

BOOST_AUTO_TEST_CASE(go_node_is_called_in_go_spelling) {
  go_node node(world.world(), 0);
  BOOST_TEST(join(node.port(), "&slots=3") == 201U);
  world.wait_for_nodes(1);
  BOOST_TEST(status_says(R"("kind":"go","state":"living","slots":3)"));
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Arith::sum>(cluster, {2, 4, 6})) == 12);
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Arith::check_n>(cluster, range{1, 2})) == 12);
  std::vector<std::string> const expected{"Dist.Beat [0]", "Arith.Sum [[2,4,6]]",
                                          R"(Arith.CheckN [{"StartAt":1,"End":2}])"};
  BOOST_TEST(std::vector<std::string>(node.asked.begin(), node.asked.begin() + 3) == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(method_that_a_go_node_lacks_is_unknown_there) {
  go_node node(world.world(), 0);
  join(node.port());
  world.wait_for_nodes(1);
  for (int attempt = 0; attempt < 2; ++attempt)
    BOOST_CHECK_EXCEPTION(world.run<std::int64_t>(dist::call_by_name<std::int64_t>(cluster, "Arith.missing", 1)),
                          dist::call_error, [](auto const& e) {
                            return code_of(e) == dist::errc::unknown_method &&
                                   e.fault().known == dist::progress::not_started;
                          });
  // The second call was not sent: the master knew the answer.
  BOOST_TEST(std::ranges::count(node.asked, "Arith.Missing [1]") == 1);
}

BOOST_AUTO_TEST_CASE(method_type_of_a_connected_job_decides_what_is_repeatable) {
  go_node first(world.world(), 0);
  first.holds = true;
  join(first.port(), "&slots=2");
  world.wait_for_nodes(1);
  auto const on = world.connect("job").link.calls();
  // As a peer that writes JSON itself would call it.
  auto const start = [&](dist::method_key const& method) {
    auto call = on.make_call(method, {});
    call->codec = dist::codec::json;
    call->arguments.append(dist::as_bytes("[[2,4,6]]"));
    return dist::start_call<std::int64_t>(on, std::move(call));
  };
  dist::method_key const careful{"Arith.sum", false, nullptr};
  auto twice = start(dist::key_of<&Arith::sum, Arith>());
  auto once = start(careful);
  BOOST_TEST_REQUIRE(world.drive_until([&] { return first.held.size() == 2; }));
  go_node second(world.world(), 0);
  join(second.port());
  world.wait_for_nodes(2);
  first.die();
  BOOST_TEST(world.run<std::int64_t>(std::move(twice)) == 12);
  BOOST_CHECK_EXCEPTION(world.run<std::int64_t>(std::move(once)), dist::call_error,
                        [](auto const& e) { return code_of(e) == dist::errc::connection_lost; });
}

BOOST_AUTO_TEST_CASE(go_node_takes_exactly_one_argument) {
  go_node node(world.world(), 0);
  join(node.port());
  world.wait_for_nodes(1);
  BOOST_CHECK_EXCEPTION(
      world.run<std::int64_t>(dist::call<&Arith::add>(cluster, 1, 2, 3)), dist::call_error, [](auto const& e) {
        return code_of(e) == dist::errc::bad_arguments && e.fault().known == dist::progress::not_started &&
               e.fault().message.find("exactly one argument, not 3") != std::string::npos;
      });
}

BOOST_AUTO_TEST_CASE(call_that_a_go_node_cannot_take_goes_elsewhere) {
  go_node node(world.world(), 0);
  join(node.port());
  world.add_node("a");
  world.wait_for_nodes(2);
  std::vector<dist::pending<std::int64_t>> calls;
  for (std::int64_t i = 0; i < 10; ++i) calls.push_back(dist::go<&Arith::add>(cluster, i, 1, 2));
  auto const results = world.run(dist::all(std::move(calls)));
  for (std::int64_t i = 0; i < 10; ++i) BOOST_TEST(results[static_cast<std::size_t>(i)] == i + 3);
}

BOOST_AUTO_TEST_CASE(only_repeatable_calls_survive_the_death_of_a_go_node) {
  go_node first(world.world(), 0);
  first.holds = true;
  join(first.port(), "&slots=2");
  world.wait_for_nodes(1);
  auto moves = dist::go<&Arith::sum>(cluster, {1});
  auto ends = dist::call_by_name<std::int64_t>(cluster, "Arith.sum", std::vector<std::int64_t>{1});
  BOOST_REQUIRE(world.drive_until([&] { return first.held.size() == 2; }));
  go_node second(world.world(), 0);
  join(second.port());
  world.wait_for_nodes(2);
  first.die();
  BOOST_TEST(world.run<std::int64_t>(std::move(moves)) == 12);
  BOOST_CHECK_EXCEPTION(world.run<std::int64_t>(std::move(ends)), dist::call_error, [](auto const& e) {
    return code_of(e) == dist::errc::connection_lost && e.fault().known == dist::progress::unknown;
  });
}

BOOST_AUTO_TEST_CASE(cancelled_call_keeps_its_slot_until_a_go_node_answers) {
  go_node node(world.world(), 0);
  node.holds = true;
  join(node.port());
  world.wait_for_nodes(1);
  auto call = dist::go<&Arith::sum>(cluster, {1});
  BOOST_REQUIRE(world.drive_until([&] { return node.held.size() == 1; }));
  call.cancel();
  BOOST_CHECK_THROW(world.run<std::int64_t>(std::move(call)), dist::call_error);
  BOOST_TEST(status_says(R"("in_use":1,"abandoned":1)"));
  node.answer_held();
  BOOST_TEST(world.drive_until([&] { return status_says(R"("in_use":0,"abandoned":0)"); }));
}

BOOST_AUTO_TEST_CASE(go_node_is_dialled_again_without_a_new_registration) {
  std::optional<go_node> node(std::in_place, world.world(), 0);
  auto const port = node->port();
  join(port);
  world.wait_for_nodes(1);
  // Registering the same address again gives no second node.
  BOOST_TEST(join(port) == 201U);
  BOOST_TEST(status_says(R"("slots":1,"in_use":0)"));
  node->die();
  BOOST_REQUIRE(world.drive_until([&] { return says("left: "); }));
  auto const back_at = world.clock.now() + 5min;
  BOOST_REQUIRE(world.drive_until([&] { return world.clock.now() > back_at; }));
  node.emplace(world.world(), port);
  world.wait_for_nodes(1);
  BOOST_TEST(world.run<std::int64_t>(dist::call<&Arith::sum>(cluster, {1})) == 12);
}

BOOST_AUTO_TEST_CASE(go_node_that_was_never_reached_is_given_up_soon) {
  BOOST_TEST(join(40'999) == 201U);
  auto const began = world.clock.now();
  BOOST_REQUIRE(world.drive_until([&] { return says("never answered; giving up until it registers again"); }));
  BOOST_TEST((world.clock.now() - began < 10s));
  go_node node(world.world(), 40'999);
  BOOST_TEST(join(40'999) == 201U);
  world.wait_for_nodes(1);
}

BOOST_AUTO_TEST_CASE(unresponsive_go_nodes_are_limited_per_address) {
  unsigned accepted = 0;
  for (std::uint16_t i = 0; i < 200; ++i)
    if (join(static_cast<std::uint16_t>(30'000 + i)) == 201U) ++accepted;
  BOOST_TEST(accepted == 64U);
  BOOST_TEST(join(30'000) == 201U);
  // They do not count as connections, and the log does not grow with them.
  BOOST_TEST(world.count_logged("cannot reach the Go node: ") == 5U);
  go_node node(world.world(), 0);
  world.network.client_host = "127.0.0.2";
  BOOST_TEST(join(31'000) == 201U);
  world.network.client_host = "127.0.0.1";
  BOOST_REQUIRE(world.drive_until([&] { return join(node.port()) == 201U; }));
  world.wait_for_nodes(1);
}

BOOST_AUTO_TEST_CASE(repeated_registration_does_not_speed_up_dialling) {
  auto const port = world.network.listen({"127.0.0.1", 40'999});
  std::size_t dials = 0;
  auto const accepting = dist::test::start(world.io, [](dist::listener& at, std::size_t& count) -> dist::task<void> {
    for (;; ++count) (co_await at.accept())->close();
  }(*port, dials));
  auto const began = world.clock.now();
  for (int i = 0; i < 1000; ++i) {
    join(40'999);
    world.pass(10ms);
  }
  BOOST_TEST(dials >= 1U);
  BOOST_TEST(dials <= static_cast<std::size_t>((world.clock.now() - began) / 1s) + 1);
  port->close();
}

BOOST_AUTO_TEST_CASE(invalid_reply_does_not_count_as_a_sign_of_life) {
  auto const port = world.network.listen({"127.0.0.1", 0});
  join(port->local_address().port);
  auto const spoke = world.run<bool>([](dist::listener& at) -> dist::task<bool> {
    auto const peer = co_await at.accept();
    std::string const text = "[1, 2]\n";
    asio::const_buffer const bytes(text.data(), text.size());
    co_await peer->write({&bytes, 1});
    co_return true;
  }(*port));
  BOOST_TEST(spoke);
  BOOST_REQUIRE(world.drive_until([&] { return says("giving up until it registers again"); }));
  BOOST_TEST(!says(" joined ("));
}

BOOST_AUTO_TEST_CASE(lost_go_node_is_dialled_for_ten_minutes) {
  std::optional<go_node> first(std::in_place, world.world(), 40'999);
  BOOST_TEST(join(40'999) == 201U);
  world.wait_for_nodes(1);
  first->die();
  first.reset();
  auto const began = world.clock.now();
  BOOST_REQUIRE(world.drive_until([&] { return says("giving up until it registers again"); }));
  BOOST_TEST((world.clock.now() - began >= 10min));
  BOOST_TEST((world.clock.now() - began < 11min));
  go_node node(world.world(), 40'999);
  BOOST_TEST(join(40'999) == 201U);
  world.wait_for_nodes(1);
}

BOOST_AUTO_TEST_CASE(silent_go_node_is_judged_like_any_other) {
  go_node node(world.world(), 0);
  join(node.port());
  world.wait_for_nodes(1);
  world.network.connect_plan->stall();
  BOOST_TEST(world.drive_until([&] { return says("is silent"); }));
  world.network.connect_plan->resume();
  BOOST_TEST(world.drive_until([&] { return says("is back"); }));
}

BOOST_AUTO_TEST_CASE(only_loopback_may_register_by_default) {
  BOOST_TEST(world.run<unsigned>(register_at(world.world(), "")) == 400U);
  BOOST_TEST(join(1, "&slots=0") == 400U);
  world.network.client_host = "10.1.2.3";
  BOOST_TEST(join(1) == 403U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(go_networks)

BOOST_AUTO_TEST_CASE(with_a_secret_only_named_networks_may_register) {
  for (std::string const network : {"", "127.0.0.1", "127.0.0.0/8", "10.1.0.0/16"}) {
    dist::master_options options;
    options.secret = "a secret of some length";
    if (!network.empty()) options.go_nodes = {network};
    fixture f(options);
    go_node node(f.world.world(), 0);
    auto const named = network.starts_with("127");
    BOOST_TEST(f.join(node.port()) == (named ? 201U : 403U), network);
    dist::test::run_until_idle(f.world.io);
    BOOST_TEST(node.asked.empty() == !named, network);
    BOOST_TEST(f.says("was rejected: a node that registers without Upgrade") == !named, network);
  }
}

BOOST_AUTO_TEST_CASE(go_nodes_of_a_named_network_may_register) {
  dist::master_options options;
  options.go_nodes = {"192.0.2.0/24", "10.1.0.0/16"};
  fixture f(options);
  f.world.network.client_host = "10.1.2.3";
  BOOST_TEST(f.join(1) == 201U);
  f.world.network.client_host = "10.2.2.3";
  BOOST_TEST(f.join(1) == 403U);
}

BOOST_AUTO_TEST_CASE(invalid_network_is_rejected) {
  dist::master_options options;
  options.go_nodes = {"10.1.0.0/99"};
  BOOST_CHECK_EXCEPTION(fixture f(options), dist::call_error, [](auto const& e) {
    return code_of(e) == dist::errc::bad_arguments && e.fault().message.find("10.1.0.0/99") != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
