#include "desk.hpp"
#include "silent_route.hpp"

using namespace std::chrono_literals;
using dist::call_options;
using dist::errc;
using dist::progress;
using dist::test::Work;

namespace {

struct fixture : dist::test::work_fixture {
  /// Returns the fault and how long the call took to fail.
  template <class R>
  std::pair<dist::fault, dist::duration> ended(dist::pending<R> call) {
    auto const before = world.clock.now();
    auto what = fault_of(std::move(call));
    return {std::move(what), world.clock.now() - before};
  }
  /// A job's link that has not been opened.
  dist::master_link& link(std::string host) {
    dist::link_options options;
    options.master = {std::move(host), 3000};
    options.name = "job";
    made = std::make_unique<dist::master_link>(world.world(), std::move(options));
    running = dist::test::start(world.io, made->run());
    return *made;
  }
  ~fixture() {
    if (!made) return;
    made->stop();
    world.drive_until([&] { return running.done(); });
  }

  std::unique_ptr<dist::master_link> made;
  dist::test::started<void> running;
};

/// A clock that runs late, as on a busy machine: time passes before any timer runs.
class late_clock final : public dist::clock {
 public:
  dist::time_point now() const noexcept override { return at; }
  dist::timer_id schedule(dist::time_point, std::function<void()>) override { return dist::timer_id::none; }
  void cancel(dist::timer_id) noexcept override {}
  std::size_t timer_count() const noexcept override { return 0; }

