#include <dist/rpc/detail/request_options.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using dist::request_options;

std::string member(std::string const& name, std::string const& value) {
  return static_cast<char>(0x60 + name.size()) + name + value;
}

std::string map_of(std::initializer_list<std::string> members) {
  std::string text(1, static_cast<char>(0xA0 + members.size()));
  for (auto const& one : members) text += one;
  return text;
}

std::string read(std::string const& cbor, request_options& into) {
  return decode(std::as_bytes(std::span(cbor)), into);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(request_options_suite)

BOOST_AUTO_TEST_CASE(every_option_is_optional) {
  request_options all;
  all.needs = {"gpu"};
  all.retries = 5;
  all.kill_after_us = 6;
  all.node_wait_us = 7;
  struct row {
    std::string cbor;
    request_options read;
  };
  auto const needs = member("needs", "\x81\x63gpu");
  auto const retries = member("retries", "\x05");
  auto const kill_after = member("kill_after_us", "\x06");
  auto const node_wait = member("node_wait_us", "\x07");
  auto only = [&](auto keep) {
    request_options one;
    keep(one);
    return one;
  };
  row const rows[] = {
      {map_of({}), {}},
      {map_of({needs}), only([](auto& one) { one.needs = {"gpu"}; })},
      {map_of({retries}), only([](auto& one) { one.retries = 5; })},
      {map_of({kill_after}), only([](auto& one) { one.kill_after_us = 6; })},
      {map_of({node_wait}), only([](auto& one) { one.node_wait_us = 7; })},
      {map_of({node_wait, kill_after, retries, needs}), all},
      {map_of({member("needs", "\xF6"), member("retries", "\xF6")}), {}},
      {map_of({member("of_tomorrow", "\x81\xA1\x61x\x01")}), {}},
  };
  for (auto const& row : rows) {
    request_options got;
    BOOST_TEST(read(row.cbor, got) == "");
    BOOST_TEST((got == row.read));
  }
}

BOOST_AUTO_TEST_CASE(invalid_option_is_named) {
  struct row {
    std::string cbor;
    std::string_view says;
  };
  row const rows[] = {
      {map_of({member("retries", "\x20")}), "retries"},
      {map_of({member("retries", std::string("\x1B\0\0\0\1\0\0\0\0", 9))}), "retries"},
      {map_of({member("retries", "\x61\x33")}), "retries"},
      {map_of({member("needs", "\x63gpu")}), "needs"},
      {map_of({member("needs", "\x81\x01")}), "needs"},
      {map_of({member("node_wait_us", "\x20")}), "node_wait_us"},
      {map_of({member("kill_after_us", "\x80")}), "kill_after_us"},
      {map_of({member("retries", "\x01"), member("retries", "\x02")}), "retries"},
      {"\x80", "options"},
      {"\xFF", "options"},
      {map_of({}) + "\x01", "options"},
  };
  for (auto const& row : rows) {
    request_options got;
    auto const problem = read(row.cbor, got);
    BOOST_TEST(problem.starts_with("the request's options: "), problem);
    BOOST_TEST(problem.find(row.says) != problem.npos, problem);
  }
}

BOOST_AUTO_TEST_SUITE_END()
