#pragma once

#include <dist/runtime/map.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace dist {

/// The outcomes of a fan-out as they arrive; made by as_completed.
///
/// Cancel   cancelling a next() leaves the calls alone, and another one may follow; dropping this, on any thread,
///          cancels those that are under way.
/// Lives    it may outlive its cluster. The inputs are read on the I/O thread, and only while a next() is awaited: what
///          they refer to must be there then.
/// Overlap  one next() at a time: std::logic_error.
template <class R>
class [[nodiscard("dropping it cancels its calls")]] completions {
 public:
  explicit completions(fan_out_plan plan) : state_(std::make_shared<state>(std::move(plan))) {}
  completions(completions&&) noexcept = default;
  completions& operator=(completions&& other) noexcept {
    if (this != &other) {
      drop();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~completions() { drop(); }

  /// The next outcome, with the number of its input; nothing when all have been taken. The first one starts the calls.
  ///
  /// Errors   what reading the inputs throws, once the calls that were started before it have been handed out. A call
  ///          that fails is an outcome.
  task<std::optional<indexed_result<R>>> next() {
    // Not a coroutine: the task shares the state, so that it does not need this object.
    auto const where = state_->calls->get_executor();
    return run_on(where, take_next(state_));
  }

 private:
  struct state {
    explicit state(fan_out_plan how) : calls(how.on.shared_caller()), plan(std::move(how)) {}

    std::shared_ptr<call_book> calls;
    std::optional<fan_out_plan> plan;
    std::optional<shards> running;
    bool is_awaited = false;
  };

  static task<std::optional<indexed_result<R>>> take_next(std::shared_ptr<state> from) {
    if (from->is_awaited) throw std::logic_error("dist::as_completed: only one next() may be awaited at a time");
    struct awaiting {
      bool& flag;
      explicit awaiting(bool& f) : flag(f) { flag = true; }
      ~awaiting() { flag = false; }
    } const now(from->is_awaited);
    if (!from->running) from->running.emplace(*std::exchange(from->plan, std::nullopt));
    bool const more = co_await from->running->ready();
    std::optional<indexed_result<R>> one;
    if (more) {
      one.emplace(from->running->template take<R>());
      one->node = from->running->take_node(one->index);
    }
    co_return one;
  }

  void drop() noexcept {
    if (!state_) return;
    auto const calls = state_->calls;
    calls->run_on_io_thread([last = std::move(state_)] {});
  }

  std::shared_ptr<state> state_;
};

/// Calls the method for each input and returns the outcome of each call as it arrives:
/// `while (auto item = co_await stream.next()) use(item->index, item->value, item->node);`
///
/// Shape    inputs and window as for map_reduce. Calls start while a next() is awaited: a caller that stops asking
///          stops the fan-out, with at most its window under way.
template <auto Method, class Serving = class_of_method<Method>, class Inputs>
auto as_completed(cluster on, Inputs inputs, fan_out how = {}) -> completions<result_of_method<Method, Serving>> {
  how.arrival_order();
  auto plan = plan_of<Method, Serving>("as_completed", std::move(on), std::move(inputs), std::move(how), on_fault::keep);
  plan.hands_out_first = true;
  plan.names_nodes = true;
  return completions<result_of_method<Method, Serving>>(std::move(plan));
}

}  // namespace dist
