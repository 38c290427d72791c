#include <dist/rpc/error.hpp>
#include <dist/rpc/fault.hpp>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(error)

BOOST_AUTO_TEST_CASE(every_code_has_a_name_that_parses_back) {
  for (int value = 1; value <= static_cast<int>(dist::errc::stopped); ++value) {
    auto const code = static_cast<dist::errc>(value);
    BOOST_TEST(dist::to_text(code) != "unknown");
    BOOST_TEST((dist::errc_from_text(dist::to_text(code)) == code));
  }
}

BOOST_AUTO_TEST_CASE(every_code_has_a_message_and_fixed_properties) {
  using enum dist::errc;
  using dist::progress;
  using dist::remedy;
  struct row {
    dist::errc code;
    std::string_view sentence;
    progress known;
    remedy may;
    dist::failure kind;
  };
  constexpr auto not_started = progress::not_started;
  row const table[] = {
      {unknown_method, "unknown method", not_started, remedy::never, dist::failure::invalid},
      {bad_arguments, "arguments do not fit", not_started, remedy::never, dist::failure::invalid},
      {bad_result, "result does not fit", progress::executed, remedy::never, dist::failure::invalid},
      {method_failed, "the method failed", progress::executed, remedy::never, dist::failure::failed},
      {transient, "the method failed temporarily", progress::executed, remedy::elsewhere, dist::failure::busy},
      {connection_lost, "connection lost", progress::unknown, remedy::if_repeatable, dist::failure::disconnected},
      {node_lost, "node lost", progress::unknown, remedy::if_repeatable, dist::failure::disconnected},
      {no_node, "no node", not_started, remedy::elsewhere, dist::failure::busy},
      {deadline_exceeded, "deadline exceeded", not_started, remedy::never, dist::failure::timed_out},
      {cancelled, "cancelled", not_started, remedy::never, dist::failure::cancelled},
      {overloaded, "overloaded", not_started, remedy::elsewhere, dist::failure::busy},
      {draining, "node is draining", not_started, remedy::elsewhere, dist::failure::busy},
      {poisoned, "call kills its nodes", progress::unknown, remedy::never, dist::failure::failed},
      {denied, "denied", not_started, remedy::never, dist::failure::denied},
      {incompatible, "incompatible programs", not_started, remedy::elsewhere, dist::failure::unsupported},
      {limit_exceeded, "limit exceeded", not_started, remedy::never, dist::failure::invalid},
      {protocol_error, "protocol error", progress::unknown, remedy::if_repeatable, dist::failure::disconnected},
      {stopped, "stopped", not_started, remedy::never, dist::failure::cancelled},
  };
  int value = 0;
  for (auto const& row : table) {
    // In order, and none is missing.
    BOOST_TEST(static_cast<int>(row.code) == ++value);
    auto const what = dist::make_fault(row.code, "why");
    BOOST_TEST((what.code == row.code));
    BOOST_TEST((what.known == row.known), row.sentence);
    BOOST_TEST((what.may == row.may), row.sentence);
    BOOST_TEST(dist::to_text(what) == std::string(row.sentence) + ": why");
    BOOST_TEST((make_error_code(row.code) == row.kind), row.sentence);
  }
  BOOST_TEST(make_error_code(static_cast<dist::errc>(value + 1)).message() ==
             "unknown dist error " + std::to_string(value + 1));
}

BOOST_AUTO_TEST_CASE(codes_map_to_failure_conditions) {
  std::error_code const lost = dist::errc::connection_lost;
  BOOST_TEST((lost == dist::failure::disconnected));
  BOOST_TEST((lost != dist::failure::busy));
  BOOST_TEST((make_error_code(dist::errc::deadline_exceeded) == dist::failure::timed_out));
}

BOOST_AUTO_TEST_CASE(unknown_code_name_becomes_method_failed) {
  BOOST_TEST((dist::errc_from_text("from_the_future") == dist::errc::method_failed));
}

BOOST_AUTO_TEST_SUITE_END()
