#include <boost/test/unit_test.hpp>
#include <dist/rpc/detail/compute_pool.hpp>
#include <map>

#include "jsonrpc/json_session.hpp"
#include "sim/world/memory_network.hpp"
#include "sim/world/run.hpp"
#include "sim/world/seeded_entropy.hpp"

namespace {

using namespace dist;
using namespace std::chrono_literals;

/// A session whose handler only records the requests; the test answers them. `other` is the peer's end.
struct fixture {
  explicit fixture(dist::limits given = {}, test::memory_stream_options options = {}) : bounds(given) {
    auto pair = test::memory_stream_pair(std::move(options));
    other = std::move(pair.second);
    session.emplace(std::move(pair.first), world, bounds);
  }

  void start() {
    json_session::handler handler = [this](call_id id, rpc_request const& request) {
      asked[request.method] = id;
      params[request.method] = request.params_text;
      if (on_asked) on_asked(id);
    };
    running = test::start(io, session->run(std::move(handler)));
    turn();
  }
  void turn() { test::run_until_idle(io); }
  void say(std::string words) {
    auto write = [](stream& to, std::string what) -> task<void> {
      asio::const_buffer const bytes = asio::buffer(what);
      std::span<asio::const_buffer const> const all(&bytes, 1);
      co_await to.write(all);
    };
    auto said = test::start(io, write(*other, std::move(words)));
    turn();
    BOOST_REQUIRE(said.done());
  }
  /// What the peer has received since the last call, followed by "<end>" once the stream has ended.
  std::string heard() {
    turn();
    if (!listening) {
      auto listen = [](stream& from, std::string& into) -> task<void> {
        char piece[256];
        try {
          for (;;) {
            auto const count = co_await from.read_some(asio::buffer(piece));
            into.append(piece, count);
          }
        } catch (std::system_error const&) {
          into += "<end>";
        }
      };
      listening = test::start(io, listen(*other, text));
    }
    turn();
    return std::exchange(text, {});
  }
  ~fixture() {
    session->close();
    other->close();
    turn();
  }

