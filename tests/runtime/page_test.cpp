#include <boost/json/parse.hpp>
#include <dist/rpc/stream.hpp>
#include <dist/runtime/token.hpp>

#include "desk.hpp"
#include "http/http_client.hpp"
#include "record/recent.hpp"
#include "wire/hello.hpp"

using namespace std::chrono_literals;
using dist::test::Work;

namespace {

dist::task<dist::http_response> exchange(dist::network& over, dist::http_request request) {
  auto const peer = co_await over.connect({"master", 3000});
  auto answer = co_await dist::http_exchange(*peer, std::move(request), dist::limits());
  co_return std::move(answer.response);
}

dist::task<void> ask_for_events(dist::stream& peer, std::string more) {
  auto const text = "GET /events HTTP/1.1\r\nHost: master:3000\r\n" + more + "\r\n";
  asio::const_buffer const out[] = {asio::buffer(text)};
  co_await peer.write(out);
}

dist::task<std::unique_ptr<dist::stream>> connect(dist::network& over) { return over.connect({"master", 3000}); }

/// Reads until `count` events have come, or the end.
dist::task<std::string> read_events(dist::stream& peer, std::size_t wanted) {
  std::string text;
  try {
    for (;;) {
      std::size_t count = 0;
      for (auto at = text.find("\n\n"); at != std::string::npos; at = text.find("\n\n", at + 2)) ++count;
      if (count >= wanted) break;
      char piece[4096];
      auto const size = co_await peer.read_some(asio::buffer(piece));
      text.append(piece, size);
    }
  } catch (std::system_error const&) {
  }
  co_return text;
}

struct fixture : dist::test::work_fixture {
  using work_fixture::work_fixture;

