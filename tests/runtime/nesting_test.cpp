#include <atomic>
#include <boost/describe/class.hpp>
#include <boost/test/unit_test.hpp>
#include <dist/dist.hpp>
#include <dist/runtime/system_world.hpp>
#include <list>
#include <thread>

// Methods that call each other across nodes and threads: every call ends, with a result or an error.

namespace {

/// Left and Right run on different nodes; the methods of each call the other's.
struct Left {
  std::int64_t leaf(std::int64_t value) const { return value; }
  std::int64_t block(dist::context ctx, std::int64_t left) const;
  dist::task<std::int64_t> await(dist::context ctx, std::int64_t left) const;
};
struct Right {
  std::int64_t leaf(std::int64_t value) const { return value; }
  std::int64_t block(dist::context ctx, std::int64_t left) const;
  dist::task<std::int64_t> await(dist::context ctx, std::int64_t left) const;
};
BOOST_DESCRIBE_STRUCT(Left, (), (leaf, block, await))
BOOST_DESCRIBE_STRUCT(Right, (), (leaf, block, await))

/// Results cross threads, exceptions do not: the reference count of an exception_ptr is in a library that TSan does not
/// instrument.
std::int64_t one_more(dist::result<std::int64_t> const& got) {
  if (got.has_error()) throw dist::call_error(got.error());
  return 1 + *got;
}

std::int64_t Left::block(dist::context ctx, std::int64_t left) const {
  if (left == 0) return 0;
  if (left == 1) return one_more(dist::block_on(dist::try_call<&Right::leaf>(ctx, 0)));
  return one_more(dist::block_on(dist::try_call<&Right::block>(ctx, left - 1)));
}
std::int64_t Right::block(dist::context ctx, std::int64_t left) const {
  if (left == 0) return 0;
  if (left == 1) return one_more(dist::block_on(dist::try_call<&Left::leaf>(ctx, 0)));
  return one_more(dist::block_on(dist::try_call<&Left::block>(ctx, left - 1)));
}
dist::task<std::int64_t> Left::await(dist::context ctx, std::int64_t left) const {
  if (left == 0) co_return 0;
  auto next = dist::try_call<&Right::await>(ctx, left - 1);
  auto const got = co_await std::move(next);
  co_return one_more(got);
}
dist::task<std::int64_t> Right::await(dist::context ctx, std::int64_t left) const {
  if (left == 0) co_return 0;
  auto next = dist::try_call<&Left::await>(ctx, left - 1);
  auto const got = co_await std::move(next);
  co_return one_more(got);
}

/// Methods that block on other methods of their own object.
struct Account {
  std::int64_t balance(std::int64_t value) const { return value; }
  std::int64_t deposit(std::int64_t value) { return value; }
  std::int64_t read_while_alone(dist::context ctx, std::int64_t value);
  std::int64_t write_while_shared(dist::context ctx, std::int64_t value) const;
  std::int64_t write_while_alone(dist::context ctx, std::int64_t value);
  std::int64_t read_while_shared(dist::context ctx, std::int64_t value) const;
};
BOOST_DESCRIBE_STRUCT(Account, (),
                      (balance, deposit, read_while_alone, write_while_shared, write_while_alone, read_while_shared))

std::int64_t Account::read_while_alone(dist::context ctx, std::int64_t value) {
  return one_more(dist::block_on(dist::try_call<&Account::balance>(ctx, value)));
}
std::int64_t Account::write_while_shared(dist::context ctx, std::int64_t value) const {
  return one_more(dist::block_on(dist::try_call<&Account::deposit>(ctx, value)));
}
std::int64_t Account::write_while_alone(dist::context ctx, std::int64_t value) {
  return one_more(dist::block_on(dist::try_call<&Account::deposit>(ctx, value)));
}
std::int64_t Account::read_while_shared(dist::context ctx, std::int64_t value) const {
  return one_more(dist::block_on(dist::try_call<&Account::balance>(ctx, value)));
}

class fixture {
 public:
  fixture() {
    dist::master_options options;
    options.listen = {"127.0.0.1", 0};
    master.emplace(world, std::move(options));
    asio::co_spawn(world.io(), master->run(), [](std::exception_ptr) {});
    thread = std::thread([this] { world.io().run(); });
    cluster.emplace(master->calls());
  }
  ~fixture() {
    for (auto& one : nodes) {
      asio::post(one.world.io(), [&one] { one.node->stop(); });
      one.thread.join();
      one.world.join_compute();
    }
    asio::post(world.io(), [this] { master->stop(); });
    thread.join();
  }
  void node(std::string name, std::size_t slots, dist::service_list services) {
    auto& one = nodes.emplace_back(slots);
    dist::node_options options;
    options.master = master->local_address();
    options.name = std::move(name);
    one.node.emplace(one.world, options, std::move(services));
    asio::co_spawn(one.world.io(), one.node->run(), [](std::exception_ptr) {});
    one.thread = std::thread([&one] { one.world.io().run(); });
    dist::block_on(*cluster, cluster->wait_for_nodes(nodes.size()));
  }
  template <auto Method>
  std::vector<dist::result<std::int64_t>> outcomes(std::size_t count, std::int64_t depth) {
    std::vector<dist::pending<dist::result<std::int64_t>>> calls;
    for (std::size_t i = 0; i < count; ++i) calls.push_back(dist::try_call<Method>(*cluster, depth));
    return dist::block_on(*cluster, dist::all(std::move(calls)));
  }
  std::string status() {
    std::promise<std::string> text;
    asio::post(world.io(), [&] { text.set_value(master->status_json()); });
    return text.get_future().get();
  }

