#include "process/child_process.hpp"

#include <boost/test/unit_test.hpp>
#include <csignal>

BOOST_AUTO_TEST_SUITE(child_process)

BOOST_AUTO_TEST_CASE(exit_status_is_shown_as_text) {
  dist::exit_report ended;
  BOOST_TEST(to_text(ended) == "exit code 0");
  BOOST_TEST(ended.is_success());
  ended.code = 3;
  BOOST_TEST(to_text(ended) == "exit code 3");
  BOOST_TEST(!ended.is_success());
  ended.code = dist::exit_code::kill_after;
  BOOST_TEST(to_text(ended) == "killed by kill_after");
  BOOST_TEST(!ended.is_success());
  ended = {};
  ended.signal = SIGKILL;
  BOOST_TEST(to_text(ended) == "signal 9 (killed)");
  BOOST_TEST(!ended.is_success());
  ended.out_of_memory = true;
  ended.peak_bytes = 812'345'678;
  BOOST_TEST(to_text(ended) == "signal 9 (killed, out of memory at 812 MB)");
  ended = {};
  ended.signal = SIGSEGV;
  BOOST_TEST(to_text(ended) == "signal 11 (segmentation fault)");
  ended.signal = 99;
  BOOST_TEST(to_text(ended) == "signal 99 (unknown)");
  ended = {};
  ended.went_silently = true;
  BOOST_TEST(to_text(ended) == "exit code 0");
  BOOST_TEST(!ended.is_success());
  ended = {};
  ended.signal = SIGKILL;
  ended.unresponsive = std::chrono::seconds(32);
  BOOST_TEST(to_text(ended) == "it did not respond for 32 s and was killed");
  ended.problem = "cannot start a node process: Resource temporarily unavailable";
  BOOST_TEST(to_text(ended) == ended.problem);
}

BOOST_AUTO_TEST_CASE(out_of_memory_kills_are_counted) {
  BOOST_TEST(dist::out_of_memory_kills("nr_free_pages 12\noom_kill 7\nhtlb 3\n") == 7U);
  BOOST_TEST(dist::out_of_memory_kills("nr_free_pages 12\n") == 0U);
  BOOST_TEST(dist::out_of_memory_kills("nr_oom_kill 5\n") == 0U);
  BOOST_TEST(dist::out_of_memory_kills("") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
