#pragma once

#include <dist/runtime/collect.hpp>
#include <dist/runtime/detail/started_calls.hpp>
#include <optional>
#include <utility>
#include <vector>

namespace dist {

/// A method whose result is a std::optional returns an empty one if it has no answer.
template <class R>
inline constexpr bool may_say_no = false;
template <class T>
inline constexpr bool may_say_no<std::optional<T>> = true;

/// The calls of an `any` without an answer: those with an empty result, and the failures, as many as its error names.
class vain_tries {
 public:
  void failed(failed_input one);
  void said_no() noexcept { ++said_no_; }
  /// Whether all results were empty: a call that failed might have had the answer.
  bool all_said_no() const noexcept { return failed_ == 0; }
  /// `all 12 calls failed: ` and the first of them, `2 of 12 calls failed and the others have no result: `. Throws
  /// std::invalid_argument if there was none.
  [[noreturn]] void give_up();

 private:
  std::size_t said_no_ = 0;
  std::size_t failed_ = 0;
  std::vector<failed_input> first_;
};

/// Whether this is the answer.
template <class R>
bool is_answer(result<R> const& got) {
  if constexpr (may_say_no<R>)
    return !got.has_error() && got->has_value();
  else
    return !got.has_error();
}

template <class R>
void keep_vain(vain_tries& tries, std::size_t number, std::string input, result<R> got) {
  if (got.has_error())
    tries.failed({number, std::move(input), std::move(got).error()});
  else
    tries.said_no();
}

template <class R>
R without_answer(vain_tries& tries) {
  if constexpr (may_say_no<R>)
    if (tries.all_said_no()) return std::nullopt;
  tries.give_up();
}

template <class R>
task<R> any_of_inputs(fan_out_plan plan) {
  plan.names_inputs = true;
  plan.ends_at_first = true;
  plan.how.arrival_order();
  shards calls(std::move(plan));
  vain_tries tries;
  for (;;) {
    bool const more = co_await calls.ready();
    if (!more) co_return without_answer<R>(tries);
    auto one = calls.take<R>();
    if (is_answer(one.value)) co_return std::move(one.value).value();
    auto input = calls.take_input(one.index);
    keep_vain(tries, one.index, std::move(input), std::move(one.value));
  }
}

template <class R>
task<typename pending_value<R>::type> any_here(std::vector<pending<R>> calls, std::shared_ptr<call_book> home) {
  using value = typename pending_value<R>::type;
  started_calls started(std::move(home));
  for (auto const& one : calls) started.add(one.shared_caller(), one.record());
  vain_tries tries;
  while (started.left() > 0) {
    auto const one = co_await started.next();
    auto got = one.template read<value>();
    if (is_answer(got)) co_return std::move(got).value();
    keep_vain(tries, one.number, {}, std::move(got));
  }
  co_return without_answer<value>(tries);
}

/// The first result to arrive, of any input; the other calls are cancelled on their nodes:
/// `auto answer = co_await dist::any<&Lock::try_keys>(cluster, dist::chunks(0, keys, 1'000));`.
///
/// Shape    a method that returns a std::optional returns an empty one if it has no answer: that does not count as a
///          failure, and `any` waits for the first answer. std::nullopt if all are empty, or there are no inputs.
/// Errors   when none had an answer and one failed, or all did: one that names the first ten at least, since a call
///          that failed might have had it. std::invalid_argument without inputs, if the method does not return a
///          std::optional. Otherwise like map_reduce.
/// Cancel   terminal.
template <auto Method, class Serving = class_of_method<Method>, class Inputs>
auto any(cluster on, Inputs inputs, fan_out how = {}) -> task<result_of_method<Method, Serving>> {
  auto const where = on.get_executor();
  auto work = any_of_inputs<result_of_method<Method, Serving>>(
      plan_of<Method, Serving>("any", std::move(on), std::move(inputs), std::move(how), on_fault::keep));
  return run_on(where, std::move(work));
}

/// The first result of calls that are under way; the others are cancelled. Shape, errors and cancel as above.
template <class R>
task<typename pending_value<R>::type> any(std::vector<pending<R>> calls) {
  using value = typename pending_value<R>::type;
  vain_tries none;
  if (calls.empty()) co_return without_answer<value>(none);
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
