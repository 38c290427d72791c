#include <dist/rpc/error.hpp>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(error)

BOOST_AUTO_TEST_CASE(every_code_has_a_name_that_reads_back) {
  for (int value = 1; value <= static_cast<int>(dist::errc::stopped); ++value) {
    auto const code = static_cast<dist::errc>(value);
    BOOST_TEST(dist::to_text(code) != "unknown");
    BOOST_TEST((dist::errc_from_text(dist::to_text(code)) == code));
  }
}

BOOST_AUTO_TEST_CASE(a_code_says_what_to_do) {
  std::error_code const lost = dist::errc::connection_lost;
  BOOST_TEST((lost == dist::failure::disconnected));
  BOOST_TEST((lost != dist::failure::busy));
  BOOST_TEST((make_error_code(dist::errc::deadline_exceeded) == dist::failure::timed_out));
}

BOOST_AUTO_TEST_CASE(a_name_of_a_newer_peer_is_a_failed_method) {
  BOOST_TEST((dist::errc_from_text("from_the_future") == dist::errc::method_failed));
}

BOOST_AUTO_TEST_SUITE_END()
