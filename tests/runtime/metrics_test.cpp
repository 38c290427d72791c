#include <map>
#include <sstream>

#include "desk.hpp"
#include "http/http_client.hpp"
#include "web/metrics_text.hpp"

using namespace std::chrono_literals;
using dist::test::Work;

namespace {

dist::task<std::string> scrape(dist::network& over) {
  auto const peer = co_await over.connect({"master", 3000});
  dist::http_request request("GET", "/metrics");
  request.headers.set("Host", "master:3000");
  auto answer = co_await dist::http_exchange(*peer, std::move(request), dist::limits());
  co_return std::move(answer.response.body);
}

/// Each sample as `name{labels}` and its value.
std::map<std::string, double> samples(std::string const& text) {
  std::map<std::string, double> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    auto const space = line.rfind(' ');
    BOOST_TEST(found.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second, "twice: " << line);
  }
  return found;
}

struct fixture : dist::test::work_fixture {
  std::map<std::string, double> metrics() { return samples(world.run(scrape(world.network))); }
  static double of(std::map<std::string, double> const& from, std::string const& name) {
    auto const found = from.find(name);
    return found == from.end() ? -1 : found->second;
  }
  static std::string tries(std::string const& method, std::string const& outcome) {
    return "dist_tries_total{method=\"Work." + method + "\",outcome=\"" + outcome + "\"}";
  }
  static std::string calls(std::string const& method, std::string const& outcome) {
    return "dist_calls_total{method=\"Work." + method + "\",outcome=\"" + outcome + "\"}";
  }
  void nodes() {
    world.add("a", 2);
    world.add("b", 2);
    world.wait_for_nodes(2);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(metrics, fixture)

BOOST_AUTO_TEST_CASE(metrics_of_a_master_without_nodes_are_complete) {
  auto const seen = metrics();
  BOOST_TEST(of(seen, "dist_nodes{state=\"living\"}") == 0);
  BOOST_TEST(of(seen, "dist_queued_calls") == 0);
  BOOST_TEST(of(seen, "dist_connections") == 1);  // this one
  BOOST_TEST(of(seen, "process_open_fds") > 0);
}

BOOST_AUTO_TEST_CASE(calls_are_counted_by_outcome) {
  nodes();
  at->open("quick");
  for (int i = 0; i < 5; ++i) world.run<std::string>(dist::go<&Work::read>(cluster, "quick"));
  fault_of(dist::go<&Work::fail>(cluster, "broken"));
  auto const slow = dist::call_options().within(100ms);
  fault_of(dist::go<&Work::read>(cluster, "slow", slow));
  auto const seen = metrics();
  BOOST_TEST(of(seen, calls("read", "ok")) == 5);
  BOOST_TEST(of(seen, calls("read", "deadline_exceeded")) == 1);
  BOOST_TEST(of(seen, calls("fail", "method_failed")) == 1);
  BOOST_TEST(of(seen, tries("read", "answered")) == 5);
  BOOST_TEST(of(seen, tries("fail", "failed")) == 1);
  BOOST_TEST(of(seen, "dist_call_seconds_count{method=\"Work.read\"}") == 5);
  BOOST_TEST(of(seen, "dist_call_seconds_bucket{method=\"Work.read\",le=\"+Inf\"}") == 5);
  BOOST_TEST(of(seen, "dist_nodes{state=\"living\"}") == 2);
  BOOST_TEST(of(seen, "dist_slots") == 4);
  BOOST_TEST(of(seen, "dist_node_slots{node=\"a\"}") == 2);
  BOOST_TEST(of(seen, "dist_received_bytes_total") > 0);
  BOOST_TEST(of(seen, "dist_sent_bytes_total") > 0);
}

BOOST_AUTO_TEST_CASE(call_durations_are_summarized) {
  nodes();
  auto call = dist::go<&Work::read>(cluster, "slow");
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 1; }));
  world.pass(3s);
  at->open("slow");
  world.run<std::string>(std::move(call));
  auto const seen = metrics();
  auto const sum = of(seen, "dist_call_seconds_sum{method=\"Work.read\"}");
  BOOST_TEST((sum >= 3 && sum < 4), sum);
  BOOST_TEST(of(seen, "dist_call_seconds_bucket{method=\"Work.read\",le=\"1.048576\"}") == 0);
  BOOST_TEST(of(seen, "dist_call_seconds_bucket{method=\"Work.read\",le=\"4.194304\"}") == 1);
  BOOST_TEST(of(seen, "dist_beats_sent_total") >= 4);
  BOOST_TEST(of(seen, "dist_beats_heard_total") >= 4);
}

BOOST_AUTO_TEST_CASE(sent_calls_are_either_running_or_counted_once) {
  world.add("a", 2);
  world.wait_for_nodes(1);
  std::vector<dist::pending<std::string>> under_way;
  for (int i = 0; i < 3; ++i) under_way.push_back(dist::go<&Work::read>(cluster, "x"));
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 2; }));
  BOOST_TEST(of(metrics(), "dist_slots_in_use") == 2);
  BOOST_TEST(of(metrics(), "dist_queued_calls") == 1);
  BOOST_TEST(of(metrics(), "dist_method_queued_calls{method=\"Work.read\"}") == -1);  // nothing has ended yet
  world.kill_node(0);
  world.pass(1s);
  world.add("b", 4);
  BOOST_REQUIRE(world.drive_until([&] { return at->begun.size() == 5; }));
  at->open("x");
  for (auto& one : under_way) world.run<std::string>(std::move(one));
  auto const seen = metrics();
  BOOST_TEST(of(seen, tries("read", "lost")) == 2);
  BOOST_TEST(of(seen, tries("read", "answered")) == 3);
  BOOST_TEST(of(seen, "dist_issued_again_total{reason=\"lost\"}") == 2);
  BOOST_TEST(of(seen, calls("read", "ok")) == 3);
  // The node that left remains only in the sums.
  BOOST_TEST(of(seen, "dist_node_tries_total{node=\"a\",method=\"Work.read\",outcome=\"lost\"}") == -1);
  BOOST_TEST(of(seen, "dist_node_tries_total{node=\"b\",method=\"Work.read\",outcome=\"answered\"}") == 3);
}

BOOST_AUTO_TEST_CASE(late_replies_are_counted) {
  nodes();
  auto call = dist::go<&Work::plain>(cluster, "p");
  world.node_at(0).compute.hold();
  world.node_at(1).compute.hold();
  dist::test::run_until_idle(world.io);
  call.cancel();
  dist::test::run_until_idle(world.io);
  BOOST_TEST(of(metrics(), "dist_slots_abandoned") == 1);
  world.node_at(0).compute.release();
  world.node_at(1).compute.release();
  world.pass(1ms);
  auto const seen = metrics();
  BOOST_TEST(of(seen, "dist_slots_abandoned") == 0);
  BOOST_TEST(of(seen, "dist_late_replies_total") == 1);
  BOOST_TEST(of(seen, tries("plain", "late")) == 1);
  BOOST_TEST(of(seen, calls("plain", "cancelled")) == 1);
}

BOOST_AUTO_TEST_CASE(label_values_are_escaped) {
  dist::metrics_text text;
  text.family("some", "gauge", "Help.");
  text.sample({{"node", "a\"b\\c\nd"}}, std::uint64_t{7});
  BOOST_TEST(text.take() == "# HELP some Help.\n# TYPE some gauge\nsome{node=\"a\\\"b\\\\c\\\\nd\"} 7\n");
}

BOOST_AUTO_TEST_SUITE_END()
