#include <dist/rpc/service.hpp>

#include <dist/rpc/codec.hpp>
#include <dist/rpc/service_list.hpp>
#include <dist/rpc/task.hpp>

#include <asio/error.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdint>
#include <future>
#include <latch>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

class pool final : public dist::compute {
 public:
  explicit pool(std::size_t threads) : threads_(threads), pool_(threads) {}
  ~pool() override { pool_.join(); }
  /// Whatever has not run yet never will.
  void stop() { pool_.stop(); }

  asio::any_io_executor executor() override { return pool_.get_executor(); }
  void post(std::function<void()> work) override { asio::post(pool_, std::move(work)); }
  std::size_t slots() const noexcept override { return threads_; }

 private:
  std::size_t threads_;
  asio::thread_pool pool_;
};

/// Suspends coroutines until it is opened, once; from any thread.
class latch_timer {
 public:
  explicit latch_timer(asio::any_io_executor executor) : timer_(executor, asio::steady_timer::time_point::max()) {}
  dist::task<void> wait() { return timer_.async_wait(asio::use_awaitable); }

 private:
  asio::steady_timer timer_;
};

struct Base {
  int inherited(int a) const { return a + 1; }
};
BOOST_DESCRIBE_STRUCT(Base, (), (inherited))

struct Plain : Base {
  std::int64_t add(std::int64_t a, std::int64_t b, std::int64_t c) const { return a + b + c; }
  std::int64_t sum(std::vector<std::int64_t> const& values) const noexcept {
    std::int64_t total = 0;
    for (auto v : values) total += v;
    return total;
  }
  int none() const { return 7; }
  void nothing() const {}
  std::string join_two(std::string_view a, std::string&& b) const { return std::string(a) + b; }
  std::string where(dist::context ctx, int n) const {
    return ctx.method() + '@' + ctx.node() + ':' + std::to_string(n);
  }
  bool cancelled(dist::context const& ctx) const {
    ctx.throw_if_cancelled();
    return ctx.cancelled();
  }
  void fail(std::string how) const {
    if (how == "runtime") throw std::runtime_error("out of luck");
    if (how == "transient") throw dist::transient("busy for now");
    if (how == "int") throw 42;
    if (how == "memory") throw std::bad_alloc();
    if (how == "aborted") throw std::system_error(asio::error::operation_aborted);
    auto inner = dist::make_fault(dist::errc::node_lost, "no beat for 30 s");
    inner.method = "Other.work";
    if (how == "caused") inner.cause = "the disk is full";
    throw dist::call_error(inner);
  }
  std::string not_text() const { return "abc\xfe"; }
  std::string long_text() const { return std::string(100, 'x'); }
};
BOOST_DESCRIBE_STRUCT(Plain, (Base), (add, sum, none, nothing, join_two, where, cancelled, fail, not_text, long_text))

dist::task<void> yield_once() {
  auto const executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
}

struct Tasks {
  dist::task<std::int64_t> sum(std::vector<std::int64_t> const& values) const {
    co_await yield_once();
    std::int64_t total = 0;
    for (auto v : values) total += v;
    co_return total;
  }
  dist::task<std::string> both(dist::context const& ctx, std::string_view a, std::string b) const {
    co_await yield_once();
    co_return std::string(a) + b + ctx.node();
  }
  dist::task<double> dot(std::span<double const> a, std::span<double const> b) const {
    co_await yield_once();
    double total = 0;
    for (std::size_t i = 0; i < a.size(); ++i) total += a[i] * b[i];
    co_return total;
  }
  dist::task<int> yield_often(int times) const {
    for (int i = 0; i < times; ++i) co_await yield_once();
    co_return times;
  }
  dist::task<void> nothing() const { co_return; }
  dist::task<int> fail() const {
    co_await yield_once();
    throw std::runtime_error("late");
  }
  dist::task<void> forever(dist::context ctx) const {
    latch_timer timer(co_await asio::this_coro::executor);
    started->count_down();
    co_await timer.wait();
    ctx.throw_if_cancelled();
  }
  std::shared_ptr<std::latch> started = std::make_shared<std::latch>(1);
};
BOOST_DESCRIBE_STRUCT(Tasks, (), (sum, both, dot, yield_often, nothing, fail, forever))