  std::unique_ptr<dist::stream> watcher(dist::network& over, std::string const& more = {}) {
    auto peer = world.run(connect(over));
    world.run(ask_for_events(*peer, more));
    return peer;
  }
  static boost::json::object event(std::string const& text, std::size_t from = 0) {
    auto const at = text.find("data: ", from) + 6;
    return boost::json::parse(text.substr(at, text.find("\n\n", at) - at)).as_object();
  }
};

struct secured : fixture {
  secured() : fixture(dist::test::with_secret()) {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(page, fixture)

BOOST_AUTO_TEST_CASE(page_files_forbid_foreign_code) {
  for (std::string const path : {"/", "/page.css", "/page.js", "/feed.js", "/charts.js", "/timeline.js", "/tables.js"}) {
    dist::http_request request("GET", path);
    request.headers.set("Host", "wherever");
    // As if a link on another site led here.
    request.headers.set("Sec-Fetch-Site", "cross-site");
    auto const answer = world.run(exchange(world.network, request));
    BOOST_TEST(answer.status == 200U, path);
    BOOST_TEST(!answer.body.empty(), path);
    auto const policy = answer.headers.find("Content-Security-Policy").value_or("");
    for (auto const* part : {"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"})
      BOOST_TEST(policy.find(part) != policy.npos, part);
    BOOST_TEST(answer.body.find("://") == std::string::npos, path << " names another site");
  }
}

BOOST_AUTO_TEST_CASE(events_report_changes) {
  auto const peer = watcher(world.network);
  auto const first = world.run(read_events(*peer, 1));
  BOOST_TEST(first.find("Content-Type: text/event-stream") != std::string::npos);
  BOOST_TEST(first.find("Content-Length") == std::string::npos);
  auto news = event(first);
  BOOST_TEST(news.at("nodes").as_array().empty());
  world.add("a", 2);
  world.wait_for_nodes(1);
  at->open("quick");
  auto call = dist::go<&Work::read>(cluster, "slow");
  BOOST_REQUIRE(drive_until_begun("slow@a"));
  world.pass(5ms);
  at->open("slow");
  world.run<std::string>(std::move(call));
  fault_of(dist::go<&Work::fail>(cluster, "broken"));
  world.pass(1100ms);
  auto const more = world.run(read_events(*peer, 1));
  news = event(more, more.rfind("data: "));
  auto const& node = news.at("nodes").as_array().at(0).as_object();
  BOOST_TEST(node.at("name").as_string() == "a");
  BOOST_TEST(node.at("answered").as_int64() == 1);
  BOOST_TEST(node.at("failed").as_int64() == 1);
  auto const& calls = news.at("calls").as_array();
  BOOST_REQUIRE(!calls.empty());
  BOOST_TEST(calls.at(0).as_array().at(0).as_string() == "a");
  BOOST_TEST(calls.at(0).as_array().at(1).as_string() == "Work.read");
  auto const& failure = news.at("failures").as_array().at(0).as_object();
  BOOST_TEST(failure.at("message").as_string() == "broken");
  BOOST_TEST(failure.at("node").as_string() == "a");
  BOOST_TEST(!news.at("samples").as_array().empty());
  // Calls and samples are sent only once.
  world.pass(1s);
  auto const last = event(world.run(read_events(*peer, 1)));
  BOOST_TEST(last.at("calls").as_array().empty());
  BOOST_TEST(last.at("samples").as_array().size() <= 2U);
}

BOOST_AUTO_TEST_CASE(many_short_calls_are_sampled) {
  world.add("a", 2);
  world.wait_for_nodes(1);
  auto const peer = watcher(world.network);
  world.run(read_events(*peer, 1));
  for (int i = 0; i < 1000; ++i) {
    world.run<std::int64_t>(dist::go<&Work::echo>(cluster, 1));
    world.pass(1ms);
  }
  auto const news = event(world.run(read_events(*peer, 1)));
  auto const told = news.at("calls").as_array().size();
  BOOST_TEST((told >= 15U && told <= 21U), told);
}

BOOST_AUTO_TEST_CASE(watcher_that_does_not_read_is_dropped) {
  dist::test::host_network slow(world.network, "slow");
  auto const peer = watcher(slow);
  world.run(read_events(*peer, 1));
  slow.down->stall();
  // As many long labels as a node may have, to make large events.
  dist::node_options options;
  options.name = "a";
  for (std::size_t i = 0; i < dist::labels_max; ++i) options.labels.emplace("label" + std::to_string(i), std::string(400, 'x'));
  world.add(std::move(options), 1, dist::services<Work>(Work(at)));
  world.wait_for_nodes(1);
  world.pass(60s);
  BOOST_TEST(world.has_logged("a watching page read no updates for 10 s"), world.logged());
}

BOOST_AUTO_TEST_CASE(number_of_watchers_is_limited) {
  std::vector<std::unique_ptr<dist::stream>> watching;
  for (int i = 0; i < 16; ++i) {
    watching.push_back(watcher(world.network));
    BOOST_TEST(world.run(read_events(*watching.back(), 1)).starts_with("HTTP/1.1 200 "));
  }
  auto one_more = watcher(world.network);
  BOOST_TEST(world.run(read_events(*one_more, 1)).starts_with("HTTP/1.1 503 "));
  watching.pop_back();
  world.pass(5s);
  one_more = watcher(world.network);
  BOOST_TEST(world.run(read_events(*one_more, 1)).starts_with("HTTP/1.1 200 "));
}

BOOST_AUTO_TEST_CASE(kept_history_is_limited) {
  dist::past_calls calls;
  dist::time_point now{};
  for (int i = 0; i < 5000; ++i, now += 1us) calls.add("a", dist::method_ref(0), dist::past::answered, now - 5ms, now);
  std::size_t there = 0;
  calls.each_since(0, [&](dist::past_call const&) { ++there; });
  BOOST_TEST(there == dist::past_calls::most);
  dist::past_failures failures;
  auto what = dist::make_fault(dist::errc::method_failed, std::string(5000, 'x'));
  for (int i = 0; i < 10; ++i) failures.add(what, now);
  BOOST_TEST(failures.entries().size() == 1U);
  BOOST_TEST(failures.entries().front().count == 10U);
  BOOST_TEST(failures.entries().front().what.message.size() == dist::past_failures::most_text_bytes);
  for (int i = 0; i < 100; ++i) failures.add(dist::make_fault(dist::errc::method_failed, std::to_string(i)), now);
  BOOST_TEST(failures.entries().size() == dist::past_failures::most);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(page_with_a_secret, secured)

BOOST_AUTO_TEST_CASE(events_need_the_right_to_look) {
  dist::test::host_network elsewhere(world.network, "10.1.2.3");
  dist::test::host_network here(world.network, "127.0.0.1");
  auto const begins = [&](dist::network& over, std::string const& more) {
    auto const peer = watcher(over, more);
    return world.run(read_events(*peer, 1)).substr(0, 12);
  };
  BOOST_TEST(begins(elsewhere, "Connection: close\r\n") == "HTTP/1.1 401");
  BOOST_TEST(begins(here, "Sec-Fetch-Site: cross-site\r\n") == "HTTP/1.1 403");
  BOOST_TEST(begins(here, "Authorization: Bearer " + dist::viewer_token("a secret of some length") + "\r\n") ==
             "HTTP/1.1 200");
  // The page itself is not secret.
  dist::http_request request("GET", "/");
  request.headers.set("Host", "master:3000");
  BOOST_TEST(world.run(exchange(elsewhere, request)).status == 200U);
}

BOOST_AUTO_TEST_SUITE_END()