  struct beside {
    explicit beside(std::size_t slots) : world(slots, dist::log(dist::log_level::error)) {}
    dist::system_world world;
    std::optional<dist::node> node;
    std::thread thread;
  };
  dist::system_world world{1, dist::log(dist::log_level::error)};
  std::optional<dist::master> master;
  std::thread thread;
  std::optional<dist::cluster> cluster;
  std::list<beside> nodes;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(nesting, fixture)

BOOST_AUTO_TEST_CASE(methods_of_two_nodes_may_block_on_each_other) {
  node("left", 4, dist::services<Left>());
  node("right", 4, dist::services<Right>());
  for (std::size_t const clients : {std::size_t{4}, std::size_t{40}}) {
    std::vector<dist::pending<std::int64_t>> calls;
    for (std::size_t i = 0; i < clients; ++i) {
      calls.push_back(dist::go<&Left::block>(*cluster, 1));
      calls.push_back(dist::go<&Right::block>(*cluster, 1));
    }
    for (auto const one : dist::block_on(*cluster, dist::all(std::move(calls)))) BOOST_TEST(one == 1);
  }
  BOOST_TEST(status().find("\"in_use\":0,\"abandoned\":0,\"queued\":0") != std::string::npos, status());
}

BOOST_AUTO_TEST_CASE(coroutines_of_two_nodes_may_await_each_other) {
  node("left", 1, dist::services<Left>());
  node("right", 1, dist::services<Right>());
  for (auto const& one : outcomes<&Left::await>(50, 30)) BOOST_TEST(one.value() == 30);
}

BOOST_AUTO_TEST_CASE(more_blocking_calls_than_threads_complete) {
  node("both", 1, dist::services<Left, Right>());
  for (auto const& one : outcomes<&Left::block>(40, 1)) BOOST_TEST(one.value() == 1);
}

BOOST_AUTO_TEST_CASE(blocking_too_deeply_is_rejected_with_advice) {
  node("both", 2, dist::services<Left, Right>());
  BOOST_TEST(outcomes<&Left::block>(1, 3)[0].value() == 3);
  for (auto const& one : outcomes<&Left::block>(20, 9)) {
    BOOST_REQUIRE(one.has_error());
    BOOST_TEST_MESSAGE(one.error());
    BOOST_TEST(one.error().code == dist::errc::method_failed);
    BOOST_TEST(one.error().cause.find("make the method a coroutine") != std::string::npos, one.error());
  }
  BOOST_TEST(outcomes<&Left::await>(1, 200)[0].value() == 200);
  BOOST_TEST(outcomes<&Left::block>(1, 3)[0].value() == 3);
}

BOOST_AUTO_TEST_CASE(blocking_on_the_own_object_is_rejected_with_advice) {
  node("one", 2, dist::services<Account>());
  BOOST_TEST(outcomes<&Account::read_while_shared>(1, 5).front().value() == 6);
  auto const refused = [&](auto const& outcome, std::string const& outer, std::string const& inner) {
    BOOST_REQUIRE(outcome.has_error());
    auto const text = outer + " would deadlock: it holds its object while it waits for " + inner;
    BOOST_TEST(outcome.error().cause.find(text) != std::string::npos, to_text(outcome.error()));
  };
  refused(outcomes<&Account::read_while_alone>(1, 5).front(), "Account.read_while_alone", "Account.balance");
  refused(outcomes<&Account::write_while_shared>(1, 5).front(), "Account.write_while_shared", "Account.deposit");
  refused(outcomes<&Account::write_while_alone>(1, 5).front(), "Account.write_while_alone", "Account.deposit");
}

BOOST_AUTO_TEST_CASE(unbounded_nesting_is_rejected) {
  node("both", 2, dist::services<Left, Right>());
  auto const what = outcomes<&Left::await>(1, 1'000'000)[0];
  BOOST_REQUIRE(what.has_error());
  BOOST_TEST_MESSAGE(what.error());
  BOOST_TEST(what.error().cause.find("coroutine_count") != std::string::npos, what.error());
  BOOST_TEST(outcomes<&Left::await>(1, 100)[0].value() == 100);
}

BOOST_AUTO_TEST_SUITE_END()
