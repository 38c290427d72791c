#include "process/restart_policy.hpp"

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <ostream>

using namespace std::chrono_literals;
using answer = dist::restart_policy::answer;

namespace dist {
std::ostream& operator<<(std::ostream& out, restart_policy::answer what) {
  constexpr char const* names[] = {"at once", "after a pause", "never"};
  return out << names[static_cast<int>(what)];
}
}  // namespace dist

namespace {

dist::exit_report code(int number) {
  dist::exit_report made;
  made.code = number;
  return made;
}

dist::exit_report signal(int number) {
  dist::exit_report made;
  made.signal = number;
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(restart_policy)

BOOST_AUTO_TEST_CASE(repeated_crashes_are_restarted_after_a_pause) {
  dist::restart_policy policy;
  BOOST_TEST(policy.after(signal(SIGKILL), true, 1s) == answer::at_once);
  BOOST_TEST(policy.after(signal(SIGKILL), true, 1s) == answer::after_a_pause);
  BOOST_TEST(policy.failures() == 1U);
  BOOST_TEST(policy.after(code(1), true, 1s) == answer::after_a_pause);
  BOOST_TEST(policy.failures() == 2U);
  // It had run long enough.
  BOOST_TEST(policy.after(signal(SIGSEGV), true, dist::restart_policy::healthy) == answer::at_once);
  BOOST_TEST(policy.after(signal(SIGSEGV), true, 1s) == answer::after_a_pause);
  BOOST_TEST(policy.failures() == 1U);
}

BOOST_AUTO_TEST_CASE(drained_process_is_restarted_at_once) {
  dist::restart_policy policy;
  for (int i = 0; i < 10; ++i) BOOST_TEST(policy.after(code(0), true, 1ms) == answer::at_once);
}

BOOST_AUTO_TEST_CASE(process_ended_by_kill_after_is_restarted_at_once) {
  dist::restart_policy policy;
  for (int i = 0; i < 10; ++i) BOOST_TEST(policy.after(code(dist::exit_code::kill_after), true, 1ms) == answer::at_once);
  // Nor does it count towards a later crash.
  BOOST_TEST(policy.after(signal(SIGKILL), true, 1s) == answer::at_once);
}

BOOST_AUTO_TEST_CASE(process_that_never_joins_is_given_up) {
  for (auto const& ended : {code(0), code(1), signal(SIGABRT)}) {
    dist::restart_policy policy;
    BOOST_TEST(policy.after(ended, false, 1min) == answer::at_once);
    BOOST_TEST(policy.after(ended, false, 1ms) != answer::never);
    BOOST_TEST(policy.after(ended, false, 1ms) == answer::never);
  }
}

BOOST_AUTO_TEST_CASE(process_that_has_joined_is_not_given_up) {
  dist::restart_policy policy;
  policy.after(signal(SIGKILL), true, 1ms);
  // Its master may be down at the moment.
  for (int i = 0; i < 100; ++i) BOOST_TEST(policy.after(code(1), false, 1ms) == answer::after_a_pause);
}

BOOST_AUTO_TEST_CASE(wrong_use_is_never_restarted) {
  dist::restart_policy policy;
  policy.after(signal(SIGKILL), true, 1ms);
  BOOST_TEST(policy.after(code(dist::exit_code::wrong_use), true, 1h) == answer::never);
}

BOOST_AUTO_TEST_SUITE_END()
