#include "process/node_logs.hpp"

#include <boost/test/unit_test.hpp>

using dist::node_logs;

BOOST_AUTO_TEST_SUITE(logs_of_nodes)

BOOST_AUTO_TEST_CASE(output_is_read_from_a_given_position) {
  node_logs logs;
  BOOST_TEST(!logs.read("a", 0));
  BOOST_TEST(logs.add("a", "one\n") == "one\n");
  auto const first = logs.read("a", 0).value();
  BOOST_TEST(first.lines == "one\n");
  logs.add("a", "two\n");
  logs.add("b", "other\n");
  auto const second = logs.read("a", first.next).value();
  BOOST_TEST(second.lines == "two\n");
  BOOST_TEST(logs.read("a", second.next).value().lines == "");
  // A position that this master has not reached: the master was restarted.
  BOOST_TEST(logs.read("a", 1'000'000).value().lines == "one\ntwo\n");
}

BOOST_AUTO_TEST_CASE(node_without_output_is_known) {
  node_logs logs;
  logs.add("a", "");
  BOOST_TEST(logs.read("a", 0).value().lines == "");
  BOOST_TEST(logs.read("a", 0).value().next == 0U);
}

BOOST_AUTO_TEST_CASE(output_of_a_peer_is_escaped) {
  node_logs logs;
  BOOST_TEST(logs.add("a", "\x1b[2Jx\nno end") == "\\x1b[2Jx\nno end\n");
  BOOST_TEST(logs.add("a", "\\x1b as escaped\n") == "\\x1b as escaped\n");
}

BOOST_AUTO_TEST_CASE(only_the_last_whole_lines_are_kept) {
  node_logs logs;
  std::uint64_t put = 0;
  for (int i = 0; i < 10'000; ++i) put += logs.add("a", "line " + std::to_string(i) + "\n").size();
  auto const kept = logs.read("a", 0).value();
  BOOST_TEST(kept.next == put);
  BOOST_TEST(kept.lines.size() <= node_logs::bytes_of_each);
  BOOST_TEST(kept.lines.size() > node_logs::bytes_of_each - 20);
  BOOST_TEST(kept.lines.starts_with("line "));
  BOOST_TEST(kept.lines.ends_with("line 9999\n"));
}

BOOST_AUTO_TEST_CASE(output_of_the_most_recent_nodes_is_kept) {
  node_logs logs;
  for (std::size_t i = 0; i < node_logs::most_nodes; ++i) logs.add("n" + std::to_string(i), "x\n");
  logs.add("n0", "again\n");
  logs.add("one more", "y\n");
  BOOST_TEST(logs.read("n0", 0).value().lines == "x\nagain\n");
  BOOST_TEST(!logs.read("n1", 0));
  BOOST_TEST(logs.read("n2", 0).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
