#pragma once

#include <boost/describe/class.hpp>
#include <boost/test/unit_test.hpp>
#include <dist/dist.hpp>
#include <dist/rpc/detail/event.hpp>
#include <list>
#include <set>
#include <string>
#include <vector>

#include "support/memory_cluster.hpp"
#include "support/progress_text.hpp"

namespace dist::test {

/// Where the methods of a test's nodes record their start, and where they wait until the test releases them.
class desk {
 public:
  std::vector<std::string> begun;      ///< `label@node`, in order
  std::vector<std::string> cancelled;  ///< methods that noticed their cancellation
  std::size_t running = 0;             ///< methods that have begun and not ended
  std::size_t most_running = 0;
  dist::clock* clock = nullptr;  ///< for methods that sleep; the test's own

  /// Releases the method `label@node`, or `label` on any node, now and in the future.
  void open(std::string const& key) {
    open_.insert(key);
    for (auto& one : waiting_)
      if (is_open(one.label, one.node)) one.gate.set();
  }
  void open_all() { open("*"); }
  /// Methods that arrive from now on wait again.
  void close_all() { open_.clear(); }
  bool has_begun(std::string const& key) const { return std::ranges::count(begun, key) > 0; }

  /// The body of a method: waits until its gate is open and returns `label@node`.
  task<std::string> pass(context ctx, std::string label) {
    auto const key = enter(label, ctx.node());
    struct leaving {
      desk& at;
      ~leaving() { --at.running; }
    } const at_end{*this};
    if (is_open(label, ctx.node())) co_return key;
    auto const mine = waiting_.emplace(waiting_.end(), label, ctx.node());
    std::exception_ptr failed;
    try {
      co_await mine->gate.wait();
    } catch (...) {
      failed = std::current_exception();
    }
    waiting_.erase(mine);
    if (failed) {
      cancelled.push_back(key);
      std::rethrow_exception(failed);
    }
    co_return key;
  }
  std::string enter(std::string const& label, std::string const& node) {
    begun.push_back(label + "@" + node);
    most_running = std::max(most_running, ++running);
    return begun.back();
  }

 private:
  struct waiting {
    waiting(std::string what, std::string on) : label(std::move(what)), node(std::move(on)) {}
    std::string label;
    std::string node;
    event gate;
  };
  bool is_open(std::string const& label, std::string const& node) const {
    return open_.contains("*") || open_.contains(label) || open_.contains(label + "@" + node);
  }

  std::set<std::string> open_;
  std::list<waiting> waiting_;
};

/// Methods that the test controls.
class Work {
 public:
  Work() = default;
  explicit Work(std::shared_ptr<desk> at) : desk_(std::move(at)) {}

  task<std::string> read(context ctx, std::string label) const { return desk_->pass(ctx, label); }
  task<std::string> write(context ctx, std::string label) { return desk_->pass(ctx, label); }
  std::string plain(context ctx, std::string const& label) const {
    auto const key = desk_->enter(label, ctx.node());
    --desk_->running;
    if (ctx.cancelled()) desk_->cancelled.push_back(key);
    return key;
  }
  std::int64_t echo(std::int64_t value) const { return value; }
  std::int64_t add(std::int64_t a, std::int64_t b) const { return a + b; }
  /// Not const, and without a result.
  task<void> keep(context ctx, std::string label) { co_await desk_->pass(ctx, label); }
  /// Keeps `label` on all nodes and returns which did.
  task<std::vector<std::string>> keep_everywhere(context ctx, std::string label) const;
  /// Spreads the labels over the nodes.
  task<void> keep_each(context ctx, std::vector<std::string> labels) const;
  std::string fail(std::string const& why) const { throw std::runtime_error(why); }
  /// Once its gate is open, returns `found` unless it is empty.
  task<std::optional<std::string>> look(context ctx, std::string label, std::string found) const;
  /// Succeeds on attempt `good`.
  std::int64_t flaky(context ctx, std::int64_t good) const {
    auto const tries = static_cast<std::int64_t>(desk_->begun.size()) + 1;
    desk_->begun.push_back("flaky@" + ctx.node());
    if (tries < good) throw transient("not yet");
    return tries;
  }
  std::string not_text() const { return "\xFF"; }
  std::string large(std::uint64_t bytes) const { return std::string(bytes, 'x'); }
  task<std::int64_t> depth(context ctx, std::int64_t left) const;
  /// Waits for a nested read with `label`.
  task<std::string> outer(context ctx, std::string label) const;
  std::int64_t left_us(context ctx) const {
    return ctx.deadline().is_never() ? -1 : ctx.deadline().at().time_since_epoch().count();
  }
  task<std::int64_t> nested_deadline(context ctx) const;