  asio::io_context io;
  test::virtual_clock clock;
  test::memory_network network;
  inline_compute compute{io};
  test::seeded_entropy entropy;
  dist::log log{log_level::off};
  seams world{io, clock, network, compute, entropy, log};
  dist::limits bounds;
  std::unique_ptr<stream> other;
  std::optional<json_session> session;
  std::map<std::string, call_id> asked;
  std::map<std::string, std::string> params;
  std::function<void(call_id)> on_asked;
  std::optional<test::started<void>> running;
  std::optional<test::started<void>> listening;
  std::string text;
};

std::string request(std::string const& method, std::string const& id, std::string const& parameters = "[1]") {
  return R"({"jsonrpc":"2.0","method":")" + method + R"(","params":)" + parameters + R"(,"id":)" + id + "}";
}

BOOST_AUTO_TEST_SUITE(json_session_test)

BOOST_AUTO_TEST_CASE(replies_are_sent_in_completion_order) {
  fixture f;
  f.start();
  f.say(request("a", "1") + request("b", "\"two\"") + "\n" + R"({"method":"c","params":[{"X":1}],"id":3})");
  BOOST_TEST(f.asked.size() == 3U);
  BOOST_TEST(f.params["c"] == R"([{"X":1}])");
  BOOST_TEST(f.heard() == "");
  f.session->answer(f.asked["c"], "true");
  BOOST_TEST(f.heard() == R"({"id":3,"result":true,"error":null})"
                          "\n");
  f.session->answer(f.asked["b"], "12");
  f.session->refuse(f.asked["a"], make_fault(errc::unknown_method, "no such"));
  BOOST_TEST(f.heard() == R"({"jsonrpc":"2.0","result":12,"id":"two"})"
                          "\n"
                          R"({"jsonrpc":"2.0","error":{"code":-32601,"message":"no such",)"
                          R"("data":{"code":"unknown_method","known":"not_started","may":"never"}},"id":1})"
                          "\n");
  f.session->answer(f.asked["a"], "1");
  BOOST_TEST(f.heard() == "");
  BOOST_TEST(f.session->in_flight() == 0U);
}

BOOST_AUTO_TEST_CASE(reading_many_messages_does_not_starve_others) {
  fixture f;
  f.start();
  std::vector<std::size_t> turns;
  std::size_t seen = 0;
  f.on_asked = [&](call_id) {
    if (seen++ % messages_per_turn == 0) asio::post(f.io, [&] { turns.push_back(seen); });
  };
  std::string all;
  for (int i = 0; i < 40; ++i) all += request("m" + std::to_string(i), "1");
  f.say(all);
  BOOST_TEST((turns == std::vector<std::size_t>{16, 32, 40}));
  BOOST_TEST(f.asked.size() == 40U);
}

BOOST_AUTO_TEST_CASE(messages_after_finish_are_not_read) {
  fixture f;
  f.start();
  std::size_t seen = 0;
  f.on_asked = [&](call_id) {
    if (++seen == 16) asio::post(f.io, [&] { f.session->finish(); });
  };
  std::string all;
  for (int i = 0; i < 40; ++i) all += request("m" + std::to_string(i), "1");
  f.say(all);
  BOOST_TEST(seen == 16U);
  for (auto const& [name, id] : f.asked) f.session->answer(id, "1");
  auto const heard = f.heard();
  BOOST_TEST(std::ranges::count(heard, '\n') == 16);
  BOOST_TEST(heard.ends_with("<end>"));
}

BOOST_AUTO_TEST_CASE(malformed_message_closes_the_session) {
  fixture f;
  f.start();
  std::string all;
  for (int i = 0; i < 40; ++i) all += request("m" + std::to_string(i), "1") + (i == 20 ? "]" : "");
  f.say(all);
  BOOST_TEST(f.asked.size() == 21U);
  auto const heard = f.heard();
  BOOST_TEST(heard.find("-32700") != heard.npos);
  BOOST_TEST(heard.ends_with("<end>"));
}

BOOST_AUTO_TEST_CASE(ready_replies_are_sent_in_one_write) {
  test::memory_stream_options options;
  options.first_plan = std::make_shared<test::fault_plan>();
  auto const plan = options.first_plan;
  fixture f({}, std::move(options));
  f.start();
  f.say(request("a", "1") + request("b", "2") + request("c", "3"));
  auto const before = plan->steps;
  for (auto const& [name, id] : f.asked) f.session->answer(id, "0");
  f.turn();
  BOOST_TEST(plan->steps == before + 1);
}

BOOST_AUTO_TEST_CASE(batch_is_answered_as_one_message) {
  fixture f;
  f.start();
  f.say("[" + request("a", "1") + "," + R"({"jsonrpc":"2.0","method":"quiet"},7,)" + request("b", "2") + "]");
  f.session->answer(f.asked["b"], "2");
  f.session->answer(f.asked["a"], "1");
  BOOST_TEST(f.heard() == "");
  f.session->answer(f.asked["quiet"], "null");
  BOOST_TEST(f.heard() ==
             R"([{"jsonrpc":"2.0","result":1,"id":1},)"
             R"({"jsonrpc":"2.0","error":{"code":-32600,"message":"invalid request: a request must be an object"},)"
             R"("id":null},{"jsonrpc":"2.0","result":2,"id":2}])"
             "\n");
}

BOOST_AUTO_TEST_CASE(batch_answered_at_once_is_one_array) {
  fixture f;
  f.on_asked = [&](call_id id) { f.session->answer(id, "0"); };
  f.start();
  f.say("[" + request("a", "1") + "," + request("b", "2") + "]");
  BOOST_TEST(f.heard() == R"([{"jsonrpc":"2.0","result":0,"id":1},{"jsonrpc":"2.0","result":0,"id":2}])"
                          "\n");
}

BOOST_AUTO_TEST_CASE(notifications_are_not_answered) {
  fixture f;
  f.start();
  f.say(R"({"jsonrpc":"2.0","method":"a"}[{"jsonrpc":"2.0","method":"b"}])");
  BOOST_TEST(f.session->in_flight() == 2U);
  f.session->answer(f.asked["a"], "1");
  f.session->refuse(f.asked["b"], make_fault(errc::unknown_method, ""));
  BOOST_TEST(f.heard() == "");
  BOOST_TEST(f.session->in_flight() == 0U);
}

BOOST_AUTO_TEST_CASE(early_bytes_and_single_bytes_are_read_in_order) {
  test::memory_stream_options options;
  options.first_plan = std::make_shared<test::fault_plan>();
  options.first_plan->max_read = 1;
  options.first_plan->max_write = 1;
  fixture f({}, std::move(options));
  auto const all = request("a", "1", R"(["}{\"]"])") + request("b", "2");
  f.session->feed(as_bytes(std::string_view(all).substr(0, 20)));
  f.start();
  f.say(all.substr(20));
  BOOST_TEST(f.params["a"] == R"(["}{\"]"])");
  for (auto const& [name, id] : f.asked) f.session->answer(id, "0");
  BOOST_TEST(f.heard() == R"({"jsonrpc":"2.0","result":0,"id":1})"
                          "\n"
                          R"({"jsonrpc":"2.0","result":0,"id":2})"
                          "\n");
}

