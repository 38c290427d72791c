#include "rpc/service_support.hpp"

using dist::test::latch_timer;
using dist::test::make_call;
using dist::test::Plain;
using dist::test::pool;
using dist::test::scope_of;
using dist::test::start;
using dist::test::value_of;
using dist::test::yield_once;

namespace {

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

}  // namespace

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

BOOST_AUTO_TEST_CASE(coroutine_methods_keep_their_arguments_alive) {
  BOOST_TEST(value_of<std::int64_t>(run("Tasks.sum", std::vector<std::int64_t>(1000, 2))) == 2000);
  auto what = make_call(std::string(100, 'a'), std::string(100, 'b'));
  what.scope = scope_of("Tasks.both");
  auto const text = value_of<std::string>(start(table, "Tasks.both", std::move(what), on).get());
  BOOST_TEST(text == std::string(100, 'a') + std::string(100, 'b') + "ws07");
  BOOST_TEST(!run("Tasks.nothing").error.has_value());
  auto const ones = std::vector<double>(1000, 1.0);
  BOOST_TEST(value_of<double>(run("Tasks.dot", ones, ones)) == 1000.0);
}

BOOST_AUTO_TEST_CASE(calls_work_in_json) {
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

BOOST_AUTO_TEST_CASE(method_description_contains_its_type_texts) {
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

BOOST_AUTO_TEST_CASE(context_comes_first_and_is_not_an_argument) {
  auto what = make_call(5);
  what.scope = scope_of("Plain.where");
  BOOST_TEST(value_of<std::string>(start(table, "Plain.where", std::move(what), on).get()) == "Plain.where@ws07:5");
  // A caller without a scope gets a default one.
  BOOST_TEST(value_of<std::string>(run("Plain.where", 5)) == "Plain.where@:5");
}

BOOST_AUTO_TEST_CASE(exception_of_a_method_becomes_its_fault) {
  struct row {
    char const* how;
    dist::errc code;
    char const* message;
    char const* cause;
  };
  for (auto const& [how, code, message, cause] : {
           row{"runtime", dist::errc::method_failed, "out of luck", ""},
           row{"transient", dist::errc::transient, "busy for now", ""},
           row{"int", dist::errc::method_failed, "threw something that is not a std::exception: int: 42", ""},
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

BOOST_AUTO_TEST_CASE(result_that_cannot_be_encoded_is_an_executed_fault) {
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
  BOOST_TEST(out.error->message.find("the limit (frame_bytes) is 50") != std::string::npos, out.error->message);
}

BOOST_AUTO_TEST_CASE(method_is_found_by_its_name_and_its_go_spelling) {
  BOOST_TEST((table.find("Plain.join_two") == table.find("Plain.JoinTwo")));
  BOOST_TEST(table.find("Plain.JoinTwo").has_value());
  BOOST_TEST(!table.find("Plain.jointwo").has_value());
  BOOST_TEST(!table.find("Plain").has_value());
  BOOST_TEST(!table.find("").has_value());
  BOOST_TEST(!table.find("Base.inherited").has_value());
}

BOOST_AUTO_TEST_CASE(cancelled_coroutine_ends_at_its_await) {
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

BOOST_AUTO_TEST_CASE(call_cancelled_before_its_start_never_starts) {
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

BOOST_AUTO_TEST_CASE(cancel_at_any_moment_ends_each_call_once) {
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

BOOST_AUTO_TEST_CASE(stopping_compute_drops_its_calls_and_their_resources) {
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

BOOST_AUTO_TEST_CASE(brief_method_runs_inline) {
  auto what = make_call(std::int64_t{1}, std::int64_t{2}, std::int64_t{3});
  dist::outcome out;
  BOOST_TEST(table.try_run_here(table.find("Plain.add").value(), what, out));
  BOOST_TEST(value_of<std::int64_t>(out) == 6);
  // Not brief: left to the compute threads.
  BOOST_TEST(!table.try_run_here(table.find("Plain.none").value(), what, out));
  BOOST_TEST(!table.try_run_here(table.find("Tasks.sum").value(), what, out));
}

BOOST_AUTO_TEST_SUITE_END()
