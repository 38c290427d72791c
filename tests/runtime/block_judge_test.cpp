#include "process/block_judge.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;
using dist::block_judge;

namespace {

struct looks {
  block_judge::verdict look(bool answered, dist::duration later = 1s) { return judge.look(answered, now += later); }

  dist::time_point now{24h};
  block_judge judge{now};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(block_judge_suite, looks)

BOOST_AUTO_TEST_CASE(block_and_its_end_are_reported_once_each) {
  BOOST_TEST((look(true) == block_judge::verdict::nothing));
  BOOST_TEST((look(false) == block_judge::verdict::nothing));
  BOOST_TEST((look(false) == block_judge::verdict::nothing));
  BOOST_TEST((look(false) == block_judge::verdict::blocked));
  BOOST_TEST((judge.blocked_for() == 3s));
  BOOST_TEST((look(false) == block_judge::verdict::nothing));
  BOOST_TEST((look(true) == block_judge::verdict::free_again));
  BOOST_TEST((judge.blocked_for() == 5s));
  BOOST_TEST((look(true) == block_judge::verdict::nothing));
}

BOOST_AUTO_TEST_CASE(short_work_is_not_reported) {
  for (int i = 0; i < 10; ++i) {
    BOOST_TEST((look(false) == block_judge::verdict::nothing));
    BOOST_TEST((look(false) == block_judge::verdict::nothing));
    BOOST_TEST((look(true) == block_judge::verdict::nothing));
  }
}

BOOST_AUTO_TEST_CASE(stopped_process_does_not_count_as_blocked) {
  look(true);
  BOOST_TEST((look(false, 60s) == block_judge::verdict::nothing));
  BOOST_TEST((look(true) == block_judge::verdict::nothing));
}

BOOST_AUTO_TEST_SUITE_END()
