// How a user tests a job: nodes die during it, in simulated time.
#include <boost/test/unit_test.hpp>
#include <dist/dist.hpp>
#include <dist/sim/cluster.hpp>
#include <functional>

using namespace std::chrono_literals;

namespace {

// The code under test: a service and a job, as in the real program.
struct Squares {
  std::int64_t sum(std::int64_t first, std::int64_t last) const {
    std::int64_t total = 0;
    for (auto n = first; n < last; ++n) total += n * n;
    return total;
  }
};
BOOST_DESCRIBE_STRUCT(Squares, (), (sum))

dist::task<std::int64_t> job(dist::cluster& cluster) {
  auto const shards = dist::chunks(0, 10'000, 100);
  auto total = dist::map_reduce<&Squares::sum>(cluster, shards, std::int64_t{0}, std::plus<>());
  co_return co_await std::move(total);
}

constexpr std::int64_t right_total = 333'283'335'000;

}  // namespace

BOOST_AUTO_TEST_CASE(total_is_right_when_nodes_die) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    dist::sim::cluster world(dist::services<Squares>(),
                             dist::sim::cluster_options().seed(seed).latency(2ms).method_time(5ms, 50ms));
    world.add_nodes(4);
    world.at(100ms, [&] { world.kill("node1"); });
    world.at(200ms, [&] { world.kill("node2", dist::sim::death::vanished); });
    world.at(300ms, [&] { world.add_node("node5", 2); });
    world.at(400ms, [&] { world.freeze("node3"); });
    BOOST_TEST(world.run(job) == right_total);
    BOOST_TEST(world.now() > 400ms);
  }
}

BOOST_AUTO_TEST_CASE(drained_node_loses_nothing) {
  dist::sim::cluster world(dist::services<Squares>(), dist::sim::cluster_options().method_time(20ms));
  world.add_nodes(2);
  world.at(100ms, [&] { world.drain("node1"); });
  BOOST_TEST(world.run(job) == right_total);
}

BOOST_AUTO_TEST_CASE(nodes_return_after_a_partition) {
  std::string said;
  dist::sim::cluster world(
      dist::services<Squares>(),
      dist::sim::cluster_options().method_time(20ms).on_log(
          [&](dist::duration, std::string const& who, std::string_view line) { said.append(who).append(": ").append(line) += '\n'; }));
  world.add_nodes(2);
  world.at(100ms, [&] { world.cut_off("node2"); });
  world.at(5s, [&] { world.heal("node2"); });
  BOOST_TEST(world.run(job) == right_total);
  world.pass(10s);
  BOOST_TEST(said.find("master: node node2 is silent") != said.npos);
  BOOST_TEST(said.find("master: node node2 is back") != said.npos);
}

BOOST_AUTO_TEST_CASE(same_seed_takes_the_same_time) {
  auto const once = [] {
    dist::sim::cluster world(dist::services<Squares>(), dist::sim::cluster_options().seed(7).latency(3ms).method_time(1ms, 90ms));
    world.add_nodes(3);
    world.run(job);
    return world.now().count();
  };
  BOOST_TEST(once() == once());
}

BOOST_AUTO_TEST_CASE(job_that_cannot_end_reports_why) {
  dist::sim::cluster world(dist::services<Squares>(), dist::sim::cluster_options().patience(5s));
  BOOST_CHECK_EXCEPTION(world.run(job), std::runtime_error, [](std::runtime_error const& e) {
    return std::string_view(e.what()).starts_with("the job has not ended after 5 s of simulated time");
  });
  BOOST_CHECK_THROW(world.kill("absent"), std::invalid_argument);
}

namespace {

dist::task<std::int64_t> shown_job(dist::cluster& cluster) {
  auto const how = dist::fan_out().progress("summing");
  auto total = dist::map_reduce<&Squares::sum>(cluster, dist::chunks(0, 10'000, 100), std::int64_t{0}, std::plus<>(), how);
  co_return co_await std::move(total);
}

}  // namespace

BOOST_AUTO_TEST_CASE(progress_goes_only_to_the_log) {
  std::string said;
  dist::sim::cluster world(
      dist::services<Squares>(),
      dist::sim::cluster_options().method_time(1s).on_log(
          [&](dist::duration, std::string const& who, std::string_view line) { said.append(who).append(": ").append(line) += '\n'; }));
  world.add_nodes(4);
  BOOST_TEST(world.run(shown_job) == right_total);
  BOOST_TEST(said.find("master: summing  ") != std::string::npos, said);
}
