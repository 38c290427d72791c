#include "master/waiting_line.hpp"

#include <asio/post.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sim/world/run.hpp"
#include "support/cancellable.hpp"

namespace {

using namespace std::chrono_literals;
using dist::unproven_peers;
using dist::waiting_line;
using dist::test::cancellable;
using dist::test::run_until_idle;

dist::task<void> wait_in(waiting_line& line, unproven_peers::share const& who, std::string name, std::vector<std::string>& released) {
  co_await line.wait(who);
  released.push_back(std::move(name));
}

dist::duration at_once(std::string const&) { return 0ms; }

struct fixture {
  fixture() : a(peers, "192.0.2.1", 10, [] {}), b(peers, "192.0.2.2", 20, [] {}) {}

  std::unique_ptr<cancellable<void>> visitor(unproven_peers::share const& who, std::string name) {
    auto made = std::make_unique<cancellable<void>>(io, wait_in(line, who, std::move(name), released));
    run_until_idle(io);
    return made;
  }

  asio::io_context io;
  unproven_peers peers{100};
  unproven_peers::share a;
  unproven_peers::share b;
  waiting_line line;
  std::vector<std::string> released;
};

using names = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(waiting, fixture)

BOOST_AUTO_TEST_CASE(they_are_released_in_order_of_arrival) {
  auto const first = visitor(a, "first");
  auto const second = visitor(a, "second");
  BOOST_TEST(released.empty());
  line.release_one(at_once);
  run_until_idle(io);
  BOOST_TEST(released == names({"first"}));
  line.release_one(at_once);
  line.release_one(at_once);
  run_until_idle(io);
  BOOST_TEST(released == names({"first", "second"}));
}

BOOST_AUTO_TEST_CASE(one_that_is_cancelled_leaves) {
  auto const first = visitor(a, "first");
  auto const second = visitor(a, "second");
  first->cancel();
  run_until_idle(io);
  BOOST_CHECK_THROW(first->get(), std::system_error);
  BOOST_TEST(line.size() == 1U);
  line.release_one(at_once);
  run_until_idle(io);
  BOOST_TEST(released == names({"second"}));
}

BOOST_AUTO_TEST_CASE(one_party_that_must_wait_holds_up_no_other) {
  auto const first = visitor(a, "a");
  auto const second = visitor(b, "b");
  auto const pause = [](std::string const& party) { return party == "192.0.2.1" ? 20ms : 0ms; };
  BOOST_TEST((line.release_one(pause) == 0ms));
  run_until_idle(io);
  BOOST_TEST(released == names({"b"}));
  BOOST_TEST((line.release_one(pause) == 20ms));
  BOOST_TEST((line.release_one(at_once) == 0ms));
  run_until_idle(io);
  BOOST_TEST(released == names({"b", "a"}));
}

BOOST_AUTO_TEST_CASE(those_that_were_crowded_out_take_nobodys_turn) {
  auto const first = visitor(a, "a");
  auto const second = visitor(b, "b");
  b.hold(1000);
  BOOST_TEST(b.is_crowded_out());
  std::vector<std::string> asked;
  BOOST_TEST((line.release_one([&](std::string const& party) {
    asked.push_back(party);
    return 20ms;
  }) == 20ms));
  run_until_idle(io);
  BOOST_TEST(asked == names({"192.0.2.1"}));
  BOOST_TEST(released == names({"b"}));
  first->cancel();
  run_until_idle(io);
}

BOOST_AUTO_TEST_CASE(the_loop_wakes_when_somebody_comes) {
  cancellable loop(io, line.someone());
  run_until_idle(io);
  BOOST_TEST(!loop.done());
  auto const first = visitor(a, "a");
  BOOST_TEST(loop.done());
  line.release_one(at_once);
  run_until_idle(io);
}

BOOST_AUTO_TEST_SUITE_END()