template <class... A>
dist::invocation make_call(A const&... arguments) {
  dist::invocation what;
  what.codec = dist::codec::cbor;
  BOOST_TEST_REQUIRE(dist::encode_arguments(what.codec, what.spelling, what.storage, arguments...) == "");
  what.arguments = what.storage.bytes();
  return what;
}

/// Starts a call; the future is ready when it has ended.
std::future<dist::outcome> start(dist::service_table& table, std::string_view name, dist::invocation what,
                                 dist::compute& on) {
  auto promise = std::make_shared<std::promise<dist::outcome>>();
  auto result = promise->get_future();
  table.start(table.find(name).value(), std::move(what), on,
              [promise](dist::outcome out) { promise->set_value(std::move(out)); });
  return result;
}

template <class T>
T value_of(dist::outcome const& out) {
  T value{};
  if (out.error) BOOST_FAIL(dist::to_text(*out.error));
  BOOST_TEST_REQUIRE(dist::decode_result(dist::codec::cbor, out.payload.bytes(), 64, value) == "");
  return value;
}

struct fixture {
  dist::service_table table = dist::services<Plain, Tasks>().make();
  pool on{2};

  template <class... A>
  dist::outcome run(std::string_view name, A const&... arguments) {
    return start(table, name, make_call(arguments...), on).get();
  }
  template <class... A>
  dist::fault fault_of(std::string_view name, A const&... arguments) {
    auto out = run(name, arguments...);
    BOOST_TEST_REQUIRE(out.error.has_value());
    BOOST_TEST(out.payload.empty());
    BOOST_TEST(out.error->method == name);
    return *out.error;
  }
};

std::shared_ptr<dist::call_scope> scope_of(std::string method) {
  return std::make_shared<dist::call_scope>(std::move(method), "ws07", dist::deadline::never());
}

}  // namespace

template <>
inline constexpr bool dist::brief<&Plain::add> = true;

BOOST_FIXTURE_TEST_SUITE(service, fixture)

BOOST_AUTO_TEST_CASE(plain_methods_of_every_shape_run) {
  BOOST_TEST(value_of<std::int64_t>(run("Plain.add", std::int64_t{1}, std::int64_t{2}, std::int64_t{3})) == 6);
  BOOST_TEST(value_of<std::int64_t>(run("Plain.sum", std::vector<std::int64_t>{2, 4, 6})) == 12);
  BOOST_TEST(value_of<int>(run("Plain.none")) == 7);
  BOOST_TEST(value_of<int>(run("Plain.inherited", 1)) == 2);
  BOOST_TEST(value_of<std::string>(run("Plain.join_two", std::string("a"), std::string("b"))) == "ab");
  auto const nothing = run("Plain.nothing");
  BOOST_TEST(!nothing.error.has_value());
}

BOOST_AUTO_TEST_CASE(coroutine_methods_keep_what_they_refer_to) {
  BOOST_TEST(value_of<std::int64_t>(run("Tasks.sum", std::vector<std::int64_t>(1000, 2))) == 2000);
  auto what = make_call(std::string(100, 'a'), std::string(100, 'b'));
  what.scope = scope_of("Tasks.both");
  auto const text = value_of<std::string>(start(table, "Tasks.both", std::move(what), on).get());
  BOOST_TEST(text == std::string(100, 'a') + std::string(100, 'b') + "ws07");
  BOOST_TEST(!run("Tasks.nothing").error.has_value());
  auto const ones = std::vector<double>(1000, 1.0);
  BOOST_TEST(value_of<double>(run("Tasks.dot", ones, ones)) == 1000.0);
}

BOOST_AUTO_TEST_CASE(values_travel_as_json_too) {
  dist::invocation what;
  what.codec = dist::codec::json;
  what.spelling = dist::spelling::go;
  what.storage = dist::buffer("[[1,2,39]]");
  what.arguments = what.storage.bytes();
  auto const sum = start(table, "Tasks.Sum", std::move(what), on).get();
  BOOST_TEST(sum.payload.text() == "42");

  dist::invocation nothing;
  nothing.codec = dist::codec::json;
  nothing.spelling = dist::spelling::go;
  auto const done = start(table, "Plain.Nothing", std::move(nothing), on).get();
  BOOST_TEST(done.payload.text() == "true");
}

