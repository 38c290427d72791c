#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include "jsonrpc/jsonrpc.hpp"
#include "values/json_splitter.hpp"

namespace {

using dist::errc;
using dist::rpc_code;
using dist::rpc_version;

dist::rpc_message parse(std::string_view text) { return dist::parse_rpc(text, dist::limits()); }

dist::rpc_request request(std::string_view text) {
  auto message = parse(text);
  BOOST_TEST_REQUIRE(message.items.size() == 1U);
  BOOST_TEST_REQUIRE(std::holds_alternative<dist::rpc_request>(message.items[0]), text);
  return std::get<dist::rpc_request>(message.items[0]);
}

dist::rpc_invalid invalid(std::string_view text) {
  auto message = parse(text);
  BOOST_TEST_REQUIRE(message.items.size() == 1U);
  BOOST_TEST_REQUIRE(std::holds_alternative<dist::rpc_invalid>(message.items[0]), text);
  return std::get<dist::rpc_invalid>(message.items[0]);
}

dist::rpc_reply reply(std::string_view text) {
  auto message = parse(text);
  BOOST_TEST_REQUIRE(message.items.size() == 1U);
  BOOST_TEST_REQUIRE(std::holds_alternative<dist::rpc_reply>(message.items[0]), text);
  return std::get<dist::rpc_reply>(message.items[0]);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(jsonrpc)

BOOST_AUTO_TEST_CASE(version_2_request_is_parsed_and_answered) {
  auto const asked = request(R"({"jsonrpc":"2.0","method":"Arith.sum","params":[[2,4,6]],"id":1})");
  BOOST_TEST(asked.version == rpc_version::v2);
  BOOST_TEST(asked.method == "Arith.sum");
  BOOST_TEST(asked.params_text == "[[2,4,6]]");
  BOOST_TEST(dist::write_reply(asked, "12") == R"({"jsonrpc":"2.0","result":12,"id":1})");
}

BOOST_AUTO_TEST_CASE(version_1_request_is_answered_as_go_expects) {
  auto const asked = request("{\"method\":\"Arith.Sum\",\"params\":[[2,4,6]],\"id\":0}\n");
  BOOST_TEST(asked.version == rpc_version::v1);
  BOOST_TEST(dist::write_reply(asked, "12") == R"({"id":0,"result":12,"error":null})");
  BOOST_TEST(dist::write_error(asked, dist::make_fault(errc::method_failed, "it \"broke\"")) ==
             R"({"id":0,"result":null,"error":"it \"broke\""})");
  BOOST_TEST(dist::write_error(asked, dist::make_fault(errc::unknown_method, "no such method")) ==
             R"({"id":0,"result":null,"error":"rpc: can't find method Arith.Sum"})");
  BOOST_TEST(dist::write_error(asked, dist::make_fault(errc::method_failed, "")) ==
             R"({"id":0,"result":null,"error":"the method failed"})");
  BOOST_TEST(dist::write_reply(asked, "null").find(R"("result":null,"error":"the result is null)") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(ids_and_numbers_keep_their_spelling) {
  for (auto const* id : {"0", "-1", "9007199254740993", "1.50", "1e3", "null", R"("a\u00e9\"")", R"("")"}) {
    auto const asked = request(R"({"jsonrpc":"2.0", "id" : )" + std::string(id) +
                               R"( , "method":"a", "params":[ 18446744073709551615 , 0.10 ]})");
    BOOST_TEST(asked.id_text.value() == id);
    BOOST_TEST(asked.params_text == "[ 18446744073709551615 , 0.10 ]");
  }
  for (auto const* id : {"0", "true", "{\"a\":1}", "[1, 2]"})
    BOOST_TEST(request(R"({"method":"a","params":[],"id":)" + std::string(id) + "}").id_text.value() == id);
}

BOOST_AUTO_TEST_CASE(notifications_are_told_apart_from_requests) {
  BOOST_TEST(request(R"({"jsonrpc":"2.0","method":"a"})").is_notification());
  BOOST_TEST(!request(R"({"jsonrpc":"2.0","method":"a","id":null})").is_notification());
  BOOST_TEST(request(R"({"method":"a","params":[],"id":null})").is_notification());
  BOOST_TEST(request(R"({"method":"a","params":null,"id":1})").params_text == "");
  BOOST_TEST(request(R"({"\u006dethod":"\u0061","id":1})").method == "a");
}

// One to four bytes each, digits of both cases.
BOOST_AUTO_TEST_CASE(escapes_of_any_length_are_read) {
  auto const read = request(R"({"method":"\u007A\u00e9\u00FC\u6C34\uffFD\uD83D\ude00","id":1})");
  BOOST_TEST(read.method == "z\u00e9\u00fc\u6c34\ufffd\U0001f600");
}

BOOST_AUTO_TEST_CASE(error_names_what_is_wrong_with_a_request) {
  struct {
    std::string text;
    rpc_code code;
    std::string_view id;
    std::string_view said;
  } const cases[] = {
      {"", rpc_code::parse_error, "null", "unexpected end"},
      {"{", rpc_code::parse_error, "null", "byte 1"},
      {R"({"jsonrpc":"2.0","method":"foobar, "params":"bar","baz]})", rpc_code::parse_error, "null", ""},
      {"{} {}", rpc_code::parse_error, "null", "extra text"},
      {"{\"method\":\"A\xFE\"}", rpc_code::parse_error, "null", "UTF-8"},
      {"{\"method\":\"\xC0\x80\"}", rpc_code::parse_error, "null", "UTF-8"},
      {R"({"method":"\ud800"})", rpc_code::parse_error, "null", "lone surrogate"},
      {R"({"method":"\udc00\ud800"})", rpc_code::parse_error, "null", "lone surrogate"},
      {R"({"method":"\ud800\u0041"})", rpc_code::parse_error, "null", "lone surrogate"},
      {R"({"method":"\ud800\ue000"})", rpc_code::parse_error, "null", "lone surrogate"},
      {std::string(1'000'000, '['), rpc_code::parse_error, "null", "nested deeper than 64 levels (depth)"},
      {std::string(1'000'000, '[') + std::string(1'000'000, ']'), rpc_code::parse_error, "null", "nested deeper than 64 levels (depth)"},
      {R"({"method":"a","id":1,"ignored":)" + std::string(10'000, '[') + "}", rpc_code::parse_error, "null", "nested"},
      {"[]", rpc_code::invalid_request, "null", "batch is empty"},
      {"1", rpc_code::invalid_request, "null", "object"},
      {"{}", rpc_code::invalid_request, "null", "\"method\""},
      {R"({"jsonrpc":"2.0","id":7})", rpc_code::invalid_request, "7", "\"method\""},
      {R"({"jsonrpc":"2.0","method":1,"params":"bar"})", rpc_code::invalid_request, "null", "\"method\""},
      {R"({"jsonrpc":"2.0","method":"","id":1})", rpc_code::invalid_request, "1", "empty"},
      {R"({"jsonrpc":"2.0","method":"a","params":null,"id":1})", rpc_code::invalid_request, "1", "\"params\""},
      {R"({"jsonrpc":"2.0","method":"a","params":3,"id":1})", rpc_code::invalid_request, "1", "\"params\""},
      {R"({"method":"a","params":3,"id":1})", rpc_code::invalid_request, "1", "\"params\""},
      {R"({"jsonrpc":"2.0","method":"a","parms":[],"id":1})", rpc_code::invalid_request, "1", "\"parms\""},
      {R"({"jsonrpc":"1.5","method":"a","id":1})", rpc_code::invalid_request, "1", "\"2.0\""},
      {R"({"jsonrpc":2.0,"method":"a","id":1})", rpc_code::invalid_request, "1", "\"2.0\""},
      {R"({"jsonrpc":"2.0","method":"a","id":[1]})", rpc_code::invalid_request, "null", "\"id\""},
      {R"({"jsonrpc":"2.0","method":"a","id":true})", rpc_code::invalid_request, "null", "\"id\""},
      {R"({"jsonrpc":"2.0","method":"a","id":1,"id":2})", rpc_code::invalid_request, "null", "duplicate"},
      {R"({"jsonrpc":"2.0","method":"a","params":[],"params":[],"id":1})", rpc_code::invalid_request, "1", "duplicate"},
      {R"({"method":"a","result":1,"id":1})", rpc_code::invalid_request, "1", "must not have \"result\""},
      {R"({"id":1,"result":1,"error":"x"})", rpc_code::invalid_request, "1", "both"},
      {R"({"id":1,"error":null})", rpc_code::invalid_request, "1", "must have"},
      {R"({"result":1})", rpc_code::invalid_request, "null", "\"id\""},
      {R"({"jsonrpc":"2.0","id":1,"error":"text"})", rpc_code::invalid_request, "1", "\"code\""},
      {R"({"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":"x"}})", rpc_code::invalid_request, "1", "\"code\""},
  };
  for (auto const& c : cases) {
    BOOST_TEST_CONTEXT(c.text.substr(0, 100)) {
      auto const found = invalid(c.text);
      BOOST_TEST((found.code == c.code));
      BOOST_TEST(found.id_text == c.id);
      BOOST_TEST(found.message.find(c.said) != std::string::npos, found.message);
      boost::json::parse(dist::write_error(found));
    }
  }
  BOOST_TEST(dist::write_error(invalid("[]")) ==
             R"({"jsonrpc":"2.0","error":{"code":-32600,"message":"invalid request: the batch is empty"},"id":null})");
}

BOOST_AUTO_TEST_CASE(truncated_requests_are_rejected) {
  constexpr std::string_view text = R"({"jsonrpc":"2.0","method":"A.b","params":[1.5e3,"\u00e9",{"k":true}],"id":"x"})";
  request(text);
  for (std::size_t size = 0; size < text.size(); ++size)
    BOOST_TEST((invalid(text.substr(0, size)).code == rpc_code::parse_error));
}

BOOST_AUTO_TEST_CASE(values_are_accepted_as_another_parser_accepts_them) {
  for (auto const* value : {"0",
                            "-0",
                            "01",
                            "-",
                            "1.",
                            ".5",
                            "1.5",
                            "1e5",
                            "1E+5",
                            "1e",
                            "1e+",
                            "+1",
                            "0x1",
                            "NaN",
                            "true",
                            "tru",
                            "trueX",
                            "null",
                            "nul",
                            "false",
                            "\"\"",
                            "\"\\u0041\"",
                            "\"\\u004\"",
                            "\"\\x\"",
                            "\"\t\"",
                            "\"\x7f\"",
                            "\"\xF0\x9F\x98\x80\"",
                            "\"\xED\xA0\x80\"",
                            "\"\xF4\x90\x80\x80\"",
                            "\"\xE0\x80\x80\"",
                            "\"\xC3\"",
                            "\"\\ud83d\\ude00\"",
                            "\"\\ud83d\"",
                            "\"\\ud83dx\"",
                            "\"\\ud83d\\n\"",
                            "[1,]",
                            "[,1]",
                            "[1 2]",
                            "{}",
                            "{\"a\"}",
                            "{\"a\":}",
                            "{\"a\":1,}",
                            "{a:1}",
                            "[1]]",
                            "[[]",
                            "{\"a\":1 \"b\":2}",
                            "",
                            " ",
                            "[\"a\",\"b\"]",
                            "{\"a\":[{}]}"}) {
    auto const text = R"({"method":"a","params":[)" + std::string(value) + "],\"id\":1}";
    boost::system::error_code error;
    boost::json::parse(text, error);
    auto const refused = std::holds_alternative<dist::rpc_invalid>(parse(text).items.front());
    BOOST_TEST(refused == static_cast<bool>(error), text);
  }
}

BOOST_AUTO_TEST_CASE(each_request_of_a_batch_is_answered) {
  auto const batch = parse(R"([{"jsonrpc":"2.0","method":"a","id":1}, 1, {"jsonrpc":"2.0","method":"b"}, {"id":2}])");
  BOOST_TEST(batch.batch);
  BOOST_TEST_REQUIRE(batch.items.size() == 4U);
  BOOST_TEST(std::holds_alternative<dist::rpc_request>(batch.items[0]));
  BOOST_TEST(std::holds_alternative<dist::rpc_invalid>(batch.items[1]));
  BOOST_TEST(std::get<dist::rpc_request>(batch.items[2]).is_notification());
  BOOST_TEST(std::holds_alternative<dist::rpc_invalid>(batch.items[3]));
  BOOST_TEST(dist::write_batch({"1", "{}"}) == "[1,{}]");
  BOOST_TEST(dist::write_batch({}) == "");

  dist::limits limits;
  limits.batch_count = 2;
  auto const big = dist::parse_rpc("[1,2,3]", limits);
  BOOST_TEST(!big.batch);
  BOOST_TEST(std::get<dist::rpc_invalid>(big.items.at(0)).message.find("2 requests (batch_count)") !=
             std::string::npos);
  limits.message_bytes = 3;
  BOOST_TEST(std::get<dist::rpc_invalid>(dist::parse_rpc("[1,2]", limits).items.at(0)).message.find("message_bytes") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(malformed_batch_is_a_parse_error) {
  std::string const good = R"({"method":"a","id":1})";
  BOOST_TEST(parse(" [" + good + " ,\n" + good + "] ").items.size() == 2U);
  for (auto const& text :
       {"[" + good, "[" + good + ",]", "[" + good + " " + good + "]", "[" + good + "}", "[" + good + "] x",
        "[" + good + ",,1]", "[" + good + ",{\"id\":}]", "[" + good + ",{\"id\":1]", good + "," + good}) {
    auto const whole = parse(text);
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!whole.batch);
      BOOST_TEST((invalid(text).code == rpc_code::parse_error));
    }
  }
}

BOOST_AUTO_TEST_CASE(depth_limit_counts_the_envelope_of_a_request) {
  dist::limits limits;
  limits.depth = 5;
  // The depth limit plus the envelope: batch, request and parameter list.
  for (std::string const& around : {std::string(), std::string("[")}) {
    for (std::size_t const deep : {6U, 7U, 8U, 9U}) {
      auto const params = std::string(deep, '[') + std::string(deep, ']');
      auto const text = around + R"({"method":"a","id":1,"params":)" + params + (around.empty() ? "}" : "}]");
      auto const read = dist::parse_rpc(text, limits);
      auto const fits = around.size() + 1 + deep <= limits.depth + dist::envelope_depth;
      BOOST_TEST(std::holds_alternative<dist::rpc_request>(read.items.at(0)) == fits, text);
      if (!fits) BOOST_TEST((std::get<dist::rpc_invalid>(read.items.at(0)).code == rpc_code::parse_error));
    }
  }
}

BOOST_AUTO_TEST_CASE(replies_are_parsed) {
  auto const good = reply(R"({"id":0,"result":{"N": 1.0},"error":null})");
  BOOST_TEST(good.id_text == "0");
  BOOST_TEST(good.result_text == R"({"N": 1.0})");
  BOOST_TEST(!good.error.has_value());
  auto const missing = reply(R"({"id":0,"result":null,"error":"rpc: can't find service X.y"})");
  BOOST_TEST((dist::to_fault(missing.error.value()).code == errc::unknown_method));
  BOOST_TEST((dist::to_fault(missing.error.value()).known == dist::progress::not_started));
  auto const failed = reply(R"({"id":0,"result":null,"error":"it broke"})");
  BOOST_TEST((dist::to_fault(failed.error.value()).code == errc::method_failed));
  BOOST_TEST((dist::to_fault(failed.error.value()).known == dist::progress::executed));
  auto const second = reply(R"({"jsonrpc":"2.0","error":{"code":-32601,"message":"no"},"id":1})");
  BOOST_TEST((dist::to_fault(second.error.value()).code == errc::unknown_method));
  BOOST_TEST(reply(R"({"jsonrpc":"2.0","result":null,"id":1})").result_text == "null");
}

BOOST_AUTO_TEST_CASE(fault_round_trips) {
  auto const asked = request(R"({"jsonrpc":"2.0","method":"A.b","id":1})");
  for (int value = 1; value <= static_cast<int>(errc::stopped); ++value) {
    auto const code = static_cast<errc>(value);
    auto sent = dist::make_fault(code, "what \"happened\"\n\x01");
    sent.node = "ws07";
    sent.method = "A.b";
    sent.phase = "running";
    sent.cause = "a cause";
    sent.known = dist::progress::unknown;
    sent.may = dist::remedy::if_repeatable;
    auto const read = dist::to_fault(reply(dist::write_error(asked, sent)).error.value());
    BOOST_TEST((read.code == code));
    BOOST_TEST(read.message == sent.message);
    BOOST_TEST(read.node == sent.node);
    BOOST_TEST(read.method == sent.method);
    BOOST_TEST(read.phase == sent.phase);
    BOOST_TEST(read.cause == sent.cause);
    BOOST_TEST((read.known == sent.known));
    BOOST_TEST((read.may == sent.may));
    auto const number = dist::to_rpc_code(code);
    BOOST_TEST((number == -32601 || number == -32602 || (number <= -32000 && number >= -32099)));
    dist::rpc_error bare;
    bare.code = number;
    BOOST_TEST((dist::to_fault(bare).code == code));
  }
}

BOOST_AUTO_TEST_CASE(fault_message_that_is_not_utf8_is_written_as_json) {
  auto const asked = request(R"({"jsonrpc":"2.0","method":"A.b","id":1})");
  auto const text = dist::write_error(asked, dist::make_fault(errc::method_failed, std::string("A\xFE\0\xC3", 4)));
  BOOST_TEST(reply(text).error.value().message == std::string("A\\xfe\0\\xc3", 10));
}

// The examples of section 7 of the specification, answered by its sample server: subtract, update, foobar, sum,
// notify_hello, get_data. Error texts are ours; the codes are the specification's.
BOOST_AUTO_TEST_CASE(examples_of_the_specification_are_answered_as_specified) {
  auto const answer_one = [](dist::rpc_request const& asked) -> std::string {
    if (asked.is_notification()) return {};
    auto const params = boost::json::parse(asked.params_text.empty() ? "[]" : asked.params_text);
    if (asked.method == "subtract" && params.is_array())
      return dist::write_reply(asked, std::to_string(params.at(0).as_int64() - params.at(1).as_int64()));
    if (asked.method == "subtract")
      return dist::write_reply(
          asked, std::to_string(params.at("minuend").as_int64() - params.at("subtrahend").as_int64()));
    if (asked.method == "sum") {
      std::int64_t sum = 0;
      for (auto const& one : params.as_array()) sum += one.as_int64();
      return dist::write_reply(asked, std::to_string(sum));
    }
    if (asked.method == "get_data") return dist::write_reply(asked, R"(["hello",5])");
    return dist::write_error(asked, dist::make_fault(errc::unknown_method, "Method not found"));
  };
  auto const answer = [&](std::string_view text) {
    auto const message = parse(text);
    std::vector<std::string> replies;
    for (auto const& item : message.items) {
      auto const* asked = std::get_if<dist::rpc_request>(&item);
      auto reply = asked ? answer_one(*asked) : dist::write_error(std::get<dist::rpc_invalid>(item));
      if (!reply.empty()) replies.push_back(std::move(reply));
    }
    return message.batch ? dist::write_batch(replies) : replies.empty() ? std::string() : replies.front();
  };
  // A reply without the parts that the specification leaves open.
  auto const bare = [](boost::json::value reply) {
    auto const strip = [](boost::json::value& one) {
      if (auto* error = one.as_object().if_contains("error"))
        *error = boost::json::object{{"code", error->as_object().at("code")}};
    };
    if (reply.is_array())
      for (auto& one : reply.as_array()) strip(one);
    else
      strip(reply);
    return reply;
  };
  struct {
    std::string_view asked;
    std::string_view answered;  ///< empty: not answered
  } const cases[] = {
      {R"({"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1})", R"({"jsonrpc":"2.0","result":19,"id":1})"},
      {R"({"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2})", R"({"jsonrpc":"2.0","result":-19,"id":2})"},
      {R"({"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3})",
       R"({"jsonrpc":"2.0","result":19,"id":3})"},
      {R"({"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4})",
       R"({"jsonrpc":"2.0","result":19,"id":4})"},
      {R"({"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]})", ""},
      {R"({"jsonrpc": "2.0", "method": "foobar"})", ""},
      {R"({"jsonrpc": "2.0", "method": "foobar", "id": "1"})", R"({"jsonrpc":"2.0","error":{"code":-32601},"id":"1"})"},
      {R"({"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz])", R"({"jsonrpc":"2.0","error":{"code":-32700},"id":null})"},
      {R"({"jsonrpc": "2.0", "method": 1, "params": "bar"})", R"({"jsonrpc":"2.0","error":{"code":-32600},"id":null})"},
      {R"([{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"])",
       R"({"jsonrpc":"2.0","error":{"code":-32700},"id":null})"},
      {"[]", R"({"jsonrpc":"2.0","error":{"code":-32600},"id":null})"},
      {"[1]", R"([{"jsonrpc":"2.0","error":{"code":-32600},"id":null}])"},
      {"[1,2,3]",
       R"([{"jsonrpc":"2.0","error":{"code":-32600},"id":null},{"jsonrpc":"2.0","error":{"code":-32600},"id":null},{"jsonrpc":"2.0","error":{"code":-32600},"id":null}])"},
      {R"([{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
          {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
          {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
          {"foo": "boo"},
          {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
          {"jsonrpc": "2.0", "method": "get_data", "id": "9"}])",
       R"([{"jsonrpc":"2.0","result":7,"id":"1"},{"jsonrpc":"2.0","result":19,"id":"2"},{"jsonrpc":"2.0","error":{"code":-32600},"id":null},{"jsonrpc":"2.0","error":{"code":-32601},"id":"5"},{"jsonrpc":"2.0","result":["hello",5],"id":"9"}])"},
      {R"([{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
          {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}])",
       ""},
  };
  for (auto const& one : cases) {
    BOOST_TEST_CONTEXT(one.asked) {
      auto const got = answer(one.asked);
      BOOST_TEST(got.empty() == one.answered.empty(), got);
      if (!got.empty() && !one.answered.empty())
        BOOST_TEST((bare(boost::json::parse(got)) == boost::json::parse(std::string(one.answered))), got);
    }
  }
}

BOOST_AUTO_TEST_CASE(requests_are_written) {
  dist::rpc_request asked;
  asked.method = "Arith.Sum";
  asked.id_text = "7";
  BOOST_TEST(dist::write_request(asked) == R"({"jsonrpc":"2.0","method":"Arith.Sum","id":7})");
  asked.version = rpc_version::v1;
  BOOST_TEST(dist::write_request(asked) == R"({"method":"Arith.Sum","params":[],"id":7})");
  asked.params_text = "[[1]]";
  BOOST_TEST(dist::write_request(asked) == R"({"method":"Arith.Sum","params":[[1]],"id":7})");
}

BOOST_AUTO_TEST_SUITE_END()