 private:
  std::shared_ptr<desk> desk_;
};
BOOST_DESCRIBE_STRUCT(Work, (),
                      (read, write, plain, echo, add, keep, keep_everywhere, keep_each, fail, look, flaky, not_text, large, depth, outer,
                       left_us, nested_deadline))

inline task<std::int64_t> Work::depth(context ctx, std::int64_t left) const {
  if (left == 0) co_return 0;
  auto next = go<&Work::depth>(ctx, left - 1);
  co_return 1 + co_await std::move(next);
}
inline task<std::string> Work::outer(context ctx, std::string label) const {
  desk_->begun.push_back("outer " + label + "@" + ctx.node());
  auto inner = go<&Work::read>(ctx, label);
  std::exception_ptr failed;
  try {
    co_return co_await std::move(inner);
  } catch (...) {
    failed = std::current_exception();
  }
  desk_->cancelled.push_back("outer " + label + "@" + ctx.node());
  std::rethrow_exception(failed);
}
inline task<std::optional<std::string>> Work::look(context ctx, std::string label, std::string found) const {
  co_await desk_->pass(ctx, label);
  std::optional<std::string> answer;
  if (found == "throw") throw std::runtime_error("broken");
  if (!found.empty()) answer = found;
  co_return answer;
}
inline task<std::vector<std::string>> Work::keep_everywhere(context ctx, std::string label) const {
  auto keeping = broadcast<&Work::keep>(ctx, label);
  auto const kept = co_await std::move(keeping);
  std::vector<std::string> names;
  for (auto const& one : kept) names.push_back(one.node + (one.value ? "" : ": " + one.value.error().message));
  co_return names;
}
inline task<void> Work::keep_each(context ctx, std::vector<std::string> labels) const {
  auto keeping = map<&Work::keep>(ctx, labels);
  co_await std::move(keeping);
}
inline task<std::int64_t> Work::nested_deadline(context ctx) const {
  auto inner = go<&Work::left_us>(ctx);
  co_return co_await std::move(inner);
}

/// What was labelled, without where it ran.
inline std::string text_of(std::string const& label_at_node) { return label_at_node.substr(0, label_at_node.find('@')); }

/// `0`, `1` and so on, for a fan-out.
inline std::vector<std::string> labels(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(std::to_string(i));
  return all;
}

inline master_options with_secret() {
  master_options made;
  made.secret = "a secret of some length";
  return made;
}

/// A cluster whose nodes serve Work.
struct work_fixture {
  explicit work_fixture(master_options options = {}) : world(services(Work(at)), std::move(options)) {}
  ~work_fixture() { at->open_all(); }

  /// Runs a call to its end and returns its fault.
  template <class R>
  fault fault_of(pending<R> call) {
    return fault_of(task<R>(std::move(call)));
  }
  template <class R>
  fault fault_of(task<R> work) {
    try {
      world.run(std::move(work));
    } catch (call_error const& e) {
      return e.fault();
    }
    throw std::logic_error("the call succeeded");
  }
  std::string status(std::string const& field) {
    auto const text = world.master().status_json();
    auto const at_field = text.rfind("\"" + field + "\":");
    if (at_field == std::string::npos) return "none";
    auto const from = at_field + field.size() + 3;
    return text.substr(from, text.find_first_of(",}", from) - from);
  }
  std::size_t node_count() {
    auto const text = world.master().status_json();
    std::size_t count = 0;
    for (auto found = text.find("\"state\":"); found != std::string::npos; found = text.find("\"state\":", found + 1))
      ++count;
    return count;
  }
  bool drive_until_begun(std::string const& key) {
    return world.drive_until([&] { return at->has_begun(key); });
  }

  std::shared_ptr<desk> at = std::make_shared<desk>();
  memory_cluster world;
  dist::cluster cluster = world.cluster();
};

}  // namespace dist::test
