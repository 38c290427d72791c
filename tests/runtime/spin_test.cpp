#include "process/spin.hpp"

#include <boost/test/unit_test.hpp>
#include <thread>

#include <dist/runtime/system_world.hpp>

using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(it_looks_again_until_its_bound_has_passed) {
  dist::time_point const start{1h};
  dist::spin tried(50us);
  tried.worked(start);
  BOOST_TEST(tried.looks_again(start));
  BOOST_TEST(tried.looks_again(start + 49us));
  BOOST_TEST(!tried.looks_again(start + 50us));
  tried.worked(start + 60us);
  BOOST_TEST(tried.looks_again(start + 100us));
}

BOOST_AUTO_TEST_CASE(it_sleeps_when_others_want_the_processor) {
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

BOOST_AUTO_TEST_CASE(it_offers_the_processor_now_and_then) {
  dist::time_point const start{1h};
  dist::spin tried(50us);
  tried.worked(start);
  BOOST_TEST(tried.yields_now(start));
  tried.yielded(start, start + 1us);
  BOOST_TEST(!tried.yields_now(start + 5us));
  BOOST_TEST(tried.yields_now(start + 6us));
}

BOOST_AUTO_TEST_CASE(without_a_bound_it_sleeps_at_once) {
  dist::time_point const start{1h};
  dist::spin tried(0us);
  tried.worked(start);
  BOOST_TEST(!tried.looks_again(start));
}

BOOST_AUTO_TEST_CASE(work_from_other_threads_is_done_while_it_looks_and_while_it_sleeps) {
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