BOOST_AUTO_TEST_CASE(a_method_is_described_by_the_structure_of_its_types) {
  auto const& join = table.methods()[table.find("Plain.join_two").value()];
  BOOST_TEST(join.name == "Plain.join_two");
  BOOST_TEST(join.arguments == "tuple<text,text>");
  BOOST_TEST(join.result == "text");
  BOOST_TEST((join.repeatable && !join.brief && !join.coroutine && !join.needs_scope));
  auto const& forever = table.methods()[table.find("Tasks.forever").value()];
  BOOST_TEST(forever.arguments == "tuple<>");
  BOOST_TEST(forever.result == "null");
  BOOST_TEST((forever.coroutine && forever.needs_scope));
  BOOST_TEST(table.methods()[table.find("Plain.where").value()].needs_scope);
}

BOOST_AUTO_TEST_CASE(a_context_comes_first_and_is_not_an_argument) {
  auto what = make_call(5);
  what.scope = scope_of("Plain.where");
  BOOST_TEST(value_of<std::string>(start(table, "Plain.where", std::move(what), on).get()) == "Plain.where@ws07:5");
  // A caller without a scope gets one.
  BOOST_TEST(value_of<std::string>(run("Plain.where", 5)) == "Plain.where@:5");
}

BOOST_AUTO_TEST_CASE(what_a_method_throws_becomes_its_fault) {
  struct row {
    char const* how;
    dist::errc code;
    char const* message;
    char const* cause;
  };
  for (auto const& [how, code, message, cause] : {
           row{"runtime", dist::errc::method_failed, "out of luck", ""},
           row{"transient", dist::errc::transient, "busy for now", ""},
           row{"int", dist::errc::method_failed, "threw something that is not a std::exception", ""},
           row{"memory", dist::errc::method_failed, "std::bad_alloc", ""},
           row{"aborted", dist::errc::method_failed, "Operation aborted.", ""},
           row{"caused", dist::errc::method_failed, "the call of Other.work that it made failed: ", "the disk is full"},
           row{"nested", dist::errc::method_failed, "the call of Other.work that it made failed: ", "no beat for 30 s"},
       }) {
    auto const what = fault_of("Plain.fail", std::string(how));
    BOOST_TEST_CONTEXT(how) {
      BOOST_TEST((what.code == code));
      BOOST_TEST((what.known == dist::progress::executed));
      BOOST_TEST(what.message.find(message) == 0U, what.message);
      BOOST_TEST(what.cause.find(cause) != std::string::npos, what.cause);
      BOOST_TEST(what.phase == "running");
    }
  }
  BOOST_TEST(fault_of("Tasks.fail").message == "late");
}

BOOST_AUTO_TEST_CASE(bad_arguments_never_start_a_method) {
  for (auto const* name : {"Plain.sum", "Tasks.sum"}) {
    auto const what = fault_of(name, std::string("x"));
    BOOST_TEST((what.code == dist::errc::bad_arguments));
    BOOST_TEST((what.known == dist::progress::not_started));
    BOOST_TEST(what.message.find("argument 1") != std::string::npos, what.message);
  }
  BOOST_TEST((fault_of("Plain.add", 1, 2).code == dist::errc::bad_arguments));
}

BOOST_AUTO_TEST_CASE(a_result_that_cannot_travel_is_a_fault_of_a_method_that_ran) {
  auto const text = fault_of("Plain.not_text");
  BOOST_TEST((text.code == dist::errc::bad_result));
  BOOST_TEST((text.known == dist::progress::executed));
  BOOST_TEST(text.message.find("result: ") == 0U, text.message);
  BOOST_TEST(text.message.find("byte 3") != std::string::npos, text.message);

  auto what = make_call();
  what.result_limit = 50;
  auto const out = start(table, "Plain.long_text", std::move(what), on).get();
  BOOST_TEST_REQUIRE(out.error.has_value());
  BOOST_TEST((out.error->code == dist::errc::limit_exceeded));
  BOOST_TEST((out.error->known == dist::progress::executed));
  BOOST_TEST(out.error->message.find("the limit is 50") != std::string::npos, out.error->message);
}

