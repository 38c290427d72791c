#include "desk.hpp"

using dist::errc;
using dist::progress;

namespace {

/// A type that throws when the test asks for it.
struct Fussy {
  std::int64_t value = 0;
  Fussy() { act(); }
  explicit Fussy(std::int64_t of) : value(of) {}

  static inline int mood = 0;
  static void act() {
    if (mood == 1) throw std::length_error("too fussy");
    if (mood == 2) throw 42;
  }
};
BOOST_DESCRIBE_STRUCT(Fussy, (), (value))

struct Throws {
  std::string plain(std::string const& what) const { return raise(what); }
  dist::task<std::string> coroutine(std::string what) const { co_return raise(what); }
  /// Returns a value that throws when decoded by the caller.
  Fussy give(int mood) const {
    Fussy given(7);
    Fussy::mood = mood;
    return given;
  }
  std::int64_t take(std::vector<Fussy> const& given) const { return given.at(0).value; }

 private:
  static void open() {
    try {
      throw std::runtime_error("no such disk");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("cannot open"));
    }
  }
  static void load() {
    try {
      open();
    } catch (...) {
      std::throw_with_nested(std::logic_error("cannot load"));
    }
  }
  static std::string raise(std::string const& what) {
    if (what == "std") throw std::out_of_range("out of paper");
    if (what == "int") throw 42;
    if (what == "text") throw "text";
    if (what == "string") throw std::string("broken");
    if (what == "not UTF-8") throw std::runtime_error("no caf\xe9 here");
    if (what == "busy") throw dist::transient("caf\xe9 is busy");
    if (what == "caused") load();
    if (what == "code") throw std::system_error(std::make_error_code(std::errc::no_space_on_device));
    if (what == "aborted") throw std::system_error(asio::error::operation_aborted);
    if (what == "call") throw dist::call_error(dist::make_fault(errc::poisoned, "mine"));
    if (what == "stopped") throw dist::call_error(dist::make_fault(errc::stopped, "not yours"));
    return what;
  }
};
BOOST_DESCRIBE_STRUCT(Throws, (), (plain, coroutine, give, take))

/// Fails inside the node itself, as if out of memory.
class failing_compute final : public dist::compute_threads {
 public:
  explicit failing_compute(asio::io_context& io) : inner_(io, 1) {}
  asio::any_io_executor executor() override { return inner_.executor(); }
  void post(dist::work_ptr work) override {
    if (std::exchange(fails, false)) throw std::length_error("no more room");
    inner_.post(std::move(work));
  }
  std::size_t slots() const noexcept override { return 1; }

  bool fails = false;

 private:
  dist::inline_compute inner_;
};

struct fixture {
  fixture() {
    world.add("a");
    world.wait_for_nodes(1);
  }
  ~fixture() { Fussy::mood = 0; }
  template <class R>
  dist::fault fault_of(dist::pending<dist::result<R>> call) {
    auto const got = world.run<dist::result<R>>(std::move(call));
    BOOST_REQUIRE(got.has_error());
    return got.error();
  }

