#include "record/account.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;
using dist::account;

BOOST_AUTO_TEST_SUITE(job_account)

BOOST_AUTO_TEST_CASE(account_lists_calls_nodes_and_slots) {
  struct row {
    std::uint64_t calls, failed, issued_again;
    dist::duration elapsed;
    char const* file;
    char const* text;
  };
  row const rows[] = {
      {0, 0, 0, 0s, "", "0 calls on 1 node in 0.0 s"},
      {1, 0, 0, 1250ms, "", "1 call on 1 node in 1.2 s"},
      {999, 1, 0, 60s, "", "999 calls on 1 node in 1 min 0 s, 1 failed"},
      {1000, 0, 37, 11533s, "", "1,000 calls on 1 node in 3 h 12 min, 37 retried"},
      {1'234'567, 1000, 0, 59'999ms, "", "1,234,567 calls on 1 node in 59.9 s, 1,000 failed"},
      {9, 3, 0, 1s, "failures.json", "9 calls on 1 node in 1.0 s, 3 failed: see failures.json"},
      {9, 0, 0, 1s, "failures.json", "9 calls on 1 node in 1.0 s"},
  };
  account made;
  made.joined("a");
  made.joined("a");  // joins again
  for (auto const& one : rows) {
    account::counts of;
    of.calls = one.calls;
    of.failed = one.failed;
    of.issued_again = one.issued_again;
    of.elapsed = one.elapsed;
    of.failure_file = one.file;
    BOOST_TEST(made.text(of) == one.text);
  }
}

BOOST_AUTO_TEST_CASE(account_of_a_connected_job_is_shorter) {
  account::counts of;
  of.calls = 1;
  of.elapsed = 1250ms;
  BOOST_TEST(account::text_at_master(of, 0) == "1 call at the master in 1.2 s");
  of.calls = 100'000;
  of.failed = 3;
  of.issued_again = 37;
  of.elapsed = 11533s;
  BOOST_TEST(account::text_at_master(of, 2) ==
             "100,000 calls at the master in 3 h 12 min, 37 retried, 2 connections lost, 3 failed");
}

BOOST_AUTO_TEST_CASE(account_shows_the_method_time_in_the_slots) {
  account made;
  made.there(4, 2s);
  made.there(0, 5s);  // no node was there
  made.ran(5s);
  account::counts of;
  of.calls = 10;
  of.elapsed = 7s;
  BOOST_TEST(made.text(of) == "10 calls on 0 nodes in 7.0 s, busy 63 %");
  of.under_way = 2s;
  BOOST_TEST(made.text(of) == "10 calls on 0 nodes in 7.0 s, busy 88 %");
  of.under_way = 60s;
  BOOST_TEST(made.text(of) == "10 calls on 0 nodes in 7.0 s, busy 100 %");
}

BOOST_AUTO_TEST_CASE(account_separates_cancelled_from_failed_calls) {
  account::counts of;
  of.calls = 450;
  of.cancelled = 446;
  of.elapsed = 1s;
  BOOST_TEST(account::text_at_master(of, 0) == "450 calls at the master in 1.0 s, 446 cancelled");
  of.failed = 3;
  BOOST_TEST(account::text_at_master(of, 0) == "450 calls at the master in 1.0 s, 446 cancelled, 3 failed");
}

BOOST_AUTO_TEST_CASE(account_names_the_first_lost_nodes) {
  account made;
  made.lost("ws07", 7, "its connection ended");
  made.lost("ws12", 0, "it was silent for too long");
  made.explain(7, "signal 9 (killed)");
  made.explain(0, "unknown");
  BOOST_TEST(made.text({}) ==
             "0 calls on 0 nodes in 0.0 s, 2 nodes lost (ws07: signal 9 (killed); ws12: it was silent for too long)");
  for (int i = 0; i < 8; ++i) made.lost("more", 1, "x");
  auto const text = made.text({});
  BOOST_TEST(text.find("10 nodes lost") != std::string::npos, text);
  BOOST_TEST(text.ends_with("; 5 more)"), text);
}

BOOST_AUTO_TEST_SUITE_END()