BOOST_AUTO_TEST_CASE(a_method_answers_to_its_name_and_to_its_go_spelling) {
  BOOST_TEST((table.find("Plain.join_two") == table.find("Plain.JoinTwo")));
  BOOST_TEST(table.find("Plain.JoinTwo").has_value());
  BOOST_TEST(!table.find("Plain.jointwo").has_value());
  BOOST_TEST(!table.find("Plain").has_value());
  BOOST_TEST(!table.find("").has_value());
  BOOST_TEST(!table.find("Base.inherited").has_value());
}

BOOST_AUTO_TEST_CASE(a_cancelled_coroutine_ends_at_its_await) {
  auto started = std::make_shared<std::latch>(1);
  auto one = dist::services(Tasks{started}).make();
  auto what = make_call();
  auto const scope = what.scope = scope_of("Tasks.forever");
  auto ended = start(one, "Tasks.forever", std::move(what), on);
  started->wait();
  scope->cancel();
  auto const out = ended.get();
  BOOST_TEST_REQUIRE(out.error.has_value());
  BOOST_TEST((out.error->code == dist::errc::cancelled));
  BOOST_TEST((out.error->known == dist::progress::executed));
  scope->cancel();
}

BOOST_AUTO_TEST_CASE(a_call_that_was_cancelled_before_it_began_never_begins) {
  for (auto const* name : {"Plain.cancelled", "Tasks.forever"}) {
    auto what = make_call();
    what.scope = scope_of(name);
    what.scope->cancel();
    auto const out = start(table, name, std::move(what), on).get();
    BOOST_TEST_REQUIRE(out.error.has_value());
    BOOST_TEST((out.error->code == dist::errc::cancelled));
    BOOST_TEST((out.error->known == dist::progress::not_started));
  }
}

BOOST_AUTO_TEST_CASE(a_cancel_at_any_moment_ends_each_call_once) {
  std::vector<std::shared_ptr<dist::call_scope>> scopes;
  std::vector<std::future<dist::outcome>> calls;
  for (int i = 0; i < 200; ++i) {
    auto what = make_call(i % 20);
    scopes.push_back(what.scope = scope_of("Tasks.yield_often"));
    calls.push_back(start(table, "Tasks.yield_often", std::move(what), on));
    if (i >= 5) scopes[static_cast<std::size_t>(i - 5)]->cancel();
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    auto const out = calls[i].get();
    if (out.error)
      BOOST_TEST((out.error->code == dist::errc::cancelled), dist::to_text(*out.error));
    else
      BOOST_TEST(value_of<int>(out) == static_cast<int>(i % 20));
  }
}

