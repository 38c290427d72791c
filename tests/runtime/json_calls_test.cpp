#include "jsonrpc/json_calls.hpp"

#include <asio/post.hpp>
#include <boost/json/parse.hpp>

#include "desk.hpp"
#include "silent_route.hpp"

using namespace dist;

BOOST_FIXTURE_TEST_SUITE(json_calls_test, dist::test::work_fixture)

BOOST_AUTO_TEST_CASE(starting_a_batch_does_not_starve_others) {
  auto const calls = std::make_shared<call_book>(world.world(), limits());
  auto const route = make_route<dist::test::silent_route>(calls);
  std::string text = R"([{"method":"Work.any","id":0})";
  for (int i = 1; i < 40; ++i) text += R"(,{"method":"Work.any","id":)" + std::to_string(i) + "}";
  auto const answer = test::start(world.io, answer_rpc(calls, parse_rpc(text + "]", limits()), {}));
  std::vector<std::size_t> turns;
  std::function<void()> look = [&] {
    turns.push_back(route->sent);
    if (turns.back() < 40 && turns.size() < 100) asio::post(world.io, look);
  };
  asio::post(world.io, look);
  test::run_until_idle(world.io);
  std::erase(turns, 0U);
  turns.erase(std::unique(turns.begin(), turns.end()), turns.end());
  BOOST_TEST((turns == std::vector<std::size_t>{16, 32, 40}));
  BOOST_TEST(!answer.done());
  route->stop();
  test::run_until_idle(world.io);
  BOOST_TEST(answer.done());
}

BOOST_AUTO_TEST_CASE(result_that_is_not_json_fails_only_its_own_call) {
  auto const calls = std::make_shared<call_book>(world.world(), limits());
  auto const route = make_route<dist::test::silent_route>(calls);
  auto const answered = [&](std::string const& result, codec how = codec::json) {
    auto answer = test::start(
        world.io, answer_rpc(calls, parse_rpc(R"([{"jsonrpc":"2.0","method":"Work.any","id":1},{"id":2}])", limits()), {}));
    test::run_until_idle(world.io);
    call_reply reply;
    reply.codec = how;
    reply.bytes = as_bytes(result);
    reply.node = "rogue";
    auto const call = std::exchange(route->last, nullptr);
    calls->finish(*call, reply);
    test::run_until_idle(world.io);
    BOOST_TEST_REQUIRE(answer.done());
    return answer.get();
  };
  for (std::string const good : {"1", " [1, 2] ", "{\"a\":\"\\u00e9\"}", "null", "1e400"}) {
    auto const text = answered(good);
    BOOST_TEST(text.find("\"result\":" + good + ",") != std::string::npos, text);
  }
  for (std::string const bad : {"1},\"id\":99,\"x\":{\"a\":[", "1}\n{\"id\":2,\"result\":\"forged\",\"error\":null",
                                "1,\"result\":2", "", " ", "NaN", "Infinity", "\"\xff\xfe\"", "[1", "1 2", "\"a",
                                "\"\\ud800\"", "undefined"}) {
    auto const text = answered(bad);
    boost::json::error_code ec;
    auto const read = boost::json::parse(text, ec);
    BOOST_TEST_REQUIRE(!ec, text);
    BOOST_TEST_REQUIRE(read.as_array().size() == 2u);
    auto const& error = read.at(0).at("error").as_object();
    BOOST_TEST(read.at(0).at("id").as_int64() == 1);
    BOOST_TEST((error.at("data").at("code") == "bad_result"));
    BOOST_TEST((error.at("data").at("node") == "rogue"));
    BOOST_TEST(std::string(error.at("message").as_string()).find("the node's answer is not JSON: ") != std::string::npos);
  }
  BOOST_TEST(answered("\x01", codec::cbor).find("bad_result") != std::string::npos);
  route->stop();
}

BOOST_AUTO_TEST_SUITE_END()
