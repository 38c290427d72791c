#include "process/spin.hpp"

#include <boost/test/unit_test.hpp>
#include <thread>

#include <dist/runtime/system_world.hpp>

using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(thread_spins_until_its_limit_has_passed) {
  dist::time_point const start{1h};
  dist::spin tried(50us);
  tried.worked(start);
  BOOST_TEST(tried.looks_again(start));
  BOOST_TEST(tried.looks_again(start + 49us));
  BOOST_TEST(!tried.looks_again(start + 50us));
  tried.worked(start + 60us);
  BOOST_TEST(tried.looks_again(start + 100us));
}

BOOST_AUTO_TEST_CASE(thread_sleeps_when_others_need_the_processor) {
  dist::time_point const start{1h};
  dist::spin tried(50us);
  tried.worked(start);
  tried.yielded(start, start + 1us);
  BOOST_TEST(tried.looks_again(start + 1us));
  tried.yielded(start + 1us, start + 21us);
  BOOST_TEST(!tried.looks_again(start + 21us));
  tried.worked(start + 30us);
  BOOST_TEST(tried.looks_again(start + 30us));
}

BOOST_AUTO_TEST_CASE(thread_yields_now_and_then_while_it_spins) {
  dist::time_point const start{1h};
  dist::spin tried(50us);
  tried.worked(start);
  BOOST_TEST(tried.yields_now(start));
  tried.yielded(start, start + 1us);
  BOOST_TEST(!tried.yields_now(start + 5us));
  BOOST_TEST(tried.yields_now(start + 6us));
}

BOOST_AUTO_TEST_CASE(zero_limit_sleeps_at_once) {
  dist::time_point const start{1h};
  dist::spin tried(0us);
  tried.worked(start);
  BOOST_TEST(!tried.looks_again(start));
}

BOOST_AUTO_TEST_CASE(work_from_other_threads_runs_while_spinning_and_sleeping) {
  for (auto const bound : {0us, 1us, 1000us}) {
    dist::system_world world(0);
    auto guard = asio::make_work_guard(world.io());
    int done = 0;
    std::thread other([&] {
      for (int i = 0; i < 1000; ++i) asio::post(world.io(), [&] { ++done; });
      asio::post(world.io(), [&] { guard.reset(); });
    });
    world.run(bound);
    other.join();
    BOOST_TEST(done == 1000);
  }
}