BOOST_AUTO_TEST_CASE(compute_threads_that_stop_drop_their_calls_and_what_those_hold) {
  auto const held = std::make_shared<int>(0);
  {
    auto started = std::make_shared<std::latch>(1);
    auto one = dist::services(Tasks{started}).make();
    pool short_lived(1);
    auto what = make_call();
    auto const scope = what.scope = scope_of("Tasks.forever");
    one.start(one.find("Tasks.forever").value(), std::move(what), short_lived,
              [held](dist::outcome) { BOOST_ERROR("the call ended"); });
    started->wait();
    short_lived.stop();
  }
  BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(calls_and_failures_are_counted_per_method) {
  run("Plain.none");
  run("Plain.none");
  fault_of("Plain.fail", std::string("int"));
  BOOST_TEST(table.counts(table.find("Plain.none").value()).calls == 2U);
  BOOST_TEST(table.counts(table.find("Plain.none").value()).failures == 0U);
  BOOST_TEST(table.counts(table.find("Plain.fail").value()).failures == 1U);
}

BOOST_AUTO_TEST_CASE(a_brief_method_runs_where_it_is_called) {
  auto what = make_call(std::int64_t{1}, std::int64_t{2}, std::int64_t{3});
  dist::outcome out;
  BOOST_TEST(table.try_run_here(table.find("Plain.add").value(), what, out));
  BOOST_TEST(value_of<std::int64_t>(out) == 6);
  // Not brief: left to the compute threads.
  BOOST_TEST(!table.try_run_here(table.find("Plain.none").value(), what, out));
  BOOST_TEST(!table.try_run_here(table.find("Tasks.sum").value(), what, out));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// Non-const methods that see whether they are alone, and const ones that meet inside.
struct Shared {
  struct state {
    std::atomic<int> inside = 0;
    std::atomic<bool> met = false;
    int unguarded = 0;  // TSan's witness
    std::latch together{2};
    std::latch entered{1};
    std::latch go_on{1};
  };
  std::shared_ptr<state> s = std::make_shared<state>();

  void alone() {
    if (s->inside.fetch_add(1) != 0) s->met = true;
    ++s->unguarded;
    s->inside.fetch_sub(1);
  }
  dist::task<void> alone_in_pieces(int pieces) {
    for (int i = 0; i < pieces; ++i) {
      alone();
      co_await yield_once();
    }
    alone();
  }
  int count() const { return s->unguarded; }
  dist::task<int> count_later() const {
    co_await yield_once();
    co_return s->unguarded;
  }
  void meet() const { s->together.arrive_and_wait(); }
  void hold() {
    s->entered.count_down();
    s->go_on.wait();
  }
  void hold_const() const {
    s->entered.count_down();
    s->go_on.wait();
  }
  dist::task<void> suspended_for_ever() {
    latch_timer timer(co_await asio::this_coro::executor);
    s->entered.count_down();
    co_await timer.wait();
  }
};
BOOST_DESCRIBE_STRUCT(Shared, (),
                      (alone, alone_in_pieces, count, count_later, meet, hold, hold_const, suspended_for_ever))

struct shared_fixture {
  std::shared_ptr<Shared::state> state = std::make_shared<Shared::state>();
  dist::service_table table = (dist::services(Shared{state}) + dist::services<Plain>()).make();
  pool on{2};

  template <class... A>
  std::future<dist::outcome> begin(std::string_view name, A const&... arguments) {
    return start(table, name, make_call(arguments...), on);
  }
};

}  // namespace

template <>
inline constexpr bool dist::brief<&Shared::count> = true;

BOOST_FIXTURE_TEST_SUITE(service_access, shared_fixture)

BOOST_AUTO_TEST_CASE(non_const_methods_run_alone_and_coroutines_alone_between_awaits) {
  std::vector<std::future<dist::outcome>> calls;
  for (int i = 0; i < 50; ++i) {
    calls.push_back(begin("Shared.alone"));
    calls.push_back(begin("Shared.alone_in_pieces", 4));
    calls.push_back(begin("Shared.count"));
    calls.push_back(begin("Shared.count_later"));
  }
  for (auto& call : calls) BOOST_TEST(!call.get().error.has_value());
  BOOST_TEST(!state->met.load());
  BOOST_TEST(state->unguarded == 50 + 50 * 5);
}

BOOST_AUTO_TEST_CASE(const_methods_of_one_object_run_together) {
  auto first = begin("Shared.meet");
  auto second = begin("Shared.meet");
  BOOST_TEST(!first.get().error.has_value());
  BOOST_TEST(!second.get().error.has_value());
}

BOOST_AUTO_TEST_CASE(calls_that_wait_for_a_busy_object_hold_no_thread) {
  auto holding = begin("Shared.hold");
  state->entered.wait();
  std::vector<std::future<dist::outcome>> waiting;
  for (int i = 0; i < 8; ++i) waiting.push_back(begin(i % 2 ? "Shared.alone" : "Shared.count"));
  waiting.push_back(begin("Shared.alone_in_pieces", 1));
  // One of two threads is held by the method; the other is free for another service.
  BOOST_TEST(value_of<int>(begin("Plain.none").get()) == 7);
  auto what = make_call();
  dist::outcome out;
  BOOST_TEST(!table.try_run_here(table.find("Shared.count").value(), what, out));
  BOOST_TEST(state->unguarded == 0);
  state->go_on.count_down();
  for (auto& call : waiting) BOOST_TEST(!call.get().error.has_value());
  BOOST_TEST(!holding.get().error.has_value());
  BOOST_TEST(table.try_run_here(table.find("Shared.count").value(), what, out));
}

BOOST_AUTO_TEST_CASE(a_nested_const_call_passes_a_waiting_non_const_one) {
  auto holding = begin("Shared.hold_const");
  state->entered.wait();
  auto writer = begin("Shared.alone");
  auto what = make_call();
  dist::outcome out;
  // In order, a reader waits behind the writer; what a running method calls must not.
  BOOST_TEST(!table.try_run_here(table.find("Shared.count").value(), what, out));
  what.nested = true;
  BOOST_TEST(table.try_run_here(table.find("Shared.count").value(), what, out));
  state->go_on.count_down();
  BOOST_TEST(!writer.get().error.has_value());
  BOOST_TEST(!holding.get().error.has_value());
}

BOOST_AUTO_TEST_CASE(a_suspended_coroutine_leaves_its_object_free_and_can_be_cancelled) {
  auto what = make_call();
  auto const scope = what.scope = scope_of("Shared.suspended_for_ever");
  auto suspended = start(table, "Shared.suspended_for_ever", std::move(what), on);
  state->entered.wait();
  BOOST_TEST(!begin("Shared.alone").get().error.has_value());
  scope->cancel();
  auto const out = suspended.get();
  BOOST_TEST_REQUIRE(out.error.has_value());
  BOOST_TEST((out.error->code == dist::errc::cancelled));
  BOOST_TEST(!begin("Shared.alone").get().error.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct Counted {
  static inline std::atomic<int> made = 0;
  Counted() { ++made; }
  int get() const { return 1; }
};
BOOST_DESCRIBE_STRUCT(Counted, (), (get))

struct Only {
  explicit Only(std::string t) : text(std::make_unique<std::string>(std::move(t))) {}
  std::string get() const { return *text; }
  std::unique_ptr<std::string> text;
};
BOOST_DESCRIBE_STRUCT(Only, (), (get))

struct Fixed {
  explicit Fixed(int v) : value(v) {}
  Fixed(Fixed&&) = delete;
  int get() const { return value; }
  int value;
};
BOOST_DESCRIBE_STRUCT(Fixed, (), (get))

namespace other {
struct Counted {
  int get() const { return 2; }
};
BOOST_DESCRIBE_STRUCT(Counted, (), (get))
}  // namespace other

std::string text_of(dist::service_table& table, std::string_view name) {
  pool on(1);
  return value_of<std::string>(start(table, name, make_call(), on).get());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(service_list)

BOOST_AUTO_TEST_CASE(objects_are_made_where_the_table_is) {
  Counted::made = 0;
  auto const list = dist::services<Counted, Plain>() + dist::service<Fixed>([] { return Fixed(3); });
  auto const described = list.methods();
  BOOST_TEST(Counted::made == 0);
  BOOST_TEST(described.front().name == "Counted.get");
  BOOST_TEST(described.front().repeatable);
  BOOST_TEST(described.back().name == "Fixed.get");
  auto const table = list.make();
  BOOST_TEST(Counted::made == 1);
  BOOST_TEST(table.methods().size() == described.size());
  list.make();
  BOOST_TEST(Counted::made == 2);
}

BOOST_AUTO_TEST_CASE(an_object_that_cannot_be_copied_serves_one_node) {
  auto const list = dist::services(Only("here"));
  auto const copy = list;
  auto table = list.make();
  BOOST_TEST(text_of(table, "Only.get") == "here");
  BOOST_CHECK_EXCEPTION(copy.make(), std::logic_error,
                        [](auto const& e) { return std::string(e.what()).find("Only") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(a_factory_keeps_what_it_captured) {
  auto const list = [] { return dist::service<Only>([big = std::string(1000, 'x')] { return Only(big); }); }();
  auto first = list.make();
  auto second = list.make();
  BOOST_TEST(text_of(first, "Only.get") == std::string(1000, 'x'));
  BOOST_TEST(text_of(second, "Only.get") == std::string(1000, 'x'));
}

BOOST_AUTO_TEST_CASE(a_factory_that_throws_passes_its_message) {
  auto const list = dist::service<Counted>([]() -> Counted { throw std::runtime_error("no licence"); });
  BOOST_CHECK_EXCEPTION(list.make(), std::runtime_error,
                        [](auto const& e) { return std::string(e.what()) == "no licence"; });
}

BOOST_AUTO_TEST_CASE(one_name_serves_one_class) {
  auto const named = [](auto const& e) { return std::string(e.what()).find("Counted") != std::string::npos; };
  BOOST_CHECK_EXCEPTION((dist::services<Counted, other::Counted>()), std::invalid_argument, named);
  auto list = dist::services<Counted>();
  BOOST_CHECK_EXCEPTION(list += list, std::invalid_argument, named);
}

BOOST_AUTO_TEST_SUITE_END()
