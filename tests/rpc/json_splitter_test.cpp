#include <dist/rpc/detail/buffer.hpp>

#include <boost/test/unit_test.hpp>

#include "values/json_splitter.hpp"

namespace {

using dist::parse_state;

std::vector<std::string> split(std::string_view text, std::size_t step) {
  dist::json_splitter splitter({});
  std::vector<std::string> messages;
  for (std::size_t at = 0; at < text.size();) {
    at += splitter.push(dist::as_bytes(text.substr(at, step)));
    if (splitter.state() == parse_state::done) messages.push_back(splitter.take_message());
    BOOST_TEST_REQUIRE(splitter.state() == parse_state::need_more);
  }
  return messages;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_splitter)

BOOST_AUTO_TEST_CASE(messages_are_split_from_pieces_of_any_size) {
  std::vector<std::string> const messages = {R"({"a":[1,{"b":"}]\"{"}]})", "[]", R"(["\\"])", "{}",
                                             R"({"deep":[[[[]]]]})"};
  std::string text = " \n";
  for (auto const& message : messages) text += message + (message == "[]" ? "" : "\r\n ");
  for (std::size_t step = 1; step <= text.size(); ++step) BOOST_TEST(split(text, step) == messages);
}

BOOST_AUTO_TEST_CASE(incomplete_message_needs_more_bytes) {
  constexpr std::string_view text = R"({"method":"A.b","params":["\"}",{}],"id":1})";
  for (std::size_t size = 0; size < text.size(); ++size) {
    dist::json_splitter splitter({});
    BOOST_TEST(splitter.push(dist::as_bytes(text.substr(0, size))) == size);
    BOOST_TEST(splitter.state() == parse_state::need_more);
    BOOST_TEST(splitter.started() == (size > 0));
  }
}

BOOST_AUTO_TEST_CASE(oversized_message_is_skipped_and_the_next_is_found) {
  dist::limits limits;
  limits.depth = 5;
  limits.message_bytes = 40;
  struct {
    std::string text;
    std::string_view said;
  } const cases[] = {
      {std::string(9, '[') + std::string(9, ']'), "5 levels (depth)"},
      {std::string(100'000, '[') + std::string(100'000, ']'), "5 levels (depth)"},
      {R"([{"a":[{"a":[{"a":[{"a":[{}, "}]\""]}]}]}]}])", "5 levels (depth)"},
      {"[\"" + std::string(100, 'x') + "]\"]", "40 bytes (message_bytes)"},
      {"[\"" + std::string(37, 'x') + "\"]", "40 bytes (message_bytes)"},
  };
  for (auto const& c : cases) {
    for (std::size_t step : {std::size_t{1}, std::size_t{3}, c.text.size()}) {
      dist::json_splitter splitter(limits);
      auto const text = c.text + R"( {"id":1})";
      std::size_t failures = 0;
      std::vector<std::string> messages;
      for (std::size_t at = 0; at < text.size();) {
        at += splitter.push(dist::as_bytes(std::string_view(text).substr(at, step)));
        if (splitter.state() == parse_state::failed) {
          ++failures;
          BOOST_TEST(splitter.message().find(c.said) != std::string::npos, splitter.message());
          BOOST_TEST_REQUIRE(splitter.can_skip());
          splitter.skip();
        }
        if (splitter.state() == parse_state::done) messages.push_back(splitter.take_message());
      }
      BOOST_TEST(failures == 1U);
      BOOST_TEST(messages == std::vector<std::string>{R"({"id":1})"});
    }
  }
}

BOOST_AUTO_TEST_CASE(malformed_stream_cannot_be_skipped) {
  for (auto const* text : {"x", "]", "[}", "{]", "\"a\"", "1", "[] x"}) {
    dist::json_splitter splitter({});
    std::string_view rest = text;
    while (!rest.empty() && splitter.state() != parse_state::failed) {
      rest.remove_prefix(splitter.push(dist::as_bytes(rest)));
      if (splitter.state() == parse_state::done) splitter.take_message();
    }
    BOOST_TEST(splitter.state() == parse_state::failed, text);
    BOOST_TEST(!splitter.can_skip(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
