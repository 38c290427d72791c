#pragma once

#include <dist/runtime/collect.hpp>
#include <dist/runtime/started_calls.hpp>
#include <utility>
#include <vector>

namespace dist {

/// The failures of an `any`, as many as its error names.
class failed_tries {
 public:
  void add(failed_input one);
  /// `all 12 calls failed: ` and the first of them. Throws std::invalid_argument if there was none.
  [[noreturn]] void give_up();

 private:
  std::size_t count_ = 0;
  std::vector<failed_input> first_;
};

template <class R>
task<R> any_of_inputs(fan_out_plan plan) {
  plan.names_inputs = true;
  plan.how.arrival_order();
  shards calls(std::move(plan));
  failed_tries failed;
  for (;;) {
    bool const more = co_await calls.ready();
    if (!more) failed.give_up();
    auto one = calls.take<R>();
    if (one.value.has_error()) {
      failed.add({one.index, calls.take_input(one.index), std::move(one.value).error()});
    } else if constexpr (std::is_void_v<R>) {
      co_return;
    } else {
      co_return std::move(*one.value);
    }
  }
}

template <class R>
task<typename pending_value<R>::type> any_here(std::vector<pending<R>> calls, std::shared_ptr<caller> home) {
  using value = typename pending_value<R>::type;
  started_calls started(std::move(home));
  for (auto const& one : calls) started.add(one.shared_caller(), one.record());
  failed_tries failed;
  while (started.left() > 0) {
    auto const one = co_await started.next();
    auto got = one.template read<value>();
    if (got.has_error()) {
      failed.add({one.number, {}, std::move(got).error()});
    } else if constexpr (std::is_void_v<value>) {
      co_return;
    } else {
      co_return std::move(*got);
    }
  }
  failed.give_up();
}

/// The first result that comes, whichever input it is of; the other calls are cancelled on their nodes:
/// `auto answer = co_await dist::any<&Lock::try_keys>(cluster, dist::chunks(0, keys, 1'000));`. A method says "not here"
/// by throwing.
///
/// Errors   when all have failed, or one that names them, the first ten at least; std::invalid_argument without inputs.
///          Otherwise like map_reduce.
/// Cancel   terminal.
template <auto Method, class Serving = class_of_method<Method>, class Inputs>
auto any(cluster on, Inputs inputs, fan_out how = {}) -> task<result_of_method<Method, Serving>> {
  auto const where = on.get_executor();
  auto work = any_of_inputs<result_of_method<Method, Serving>>(
      plan_of<Method, Serving>("any", std::move(on), std::move(inputs), std::move(how), on_fault::keep));
  return run_on(where, std::move(work));
}

/// The first result of calls that are under way; the others are cancelled. Errors and cancel as above.
template <class R>
task<typename pending_value<R>::type> any(std::vector<pending<R>> calls) {
  if (calls.empty()) failed_tries().give_up();
  auto const home = home_of(calls);
  auto work = any_here(std::move(calls), home);
  co_return co_await run_on(home->get_executor(), std::move(work));
}
template <class R, class... More>
  requires(std::is_same_v<pending<R>, More> && ...)
task<typename pending_value<R>::type> any(pending<R> first, More... more) {
  std::vector<pending<R>> calls;
  calls.push_back(std::move(first));
  (calls.push_back(std::move(more)), ...);
  return any(std::move(calls));
}

}  // namespace dist
