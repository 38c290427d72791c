#include <dist/rpc/limits.hpp>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_CASE(limits_are_set_by_name) {
  dist::limits set;
  BOOST_TEST(dist::set_limit(set, "frame_bytes=2GB") == "");
  BOOST_TEST(dist::set_limit(set, "http_head_bytes=8000") == "");
  BOOST_TEST(dist::set_limit(set, "depth=100") == "");
  BOOST_TEST(dist::set_limit(set, "handshake=5s") == "");
  BOOST_TEST(set.frame_bytes == 2'000'000'000U);
  BOOST_TEST(set.http_head_bytes == 8000U);
  BOOST_TEST(set.depth == 100U);
  BOOST_TEST((set.handshake == std::chrono::seconds(5)));
}

BOOST_AUTO_TEST_CASE(changed_limits_can_be_parsed_again) {
  BOOST_TEST(dist::changed_limits({}).empty());
  dist::limits set;
  set.outbox_bytes = 5;
  set.frame_idle = std::chrono::milliseconds(250);
  auto const texts = dist::changed_limits(set);
  BOOST_TEST(texts == (std::vector<std::string>{"outbox_bytes=5", "frame_idle=250ms"}), boost::test_tools::per_element());
  dist::limits again;
  for (auto const& one : texts) BOOST_TEST(dist::set_limit(again, one) == "");
  BOOST_TEST(again.outbox_bytes == 5U);
  BOOST_TEST((again.frame_idle == set.frame_idle));
}

BOOST_AUTO_TEST_CASE(invalid_limits_are_rejected_with_a_reason) {
  dist::limits set;
  struct row {
    char const* text;
    char const* problem;
  };
  row const rows[] = {{"frame_bytes", "frame_bytes takes a size, such as 2GB"},
                      {"frame_bytes=", "frame_bytes takes a size, such as 2GB"},
                      {"frame_bytes=0", "frame_bytes takes a size, such as 2GB"},
                      {"frame_bytes=-1", "frame_bytes takes a size, such as 2GB"},
                      {"frame_bytes=2TB", "frame_bytes takes a size, such as 2GB"},
                      {"frame_bytes=99999999GB", "frame_bytes takes a size, such as 2GB"},
                      {"frame_bytes=8GB", "frame_bytes takes at most 4294967295 bytes"},
                      {"frame_bytes=4KB", "frame_bytes takes at least 8192 bytes"},
                      {"hello_bytes=5GB", "hello_bytes takes at most 4294967295 bytes"},
                      {"http_head_bytes=5GB", "http_head_bytes takes at most 4294967295 bytes"},
                      {"depth=100000", "depth takes at most 1000"},
                      {"calls_per_connection=5000000000", "calls_per_connection takes at most 4294967295"},
                      {"depth=2KB", "depth takes a number of at least 1"},
                      {"handshake=5", "handshake takes a time, such as 5s"}};
  for (auto const& one : rows) BOOST_TEST(dist::set_limit(set, one.text) == one.problem);
  BOOST_TEST(dist::set_limit(set, "frames=3").starts_with("unknown limit; choose one of frame_bytes, hello_bytes, "));
  BOOST_TEST(dist::changed_limits(set).empty());
}

BOOST_AUTO_TEST_CASE(limits_set_by_a_program_are_bounded_too) {
  dist::limits set;
  set.frame_bytes = std::size_t{8} << 30;
  set.depth = 1'000'000;
  set.outbox_bytes = 5;
  auto const held = dist::bounded(set);
  BOOST_TEST(held.frame_bytes == 4294967295U);
  BOOST_TEST(held.depth == 1000U);
  BOOST_TEST(held.outbox_bytes == 5U);
}
