// Many nodes are lost at once, after the budget for sending calls again has been used up.
#include "desk.hpp"
#include "placement/registry.hpp"

using namespace std::chrono_literals;
using dist::test::Work;

namespace {

constexpr std::size_t nodes = 10;
constexpr std::size_t slots = 256;
constexpr std::size_t made = 1500;  ///< six nodes can hold them
/// Slots plus window: the calls that a node can lose at once.
constexpr std::size_t held_by_node = slots + dist::registry_settings().window;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(storm, dist::test::work_fixture)

BOOST_AUTO_TEST_CASE(every_call_is_answered_when_four_of_ten_nodes_are_lost_at_once) {
  for (std::size_t i = 0; i < nodes; ++i) world.add(std::string(1, static_cast<char>('a' + i)), slots);
  world.wait_for_nodes(nodes);
  std::vector<dist::pending<std::string>> calls;
  for (std::size_t i = 0; i < made; ++i) calls.push_back(dist::go<&Work::read>(cluster, std::to_string(i)));
  BOOST_TEST_REQUIRE(world.drive_until([&] { return at->running == made; }));
  auto const begun_at = world.clock.now();

  // Connections break again and again and the nodes come back, so that no call is blamed.
  for (std::size_t wave = 0; wave < 40; ++wave) {
    for (std::size_t i = 0; i < 4; ++i) world.node_at((4 * wave + i) % nodes).network.cut();
    world.pass(100ms);
  }
  auto const most_again = [&] {
    // What all nodes hold, as much again every ten seconds, plus a fifth of the calls.
    auto const seconds = std::chrono::duration<double>(world.clock.now() - begun_at).count();
    return static_cast<std::size_t>(nodes * held_by_node * (1 + seconds / 10)) + made / 5 + 1;
  };
  // The budget is exhausted: slots are free, but most calls wait.
  BOOST_TEST(at->running < made / 2);
  for (std::size_t i = 0; i < 4; ++i) world.kill_node(i);
  world.pass(0ms);
  BOOST_TEST(at->begun.size() - made <= most_again());

  BOOST_TEST(world.drive_until([&] { return at->running == made; }));
  BOOST_TEST(at->begun.size() - made <= most_again());
  BOOST_TEST((world.clock.now() - begun_at < 20s));
  at->open_all();
  auto const got = world.run(dist::all(std::move(calls)));
  for (std::size_t i = 0; i < made; ++i) BOOST_TEST(got[i].starts_with(std::to_string(i) + "@"));
}

BOOST_AUTO_TEST_SUITE_END()
