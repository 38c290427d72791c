// The progress of fan-outs as the master shows it: its own program's and those of connected jobs.
#include <boost/json/parse.hpp>
#include <dist/rpc/task_group.hpp>

#include "desk.hpp"

using namespace std::chrono_literals;
using dist::test::labels;
using dist::test::Work;

namespace {

dist::task<void> read_all(dist::cluster on, std::vector<std::string> what, dist::fan_out how) {
  auto all = dist::map<&Work::read>(on, std::move(what), std::move(how));
  co_await std::move(all);
}

struct fixture : dist::test::work_fixture {
  fixture() {
    world.add("a", 64);
    world.wait_for_nodes(1);
  }

  boost::json::object all() { return boost::json::parse(world.master().status_json()).as_object(); }
  boost::json::array own() { return all().at("fan_outs").as_array(); }
  boost::json::array of_job() { return all().at("jobs").at(0).at("fan_outs").as_array(); }
  void open(std::size_t from, std::size_t to) {
    for (; from < to; ++from) at->open(std::to_string(from));
  }
  auto start(dist::task<void> work) { return dist::test::start(world.io, std::move(work)); }
  bool has_begun(std::size_t count) {
    return world.drive_until([&] { return at->begun.size() == count; });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fan_outs, fixture)

BOOST_AUTO_TEST_CASE(status_shows_fan_outs_of_the_master) {
  BOOST_TEST(own().empty());
  auto const work = start(read_all(cluster, labels(4), {}));
  BOOST_TEST_REQUIRE(has_begun(4));
  open(0, 1);
  world.pass(10s);
  auto const one = own().at(0).as_object();
  BOOST_TEST(one.at("name").as_string() == "map of Work.read");
  BOOST_TEST(one.at("done") == 1);
  BOOST_TEST(one.at("failed") == 0);
  BOOST_TEST(one.at("total") == 4);
  BOOST_TEST(one.at("elapsed_ms").to_number<int>() >= 10'000);
  BOOST_TEST(one.at("left_ms").to_number<int>() >= 30'000);
  open(1, 4);
  BOOST_TEST(world.drive_until([&] { return work.done(); }));
  BOOST_TEST(own().empty());
}

BOOST_AUTO_TEST_CASE(job_reports_its_fan_outs_to_its_master) {
  auto& job = world.connect("job");
  auto const work = start(read_all(job.link.calls(), labels(4), dist::fan_out().progress("reading")));
  BOOST_TEST_REQUIRE(has_begun(4));
  BOOST_TEST(of_job().empty());
  open(0, 2);
  world.pass(1100ms);
  BOOST_TEST_REQUIRE(of_job().size() == 1U);
  BOOST_TEST(of_job().at(0).at("name").as_string() == "reading");
  BOOST_TEST(of_job().at(0).at("done") == 2);
  BOOST_TEST(of_job().at(0).at("total") == 4);
  BOOST_TEST(own().empty());
  open(2, 3);
  world.pass(1100ms);
  BOOST_TEST(of_job().at(0).at("done") == 3);
  open(3, 4);
  BOOST_TEST(world.drive_until([&] { return work.done(); }));
  world.pass(1100ms);
  BOOST_TEST(of_job().empty());
}

BOOST_AUTO_TEST_CASE(fan_outs_are_reported_again_after_a_reconnect) {
  auto& job = world.connect("job");
  auto const work = start(read_all(job.link.calls(), labels(3), {}));
  BOOST_TEST_REQUIRE(has_begun(3));
  world.pass(1100ms);
  BOOST_TEST(of_job().size() == 1U);
  job.network.cut();
  BOOST_TEST_REQUIRE(has_begun(6));
  BOOST_TEST(of_job().empty());
  world.pass(1100ms);
  BOOST_TEST(of_job().size() == 1U);
  at->open_all();
  BOOST_TEST(world.drive_until([&] { return work.done(); }));
}

BOOST_AUTO_TEST_CASE(abandoned_fan_out_is_removed) {
  dist::task_group group(world.io.get_executor());
  group.spawn(read_all(cluster, labels(4), {}));
  BOOST_TEST_REQUIRE(has_begun(4));
  BOOST_TEST(own().size() == 1U);
  group.stop();
  BOOST_TEST(world.drive_until([&] { return group.size() == 0; }));
  BOOST_TEST(own().empty());
}

BOOST_AUTO_TEST_CASE(unbounded_range_has_no_total) {
  std::istringstream lines("1 2 3");
  auto const words = std::ranges::subrange(std::istream_iterator<std::string>(lines), std::istream_iterator<std::string>());
  auto all = [](dist::cluster on, auto range) -> dist::task<void> {
    auto reading = dist::map<&Work::read>(on, range);
    co_await std::move(reading);
  };
  auto const work = start(all(cluster, words));
  BOOST_TEST_REQUIRE(has_begun(3));
  world.pass(10s);
  BOOST_TEST(own().at(0).at("total").is_null());
  BOOST_TEST(own().at(0).at("left_ms").is_null());
  at->open_all();
  BOOST_TEST(world.drive_until([&] { return work.done(); }));
}

BOOST_AUTO_TEST_CASE(oldest_fan_outs_are_listed) {
  std::vector<decltype(start(dist::task<void>()))> works;
  for (std::size_t i = 0; i < dist::most_fan_outs + 4; ++i)
    works.push_back(start(read_all(cluster, labels(1), dist::fan_out().progress("n" + std::to_string(i)))));
  BOOST_TEST_REQUIRE(has_begun(dist::most_fan_outs + 4));
  BOOST_TEST(own().size() == dist::most_fan_outs);
  BOOST_TEST(own().at(0).at("name").as_string() == "n0");
  at->open_all();
  BOOST_TEST(world.drive_until([&] { return std::ranges::all_of(works, [](auto const& one) { return one.done(); }); }));
}

BOOST_AUTO_TEST_CASE(reports_of_a_job_are_limited) {
  auto& job = world.connect("job");
  auto const tell = [&](std::vector<dist::fan_out_report> const& what) {
    return world.run<void>(dist::call_by_name<void>(job.link.calls(), "dist.show_progress", what));
  };
  dist::fan_out_report strange;
  strange.name = std::string(5000, 'x') + "\x1b[2J";
  strange.done = strange.failed = strange.elapsed_us = ~std::uint64_t{0};
  strange.total = 0;
  tell(std::vector<dist::fan_out_report>(100, strange));
  BOOST_TEST(of_job().size() == dist::most_fan_outs);
  BOOST_TEST(of_job().at(0).at("name").as_string().size() <= 300U);
  auto const what = fault_of(dist::call_by_name<void>(job.link.calls(), "dist.show_progress", "no list"));
  BOOST_TEST(what.code == dist::errc::bad_arguments);
  BOOST_TEST(of_job().size() == dist::most_fan_outs);
}

BOOST_AUTO_TEST_SUITE_END()
