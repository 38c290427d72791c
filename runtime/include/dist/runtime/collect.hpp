#pragma once

#include <cstddef>
#include <dist/runtime/map.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace dist {

/// An input whose call failed.
struct failed_input {
  std::size_t index = 0;
  std::string input;  ///< its arguments as JSON, cut after about 100 bytes
  fault what;
};

/// `input 17 {"volatility":-1}: Pricer.price on ws07: ...`
std::string to_text(failed_input const& one);

/// The result of collect: the results that arrived, and the inputs that failed.
template <class R>
struct collected {
  using value_type = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

  std::vector<std::optional<value_type>> values;  ///< one for each input, in their order; empty where it failed
  std::vector<failed_input> failures;             ///< in the order of the inputs
};

/// The failures of one fan-out and when they are too many.
class failure_list {
 public:
  explicit failure_list(failure_limit limit) noexcept : limit_(limit) {}

  void add(failed_input one) { failures_.push_back(std::move(one)); }
  /// Throws call_error with the first fault, which names the first inputs that failed, if they are too many.
  void judge(std::size_t ended, std::optional<std::size_t> total, failure_limit::more left);
  /// In the order of the inputs.
  std::vector<failed_input> take();

 private:
  void sort();

  failure_limit limit_;
  std::vector<failed_input> failures_;
};

/// `3 of 10 inputs failed: ` and the first of them, whose fault it is otherwise. `failures` is in the inputs' order.
fault sum_up(std::vector<failed_input> const& failures, std::string const& head);

template <class R>
task<void> collect_into(fan_out_plan plan, failure_limit limit, collected<R>& out) {
  plan.names_inputs = true;
  plan.how.arrival_order();  // every value has its place: nothing has to wait for an earlier one
  shards calls(std::move(plan));
  failure_list failures(limit);
  std::size_t ended = 0;
  auto take = [&](indexed_result<R> one) {
    if (out.values.size() <= one.index) out.values.resize(one.index + 1);
    ++ended;
    if (one.value.has_error()) {
      failures.add({one.index, calls.take_input(one.index), std::move(one.value).error()});
      failures.judge(ended, calls.total(), failure_limit::more::yes);
    } else if constexpr (std::is_void_v<R>) {
      out.values[one.index].emplace();
    } else {
      out.values[one.index].emplace(std::move(*one.value));
    }
  };
  co_await take_all<R>(calls, take);
  failures.judge(ended, ended, failure_limit::more::no);
  out.failures = failures.take();
}

/// The results of all inputs but a few: `dist::collect<&Pricer::price>(cluster, trades,
/// dist::fan_out().max_failures(3))` or `.max_failures(dist::percent(2))`. Without a limit of its own, the first
/// failure is one too many.
///
/// Shape    see collected; a method without a result yields std::monostate.
/// Errors   beyond max_failures the rest is cancelled; the call_error is that of the first input that failed, and its
///          message names the first few. Otherwise like map_reduce.
template <auto Method, class Serving = class_of_method<Method>, class Inputs>
auto collect(cluster on, Inputs inputs, fan_out how = {}) -> task<collected<result_of_method<Method, Serving>>> {
  using R = result_of_method<Method, Serving>;
  auto const limit = how.take_failures().value_or(failure_limit());
  auto const where = on.get_executor();
  auto plan = plan_of<Method, Serving>("collect", std::move(on), std::move(inputs), std::move(how), on_fault::keep);
  collected<R> got;
  auto work = collect_into<R>(std::move(plan), limit, got);
  co_await run_on(where, std::move(work));
  co_return got;
}

}  // namespace dist
