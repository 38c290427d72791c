// JSON texts as RFC 8259 defines them. The value reader and the scanner that splits messages must agree on each.
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>
#include <dist/rpc/detail/codec.hpp>

#include "jsonrpc/jsonrpc.hpp"
#include "values/json.hpp"

namespace {

using namespace std::string_literals;
using dist::codec;

std::string value_error_of(std::string_view text) {
  boost::json::value out;
  return dist::decode_result(codec::json, dist::as_bytes(text), 64, out);
}

/// Whether the scanner accepts it as the only parameter of a request.
bool scans(std::string const& text) {
  auto const message =
      dist::parse_rpc("{\"method\":\"a\",\"id\":1,\"params\":[" + text + "]}", dist::limits());
  auto const* asked = std::get_if<dist::rpc_request>(&message.items.front());
  return asked && asked->params_text == "[" + text + "]";
}

}  // namespace

BOOST_AUTO_TEST_CASE(valid_json_texts_are_read) {
  struct {
    std::string text;
    std::string says;  ///< written again as JSON
  } const cases[] = {
      {"null", "null"},
      {"true", "true"},
      {" \t\r\n false \t\r\n", "false"},
      {"0", "0"},
      {"-1", "-1"},
      {"123", "123"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"18446744073709551615", "18446744073709551615"},
      {"20e1", "2E2"},
      {"0e+1", "0E0"},
      {"0E-2", "0E0"},
      {"1E22", "1E22"},
      {"1e-2", "1E-2"},
      {"123.456", "1.23456E2"},
      {"123.456e78", "1.23456E80"},
      {"\"\"", "\"\""},
      {"\"a\"", "\"a\""},
      {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
      {"\"\\u0060\\u012a\\u12AB\"", "\"`\u012a\u12ab\""},
      {"\"\\uD801\\udc37\"", "\"\U00010437\""},
      {"\"\\ud83d\\ude39\\ud83d\\udc8d\"", "\"\U0001f639\U0001f48d\""},
      {"\"\\uDBFF\\uDFFF\"", "\"\U0010ffff\""},
      {"\"\\uFFFF\\uFDD0\"", "\"\uffff\ufdd0\""},
      {"\"\\u0000\"", "\"\\u0000\""},
      {"\"\\u0012\"", "\"\\u0012\""},
      {"\"\\\\u0000\"", "\"\\\\u0000\""},
      {"\"\u0080\u07ff\u0800\uffff\U00010000\"", "\"\u0080\u07ff\u0800\uffff\U00010000\""},
      {"\"\x7f\"", "\"\x7f\""},
      {"\"\u2028\u2029\"", "\"\u2028\u2029\""},
      {"\"a/*b*/c//d#e\"", "\"a/*b*/c//d#e\""},
      {"[]", "[]"},
      {"[ ]", "[]"},
      {"[[]   ]", "[[]]"},
      {"[\"\"]", "[\"\"]"},
      {"[null, 1, \"1\", {}]", "[null,1,\"1\",{}]"},
      {"[1\n]", "[1]"},
      {" [1] ", "[1]"},
      {"[1,null,null,null,2]", "[1,null,null,null,2]"},
      {"{}", "{}"},
      {"{\"\":0}", "{\"\":0}"},
      {"{\"a\":[]}", "{\"a\":[]}"},
      {"{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"},
      {"{\"foo\\u0000bar\": 42}", "{\"foo\\u0000bar\":42}"},
      {"{\"min\": -1.0e+28, \"max\": 1.0e+28 }", "{\"min\":-1E28,\"max\":1E28}"},
      {"{\n\"a\": \"b\"\n}", "{\"a\":\"b\"}"},
      {"{\"\\u043f\":\"\u043f\"}", "{\"\u043f\":\"\u043f\"}"},
      {std::string(63, '[') + std::string(63, ']'), std::string(63, '[') + std::string(63, ']')},
  };
  for (auto const& one : cases) {
    boost::json::value out;
    BOOST_TEST_CONTEXT(one.text) {
      BOOST_TEST(dist::decode_result(codec::json, dist::as_bytes(one.text), 64, out) == "");
      BOOST_TEST(boost::json::serialize(out) == one.says);
      auto const parsed = dist::parse_json(one.text, 64);
      BOOST_TEST((parsed.has_value() && *parsed == out));
      BOOST_TEST(scans(one.text));
      BOOST_TEST(dist::json_problem(one.text, 64) == "");
      // The value is written again and must read back the same.
      dist::buffer again;
      boost::json::value back;
      BOOST_TEST(dist::encode_result(codec::json, dist::spelling::declared, again, out) == "");
      BOOST_TEST(dist::decode_result(codec::json, again.bytes(), 64, back) == "");
      BOOST_TEST((back == out));
    }
  }
}

BOOST_AUTO_TEST_CASE(invalid_json_is_rejected_by_every_reader) {
  std::string const cases[] = {
      "[1 true]", "[a\xe5]", "[\"\":1]", "[\"\"],", "[,1]", "[1,,2]", "[\"x\",,]", "[\"x\"]]", "[\"\",]", "[\"x\"", "[x",
      "[3[4]]", "[1:2]", "[,]", "[-]", "[   , \"\"]", "[\"a\",\n4\n,1,", "[1,]", "[*]", "[\"\"", "[1,\n1\n,1", "[{}",
      "[fals]", "[nul]", "[tru]", "[True]", "[NaN]", "[Infinity]", "[-Infinity]", "[inf]", "[++1234]", "[+1]", "[+Inf]",
      "[-01]", "[-1.0.]", "[-2.]", "[-NaN]", "[.-1]", "[.2e-3]", "[0.1.2]", "[0.3e+]", "[0.3e]", "[0.e1]", "[0E+]",
      "[0E]", "[1.0e+]", "[1.0e-]", "[1.0e]", "[1 000.0]", "[1eE2]", "[2.e+3]", "[2.e-3]", "[2.e3]", "[9.e+]", "[1+2]",
      "[0x1]", "[0x42]", "[-foo]", "[- 1]", "[-012]", "[-.123]", "[-1x]", "[1ea]", "[1e\xe5]", "[1.]", "[.123]",
      "[\xef\xbc\x91]", "[1.2a-3]", "[1.8011670033376514H-308]", "[012]", "[00]", "[\"x\", truth]", "{[: \"x\"}",
      "{\"x\", null}", "{\"x\"::\"b\"}", "{\"a\":\"a\" 123}", "{key: 'value'}", "{\"a\" b}", "{:\"b\"}", "{\"a\" \"b\"}",
      "{\"a\":", "{\"a\"", "{1:1}", "{9999E9999:1}", "{null:null,null:null}", "{\"id\":0,,,,,}", "{'a':0}",
      "{\"id\":0,}", "{\"a\":\"b\"}/**/", "{\"a\":\"b\"}#", "{\"a\":\"b\",,\"c\":\"d\"}", "{a: \"b\"}", "{\"a\":\"a", "{ \"foo\" : \"bar\", \"a\" }",
      "{\"a\":\"b\"}#{}", "[\"\\uD800\\\"]", "[\"\\uD800\\u\"]", "[\"\\uD800\\u1\"]", "[\"\\uD800\\u1x\"]", "[\xc3\xa9]",
      "[\"\\\0\"]"s, "[\"\\x00\"]", "[\"\\\\\\\"]", "[\"\\\t\"]", "[\"\\\xf0\x9f\x8c\x80\"]", "[\"\\\"]", "[\"\\u00A\"]",
      "[\"\\uD834\\uDd\"]", "[\"\\uD800\\uD800\\x\"]", "[\"\\u\xe5\"]", "[\"\\a\"]", "[\"\\uqqqq\"]", "[\"\\\xe5\"]", "[\\u0020\"asd\"]",
      "[\\n]", "\"", "['single quote']", "abc", "[\"\\", "[\"a\0a\"]"s, "[\"new\nline\"]", "[\"\t\"]", "\"\\UA66D\"", "\"\"x",
      "[\xe2\x81\xa0]", "\xef\xbb\xbf", "\xef\xbb\xbf{}", "<.>", "[<null>]", "[1]x", "[1]]", "[\"asd]", "aa\xc3\xa5", "[True]", "1]",
      "{\"x\": true,", "[][]", "]", "\xe5", "[", "[\0]"s, "2@", "{}}", "{\"\":", "{\"a\":/*comment*/\"b\"}", "{\"a\": true} \"x\"", "['",
      "[\"a", "[\"a\"", "[{", "{", "{]", "{,", "{[", "{\"a", "{'a'", "[\"\\{[\"\\{[\"\\{[\"\\{", "*", "{\"a\":\"b\"}#{}", "[\\u000A\"\"]",
      "[1", "\xc3\xa9", "[\xe2\x81\xa0]", "[\x0c]", "tru", "nulll", "truefalse", "1 2", "-", "\"\\ud800\"", "\"\\udc00\"",
      "\"\\ud800\\ud800\"", "\"\\ud800abc\"", "\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe0\x80\x80\"", "\"\x81\"",
      "{\"a\":NaN}", "{\"a\":Infinity}",
  };
  for (auto const& text : cases) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(value_error_of(text).starts_with("result: not JSON at byte "));
      BOOST_TEST(dist::parse_json(text, 64).has_error());
      BOOST_TEST(!scans(text));
      BOOST_TEST(dist::json_problem(text, 64) != "");
    }
  }
}

BOOST_AUTO_TEST_CASE(truncated_text_is_rejected) {
  constexpr std::string_view text = R"({"a":[1.5e3,-0,"\u00e9\ud83d\ude00",{"k":true,"n":null}],"b":"c"})";
  BOOST_TEST(value_error_of(text) == "");
  for (std::size_t size = 1; size < text.size(); ++size) BOOST_TEST(value_error_of(text.substr(0, size)) != "", size);
}

BOOST_AUTO_TEST_CASE(duplicate_member_is_an_error_anywhere) {
  for (auto const* text : {R"({"a":1,"a":1})", R"([{"a":1,"b":2,"a":3}])", R"({"a":{"b":0,"\u0062":0}})"}) {
    BOOST_TEST(value_error_of(text).find(" twice") != std::string::npos, value_error_of(text));
    BOOST_TEST(dist::parse_json(text, 64).has_error());
  }
}
