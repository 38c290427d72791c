// Method names: a caller may send any, and unknown ones use no memory.
#include "desk.hpp"

using dist::errc;
using dist::progress;
using dist::test::Work;

namespace {

/// A class that this program does not expect.
struct Extra {
  std::int64_t echo(std::int64_t value) const { return value; }
};
BOOST_DESCRIBE_STRUCT(Extra, (), (echo))

}  // namespace

namespace other {

/// Has the name of the class that this program serves.
struct Work {
  std::int64_t echo(std::int64_t value) const { return -value; }
};
BOOST_DESCRIBE_STRUCT(Work, (), (echo))

/// The same class, with that name on purpose.
struct Remote {
  std::int64_t echo(std::int64_t value) const { return -value; }
};
BOOST_DESCRIBE_STRUCT(Remote, (), (echo))

}  // namespace other

template <>
inline constexpr std::string_view dist::service_name<other::Remote> = "Work";

BOOST_FIXTURE_TEST_SUITE(known_methods, dist::test::work_fixture)

BOOST_AUTO_TEST_CASE(unknown_method_names_use_no_memory) {
  world.add("a");
  world.wait_for_nodes(1);
  auto const many = [](dist::cluster on) -> dist::task<int> {
    int failed = 0;
    for (int i = 0; i < 70'000; ++i) {
      auto call = dist::call_by_name<std::int64_t>(on, "Work.none_" + std::to_string(i));
      try {
        co_await std::move(call);
      } catch (dist::call_error const& e) {
        failed += e.fault().code == errc::unknown_method;
      }
    }
    co_return failed;
  };
  BOOST_TEST(world.run(many(cluster)) == 70'000);
  // More than the name table holds; the next node's methods are known all the same.
  dist::node_options options;
  options.name = "b";
  dist::service_list list;
  list.add({"Extra", dist::bind_methods<Extra>(), [] { return std::make_shared<Extra>(); }});
  world.add(options, 1, list);
  world.wait_for_nodes(2);
  BOOST_TEST(world.run<std::int64_t>(dist::call_by_name<std::int64_t>(cluster, "Extra.echo", std::int64_t{5})) == 5);
}

BOOST_AUTO_TEST_CASE(different_class_of_the_same_name_is_rejected) {
  world.add("a");
  world.wait_for_nodes(1);
  for (int n = 0; n < 2; ++n) {
    auto const what = fault_of(dist::go<&other::Work::echo>(cluster, 5));
    BOOST_TEST((what.code == errc::incompatible), what);
    BOOST_TEST(what.known == progress::not_started, what);
    BOOST_TEST(what.message.find("other::Work") != std::string::npos, what);
    BOOST_TEST(what.message.find("test::Work") != std::string::npos, what);  // g++ leaves out the namespace it is in
    BOOST_TEST(world.run<std::int64_t>(dist::go<&Work::echo>(cluster, 5)) == 5);
  }
  BOOST_TEST(world.run<std::int64_t>(dist::go<&other::Remote::echo>(cluster, 5)) == 5);
}

BOOST_AUTO_TEST_CASE(different_class_of_the_same_name_is_rejected_for_a_connected_job) {
  world.add("a");
  world.wait_for_nodes(1);
  dist::link_options options;
  options.master = {"master", 3000};
  options.services = dist::services<Work>(Work());
  auto link = world.run(dist::connect(world.world(), options));
  auto const running = dist::test::start(world.io, link->run());
  BOOST_TEST((fault_of(dist::go<&other::Work::echo>(link->calls(), 5)).code == errc::incompatible));
  BOOST_TEST(world.run<std::int64_t>(dist::go<&Work::echo>(link->calls(), 5)) == 5);
  link->stop();
  BOOST_TEST(world.drive_until([&] { return running.done(); }));
}

BOOST_AUTO_TEST_CASE(method_names_before_the_first_node_are_limited) {
  std::vector<dist::pending<std::int64_t>> calls;
  for (int i = 0; i < 5000; ++i)
    calls.push_back(dist::call_by_name<std::int64_t>(cluster, "Work.none_" + std::to_string(i), std::int64_t{1}));
  auto const what = fault_of(dist::call_by_name<std::int64_t>(cluster, "Work.one_more", std::int64_t{1}));
  BOOST_TEST(what.code == errc::overloaded);
  BOOST_TEST(what.known == progress::not_started);
}

BOOST_AUTO_TEST_SUITE_END()