BOOST_AUTO_TEST_CASE(oversized_message_is_skipped) {
  dist::limits bounds;
  bounds.message_bytes = 100;
  fixture f(bounds);
  f.start();
  f.say(request("a", "1", "[\"" + std::string(500, 'x') + "\"]") + request("b", "2"));
  f.session->answer(f.asked["b"], "0");
  BOOST_TEST(f.heard() ==
             R"({"jsonrpc":"2.0","error":{"code":-32600,"message":"invalid request: the message is longer than the )"
             R"x(maximum of 100 bytes (message_bytes)"},"id":null})x"
             "\n"
             R"({"jsonrpc":"2.0","result":0,"id":2})"
             "\n");
  BOOST_TEST(!f.running->done());
}

BOOST_AUTO_TEST_CASE(invalid_json_is_answered_and_the_session_closed) {
  fixture f;
  f.start();
  f.say("[1}" + request("a", "1"));
  BOOST_TEST(f.heard() ==
             R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"parse error: the bracket } does not close the one )"
             R"(before it"},"id":null})"
             "\n<end>");
  BOOST_TEST(f.asked.empty());
  BOOST_TEST(f.running->done());
}

BOOST_AUTO_TEST_CASE(calls_beyond_the_limit_are_rejected) {
  dist::limits bounds;
  bounds.calls_per_connection = 1;
  fixture f(bounds);
  f.start();
  f.say(request("a", "1") + request("b", "2"));
  BOOST_TEST(f.asked.size() == 1U);
  BOOST_TEST(f.heard().find("(calls_per_connection) of 1 calls in flight is reached") != std::string::npos);
  f.session->answer(f.asked["a"], "0");
  f.say(request("c", "3"));
  BOOST_TEST(f.asked.contains("c"));
}

BOOST_AUTO_TEST_CASE(session_pauses_reading_while_its_replies_are_not_read) {
  dist::limits bounds;
  bounds.outbox_bytes = 1000;
  test::memory_stream_options options;
  options.pipe_bytes = 500;
  fixture f(bounds, std::move(options));
  f.start();
  f.say(request("a", "1"));
  f.session->answer(f.asked["a"], "\"" + std::string(5000, 'x') + "\"");
  f.turn();
  f.say(request("b", "2"));
  // A read in progress when the reply came is still processed, nothing after it.
  f.say(request("c", "3"));
  BOOST_TEST(!f.asked.contains("c"));
  BOOST_TEST(f.heard().size() > 5000U);
  BOOST_TEST(f.asked.contains("c"));
}

BOOST_AUTO_TEST_CASE(session_ends_when_a_peer_leaves_without_reading) {
  dist::limits bounds;
  bounds.outbox_bytes = 1000;
  test::memory_stream_options options;
  options.pipe_bytes = 500;
  fixture f(bounds, std::move(options));
  f.start();
  f.say(request("a", "1"));
  f.session->answer(f.asked["a"], "\"" + std::string(5000, 'x') + "\"");
  f.say(request("b", "2"));
  f.other->close();
  f.turn();
  BOOST_TEST(f.running->done());
}

BOOST_AUTO_TEST_CASE(end_of_the_stream_ends_the_session) {
  fixture f;
  f.start();
  f.say(request("a", "1"));
  f.other->close();
  f.turn();
  BOOST_REQUIRE(f.running->done());
  BOOST_CHECK_NO_THROW(f.running->get());
  BOOST_TEST(f.session->in_flight() == 0U);
  f.session->answer(f.asked["a"], "0");
  f.turn();
}

BOOST_AUTO_TEST_CASE(half_closed_peer_is_answered_and_then_closed) {
  fixture f;
  f.start();
  f.say(request("a", "1") + request("b", "2"));
  static_cast<test::memory_stream&>(*f.other).finish_sending();
  f.turn();
  BOOST_TEST(!f.running->done());
  f.session->answer(f.asked["b"], "0");
  f.turn();
  BOOST_TEST(!f.running->done());
  f.session->answer(f.asked["a"], "0");
  BOOST_TEST(f.heard() == R"({"jsonrpc":"2.0","result":0,"id":2})"
                          "\n"
                          R"({"jsonrpc":"2.0","result":0,"id":1})"
                          "\n<end>");
  BOOST_REQUIRE(f.running->done());
  BOOST_CHECK_NO_THROW(f.running->get());
  BOOST_TEST(f.clock.timer_count() == 0U);
}

BOOST_AUTO_TEST_CASE(session_ends_when_a_half_closed_peer_leaves) {
  fixture f;
  f.start();
  f.say(request("a", "1"));
  static_cast<test::memory_stream&>(*f.other).finish_sending();
  f.turn();
  BOOST_TEST(!f.running->done());
  f.other->close();
  f.turn();
  BOOST_TEST(f.running->done());
  BOOST_TEST(f.session->in_flight() == 0U);
}

