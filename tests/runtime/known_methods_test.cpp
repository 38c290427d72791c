// Names of methods: anybody can send any, and those that nobody has take no room.
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

BOOST_FIXTURE_TEST_SUITE(known_methods, dist::test::work_fixture)

BOOST_AUTO_TEST_CASE(names_that_nobody_has_take_no_room) {
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
  // More than the table of names holds; the next node's are known all the same.
  dist::node_options options;
  options.name = "b";
  dist::service_list list;
  list.add({"Extra", dist::bind_methods<Extra>(), [] { return std::make_shared<Extra>(); }});
  world.add(options, 1, list);
  world.wait_for_nodes(2);
  BOOST_TEST(world.run<std::int64_t>(dist::call_by_name<std::int64_t>(cluster, "Extra.echo", std::int64_t{5})) == 5);
}

BOOST_AUTO_TEST_CASE(names_before_the_first_node_are_bounded) {
  std::vector<dist::pending<std::int64_t>> calls;
  for (int i = 0; i < 5000; ++i)
    calls.push_back(dist::call_by_name<std::int64_t>(cluster, "Work.none_" + std::to_string(i), std::int64_t{1}));
  auto const what = fault_of(dist::call_by_name<std::int64_t>(cluster, "Work.one_more", std::int64_t{1}));
  BOOST_TEST(what.code == errc::overloaded);
  BOOST_TEST(what.known == progress::not_started);
}

BOOST_AUTO_TEST_SUITE_END()
