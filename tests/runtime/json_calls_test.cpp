#include "json_calls.hpp"

#include <asio/post.hpp>

#include "desk.hpp"
#include "silent_caller.hpp"

using namespace dist;

BOOST_FIXTURE_TEST_SUITE(json_calls_test, dist::test::work_fixture)

BOOST_AUTO_TEST_CASE(others_have_their_turn_while_a_batch_is_started) {
  auto const calls = std::make_shared<dist::test::silent_caller>(world.world(), limits());
  std::string text = R"([{"method":"Work.any","id":0})";
  for (int i = 1; i < 40; ++i) text += R"(,{"method":"Work.any","id":)" + std::to_string(i) + "}";
  auto const answer = test::start(world.io, answer_rpc(calls, parse_rpc(text + "]", limits()), {}));
  std::vector<std::size_t> turns;
  std::function<void()> look = [&] {
    turns.push_back(calls->dispatched);
    if (turns.back() < 40 && turns.size() < 100) asio::post(world.io, look);
  };
  asio::post(world.io, look);
  test::run_until_idle(world.io);
  std::erase(turns, 0U);
  turns.erase(std::unique(turns.begin(), turns.end()), turns.end());
  BOOST_TEST((turns == std::vector<std::size_t>{16, 32, 40}));
  BOOST_TEST(!answer.done());
  calls->stop();
  test::run_until_idle(world.io);
  BOOST_TEST(answer.done());
}

BOOST_AUTO_TEST_SUITE_END()