BOOST_AUTO_TEST_CASE(finish_waits_for_pending_replies) {
  fixture f;
  f.start();
  f.say(request("a", "1"));
  f.session->finish();
  f.say(request("b", "2"));
  BOOST_TEST(!f.asked.contains("b"));
  BOOST_TEST(!f.running->done());
  f.session->answer(f.asked["a"], "0");
  BOOST_TEST(f.heard() == R"({"jsonrpc":"2.0","result":0,"id":1})"
                          "\n<end>");
  BOOST_TEST(f.running->done());
}

BOOST_AUTO_TEST_CASE(finish_during_a_request_reads_no_more) {
  fixture f;
  f.on_asked = [&](call_id id) {
    f.session->refuse(id, make_fault(errc::denied, "no"));
    f.session->finish();
  };
  f.start();
  f.say(request("a", "1") + request("b", "2"));
  BOOST_TEST(f.heard().ends_with("\"id\":1}\n<end>"));
  BOOST_TEST(!f.asked.contains("b"));
}

BOOST_AUTO_TEST_CASE(silence_inside_a_message_closes_the_session) {
  fixture f;
  f.start();
  f.clock.advance(1h);
  f.turn();
  BOOST_TEST(!f.running->done());
  f.say("{\"jsonrpc\":");
  f.clock.advance(f.bounds.frame_idle + 1ms);
  f.turn();
  BOOST_REQUIRE(f.running->done());
  BOOST_CHECK_EXCEPTION(f.running->get(), std::system_error,
                        [](auto const& e) { return e.code() == errc::limit_exceeded; });
  BOOST_TEST(f.clock.timer_count() == 0U);
}

BOOST_AUTO_TEST_CASE(failure_at_any_step_ends_the_session) {
  std::size_t most = 0;
  for (std::size_t step = 0; step == 0 || step < most; ++step) {
    test::memory_stream_options options;
    options.first_plan = std::make_shared<test::fault_plan>();
    options.first_plan->max_write = 10;
    if (step > 0) options.first_plan->fail_at = step - 1;
    auto const plan = options.first_plan;
    fixture f({}, std::move(options));
    f.on_asked = [&](call_id id) { f.session->answer(id, "0"); };
    f.start();
    auto write = [](stream& to, std::string what) -> task<void> {
      asio::const_buffer const bytes = asio::buffer(what);
      std::span<asio::const_buffer const> const all(&bytes, 1);
      co_await to.write(all);
    };
    auto const said = test::start(f.io, write(*f.other, request("a", "1") + request("b", "2")));
    f.turn();
    if (step == 0) {
      BOOST_TEST(f.heard().size() > 0U);
      most = plan->steps;
      continue;
    }
    f.heard();
    f.other->close();
    f.turn();
    BOOST_TEST(f.running->done());
    BOOST_TEST(f.clock.timer_count() == 0U);
  }
  BOOST_TEST(most > 3U);
}

BOOST_AUTO_TEST_CASE(unread_replies_are_limited) {
  for (bool const batch : {false, true}) {
    dist::limits small;
    small.outbox_bytes = 50'000;
    test::memory_stream_options options;
    options.pipe_bytes = 1'000;
    fixture f(small, std::move(options));
    f.start();
    std::string words = batch ? "[" : "";
    for (int i = 0; i < 100; ++i) {
      if (i > 0) words += batch ? "," : "\n";
      words += request("m" + std::to_string(i), std::to_string(i));
    }
    // The pipe is smaller than the messages.
    auto write = [](stream& to, std::string what) -> task<void> {
      asio::const_buffer const bytes = asio::buffer(what);
      std::span<asio::const_buffer const> const all(&bytes, 1);
      co_await to.write(all);
    };
    auto const said = test::start(f.io, write(*f.other, words + (batch ? "]" : "")));
    f.turn();
    BOOST_TEST_REQUIRE(f.asked.size() == 100U);
    auto const result = '"' + std::string(10'000, 'x') + '"';
    for (auto const& [method, id] : f.asked) f.session->answer(id, result);
    auto const heard = f.heard();
    std::size_t whole = 0;
    std::size_t dropped = 0;
    for (auto at = heard.find("xxxx\""); at != heard.npos; at = heard.find("xxxx\"", at + 1)) ++whole;
    for (auto at = heard.find("4 times the limit (outbox_bytes) of 50000"); at != heard.npos;
         at = heard.find("4 times the limit (outbox_bytes) of 50000", at + 1))
      ++dropped;
    BOOST_TEST(whole + dropped == 100U);
    BOOST_TEST((whole >= 19U && whole <= 22U), whole);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
