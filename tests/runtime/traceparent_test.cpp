#include <boost/test/unit_test.hpp>
#include <dist/dist.hpp>

#include "support/memory_cluster.hpp"

// The traceparent follows the calls.

namespace {

struct Traced {
  std::string own(dist::context ctx) const { return ctx.traceparent(); }
  std::string after(dist::context ctx, std::vector<std::int64_t> const&) const { return ctx.traceparent(); }
  dist::task<std::string> nested(dist::context ctx) const;
  dist::task<std::string> other(dist::context ctx, std::string traceparent) const;
};
BOOST_DESCRIBE_STRUCT(Traced, (), (own, after, nested, other))

dist::task<std::string> Traced::nested(dist::context ctx) const {
  auto call = dist::go<&Traced::own>(ctx);
  co_return co_await std::move(call);
}

dist::task<std::string> Traced::other(dist::context ctx, std::string traceparent) const {
  auto call = dist::go<&Traced::own>(ctx, dist::call_options().traceparent(std::move(traceparent)));
  co_return co_await std::move(call);
}

std::string const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
std::string const another = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

struct fixture {
  dist::test::memory_cluster world{dist::services<Traced>()};
  dist::cluster cluster = world.cluster();
  dist::call_options const traced = dist::call_options().traceparent(trace);
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(traceparent, fixture)

BOOST_AUTO_TEST_CASE(method_can_read_the_traceparent) {
  world.add_node("a");
  BOOST_TEST(world.run<std::string>(dist::go<&Traced::own>(cluster, traced)) == trace);
  BOOST_TEST(world.run<std::string>(dist::go<&Traced::own>(cluster)) == "");
  BOOST_TEST(world.run<std::string>(dist::go<&Traced::own>(cluster.with(traced))) == trace);
}

BOOST_AUTO_TEST_CASE(traceparent_works_with_arguments_of_every_size) {
  world.add_node("a");
  for (std::size_t const count : {0, 1, 1000, 100'000})
    BOOST_TEST(world.run<std::string>(dist::go<&Traced::after>(cluster, std::vector<std::int64_t>(count), traced)) == trace);
}

BOOST_AUTO_TEST_CASE(nested_calls_inherit_the_traceparent) {
  world.add_node("a");
  BOOST_TEST(world.run<std::string>(dist::go<&Traced::nested>(cluster, traced)) == trace);
  BOOST_TEST(world.run<std::string>(dist::go<&Traced::nested>(cluster)) == "");
}

BOOST_AUTO_TEST_CASE(traceparent_set_by_the_method_takes_precedence) {
  world.add_node("a");
  BOOST_TEST(world.run<std::string>(dist::go<&Traced::other>(cluster, another, traced)) == another);
  BOOST_TEST(world.run<std::string>(dist::go<&Traced::other>(cluster, "no traceparent", traced)) == trace);
}

BOOST_AUTO_TEST_SUITE_END()