  dist::test::memory_cluster world{dist::services<Throws>()};
  dist::cluster cluster = world.cluster();
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(exceptions, fixture)

BOOST_AUTO_TEST_CASE(anything_a_method_throws_is_a_fault) {
  struct row {
    char const* what;
    char const* said;
  };
  row const rows[] = {{"std", "out of paper"},       {"int", "not a std::exception: int: 42"},
                      {"text", "not a std::exception: char const*: text"},
                      {"string", "std::string: broken"},       {"code", "No space left"},
                      {"aborted", "Operation"},      {"call", "failed"},
                      {"stopped", "failed"},         {"caused", "cannot load: cannot open: no such disk"},
                      {"not UTF-8", "no caf\\xe9 here"}};
  for (auto const& one : rows) {
    for (auto const& what : {fault_of(dist::try_call<&Throws::plain>(cluster, one.what)),
                             fault_of(dist::try_call<&Throws::coroutine>(cluster, one.what))}) {
      BOOST_TEST((what.code == errc::method_failed), what);
      BOOST_TEST(what.known == progress::executed, what);
      BOOST_TEST(what.message.find(one.said) != std::string::npos, what);
      BOOST_TEST(what.node == "a");
    }
  }
  BOOST_TEST(world.run<std::string>(dist::go<&Throws::plain>(cluster, "fine")) == "fine");
}

BOOST_AUTO_TEST_CASE(transient_failure_with_invalid_utf8_is_retried) {
  auto const what = fault_of(dist::try_call<&Throws::plain>(cluster, "busy", dist::call_options().retry(2)));
  BOOST_TEST((what.code == errc::transient), what);
  BOOST_TEST(what.message.find("caf\\xe9 is busy") != std::string::npos, what);
  BOOST_TEST(what.known == progress::executed, what);
}

BOOST_AUTO_TEST_CASE(result_that_throws_at_the_caller_is_a_fault) {
  for (int const mood : {1, 2}) {
    Fussy::mood = 0;
    auto const what = fault_of(dist::try_call<&Throws::give>(cluster, mood));
    BOOST_TEST((what.code == errc::bad_result), what);
    BOOST_TEST(what.message.find(mood == 1 ? "too fussy" : "not a std::exception") != std::string::npos, what);
    BOOST_TEST(what.method == "Throws.give");
  }
  Fussy::mood = 0;
  BOOST_TEST(world.run<Fussy>(dist::go<&Throws::give>(cluster, 0)).value == 7);
}

BOOST_AUTO_TEST_CASE(argument_that_throws_at_the_node_is_a_fault) {
  std::vector<Fussy> const given{Fussy(7)};
  for (int const mood : {1, 2}) {
    Fussy::mood = mood;
    auto const what = fault_of(dist::try_call<&Throws::take>(cluster, given));
    BOOST_TEST((what.code == errc::bad_arguments), what);
    BOOST_TEST(what.known == progress::not_started);
  }
  Fussy::mood = 0;
  BOOST_TEST(world.run<std::int64_t>(dist::go<&Throws::take>(cluster, given)) == 7);
}

BOOST_AUTO_TEST_CASE(pending_yields_its_value_once) {
  auto call = dist::go<&Throws::plain>(cluster, "fine");
  BOOST_TEST(call.valid());
  auto moved = std::move(call);
  BOOST_TEST(!call.valid());
  BOOST_TEST(world.run<std::string>(std::move(moved)) == "fine");
  BOOST_TEST(!moved.valid());
  // A consumed pending may still be queried, assigned to and dropped.
  BOOST_TEST(moved.node().value_or("") == "a");
  moved.cancel();
  BOOST_CHECK_THROW(dist::block_on(std::move(moved)), std::logic_error);
  moved.cancel();
  moved = dist::go<&Throws::plain>(cluster, "again");
  BOOST_TEST(world.run<std::string>(std::move(moved)) == "again");
}

BOOST_AUTO_TEST_CASE(exception_inside_a_node_ends_only_its_session) {
  world.kill_node(0);
  failing_compute compute(world.io);
  auto const around = world.world();
  dist::node_options options;
  options.name = "b";
  options.master = {"master", 3000};
  dist::node node({around.io, around.clock, around.network, compute, around.entropy, around.log}, options,
                  dist::services<Throws>());
  auto run = dist::test::start(world.io, node.run());
  BOOST_REQUIRE(world.drive_until([&] { return node.joined(); }));
  compute.fails = true;
  // Its caller sees a lost node, and the method may run again.
  BOOST_TEST(world.run<std::string>(dist::go<&Throws::plain>(cluster, "fine")) == "fine");
  BOOST_TEST(world.has_logged("node b: no more room; trying again"), world.logged());
  node.stop();
  BOOST_REQUIRE(world.drive_until([&] { return run.done(); }));
}

BOOST_AUTO_TEST_CASE(exception_of_one_message_does_not_hold_up_the_others) {
  asio::io_context io;
  auto const mail = std::make_shared<dist::mailbox>(io);
  std::string done;
  mail->post([&] { done += 'a'; });
  mail->post([&] { throw std::length_error("b"); });
  mail->post([&] { done += 'c'; });
  BOOST_CHECK_THROW(io.poll(), std::length_error);
  BOOST_TEST(done == "ac");
  mail->post([&] { done += 'd'; });
  mail->post([&] { mail->close(); });
  mail->post([&] { done += 'e'; });
  dist::test::run_until_idle(io);
  BOOST_TEST(done == "acd");
}

BOOST_AUTO_TEST_SUITE_END()