  dist::time_point at{std::chrono::hours(1)};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(deadlines, fixture)

BOOST_AUTO_TEST_CASE(failure_after_the_deadline_is_reported_as_the_deadline) {
  late_clock late;
  auto seams = world.world();
  auto const calls = std::make_shared<dist::call_book>(
      dist::seams{seams.io, late, seams.network, seams.compute, seams.entropy, seams.log}, dist::limits());
  auto const route = dist::make_route<dist::test::silent_route>(calls);
  dist::method_key const key{"Work.any", true, nullptr};
  for (auto const& [passed, expected] : {std::pair(99ms, errc::method_failed), std::pair(100ms, errc::deadline_exceeded)}) {
    auto const call = calls->make_call();
    call->method = &key;
    call->deadline = dist::deadline(late.now() + 100ms);
    calls->start(call);
    dist::test::run_until_idle(world.io);
    late.at += passed;
    calls->fail(*call, dist::make_fault(errc::method_failed, "the inner call ran out of time"));
    auto const what = fault_of(dist::pending<int>(dist::call_handle(calls, call)));
    BOOST_TEST(what.code == expected);
    BOOST_TEST((what.cause == "the inner call ran out of time") == (expected == errc::deadline_exceeded));
    BOOST_TEST(what.known == progress::executed);
  }
  route->stop();
}

BOOST_AUTO_TEST_CASE(deadline_applies_while_connecting) {
  world.network.blackhole("desert");
  auto const silent = world.network.listen({"silent", 3000});
  for (std::string const host : {"desert", "silent", "absent"}) {
    auto const& to = link(host);
    auto const [what, after] = ended(dist::go<&Work::echo>(to.calls(), 1, call_options().within(200ms)));
    BOOST_TEST(what.code == errc::deadline_exceeded);
    BOOST_TEST(what.phase == "connecting");
    BOOST_TEST(what.known == progress::not_started);
    BOOST_TEST((after == 200ms), host);
    made->stop();
    BOOST_TEST(world.drive_until([&] { return running.done(); }));
  }
}

BOOST_AUTO_TEST_CASE(call_without_deadline_waits_for_its_connection) {
  world.add("a");
  world.wait_for_nodes(1);
  auto& job = world.connect("job");
  world.stop_master();
  auto call = dist::go<&Work::echo>(job.link.calls(), 5);
  auto dropped = std::make_unique<dist::pending<std::int64_t>>(dist::go<&Work::echo>(job.link.calls(), 6));
  auto const impatient =
      ended(dist::go<&Work::echo>(job.link.calls(), 7, call_options().wait_for_node(300ms)));
  BOOST_TEST(impatient.first.code == errc::no_node);
  BOOST_TEST(impatient.first.phase == "connecting");
  BOOST_TEST((impatient.second == 300ms));
  dropped.reset();
  dist::test::run_until_idle(world.io);
  BOOST_TEST(job.link.calls().caller().live_count() == 1U);
  world.restart_master();
  BOOST_TEST(world.run<std::int64_t>(std::move(call)) == 5);
}

BOOST_AUTO_TEST_CASE(call_waiting_for_a_connection_ends_with_its_link) {
  auto& to = link("absent");
  auto call = dist::go<&Work::echo>(to.calls(), 5);
  dist::test::run_until_idle(world.io);
  to.stop();
  BOOST_TEST(fault_of(std::move(call)).code == errc::stopped);
}

BOOST_AUTO_TEST_CASE(deadline_of_a_connected_job_applies_in_the_queue_and_while_running) {
  auto& job = world.connect("job");
  auto const waits = ended(dist::go<&Work::read>(job.link.calls(), "r", call_options().within(200ms)));
  BOOST_TEST(waits.first.code == errc::deadline_exceeded);
  BOOST_TEST((waits.second == 200ms));
  world.add("a");
  world.wait_for_nodes(1);
  auto const runs = ended(dist::go<&Work::read>(job.link.calls(), "r", call_options().within(200ms)));
  BOOST_TEST(runs.first.code == errc::deadline_exceeded);
  BOOST_TEST(runs.first.phase == "running");
  BOOST_TEST(runs.first.known == progress::unknown);
  BOOST_TEST((runs.second == 200ms));
  world.pass(1ms);
  BOOST_TEST(at->cancelled.size() == 1U);
  BOOST_TEST(status("in_use") == "0");
}

BOOST_AUTO_TEST_CASE(handle_can_set_a_default_deadline) {
  auto const hasty = cluster.with(call_options().within(50ms));
  BOOST_TEST((ended(dist::go<&Work::read>(hasty, "r")).second == 50ms));
  BOOST_TEST((ended(dist::go<&Work::read>(hasty, "r", call_options().within(80ms))).second == 80ms));
  BOOST_TEST((ended(dist::call_by_name<std::string>(hasty, "Work.read", "r")).second == 50ms));
  auto const both = hasty.with(call_options().within(20ms)).with(call_options().once());
  BOOST_TEST((ended(dist::go<&Work::read>(both, "r")).second == 20ms));
  auto const before = world.clock.now();
  BOOST_TEST(fault_of(dist::map<&Work::read>(hasty, std::vector<std::string>{"x", "y"})).code == errc::deadline_exceeded);
  BOOST_TEST((world.clock.now() - before == 50ms));
}

BOOST_AUTO_TEST_CASE(options_of_a_call_extend_or_override_the_defaults) {
  auto const defaults = call_options().needs("gpu").retry(5).kill_after(1s).wait_for_node(1s).within(2s);
  auto const both = call_options().needs("site=a").retry(1).once().over(defaults);
  BOOST_TEST((both.time_left() == 2s));
  BOOST_TEST(both.is_once());
  BOOST_TEST(both.sent()->needs == (std::vector<std::string>{"gpu", "site=a"}), boost::test_tools::per_element());
  BOOST_TEST((both.sent()->retries == 1U));
  BOOST_TEST((both.sent()->node_wait_us == 1'000'000U));
  BOOST_TEST((both.sent()->kill_after_us == 1'000'000U));
  BOOST_TEST(!call_options().over(call_options()).sent());
  BOOST_TEST(call_options().over(defaults).sent() == defaults.sent());
}

BOOST_AUTO_TEST_SUITE_END()
