#pragma once

#include <cstddef>
#include <dist/runtime/block_on.hpp>
#include <dist/runtime/go.hpp>
#include <dist/runtime/shards.hpp>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace dist {

template <auto Method, class Serving>
using result_of_method = typename method_traits<Method, Serving>::result;

/// Shrinks a fan-out to what does not depend on its types. Throws std::invalid_argument for max_failures where only
/// `collect` could keep what it asks for.
template <auto Method, class Serving, class Inputs>
fan_out_plan plan_of(char const* name, cluster on, Inputs inputs, fan_out how, on_fault faults) {
  refuse_max_failures(name, how);
  using arguments = typename method_traits<Method, Serving>::arguments;
  auto source = std::make_unique<range_source<arguments, Inputs>>(std::move(inputs));
  return {name, std::move(on), &key_of<Method, Serving>(), std::move(source), std::move(how), faults};
}

/// Calls the method once for each input and folds the results from the left, in the order of the inputs:
/// `fold(fold(fold(first, r0), r1), r2)`.
///
/// Shape    inputs: any input range, read lazily; each converts to the method's single parameter, or is tuple-like for
///          several. Empty input gives `first`.
/// Errors   the first fault cancels the other calls and is thrown as call_error, which names the input; so is what
///          `fold` throws, or reading the inputs.
/// Cancel   terminal; the calls are cancelled with it.
/// Runs on  the cluster's I/O thread, `fold` and the inputs too; the caller resumes on its own executor.
/// Lives    inputs and fold are kept by value. Memory: the window and the results that wait for an earlier one.
template <auto Method, class Serving = class_of_method<Method>, class Inputs, class T, class Fold>
task<T> map_reduce(cluster on, Inputs inputs, T first, Fold fold, fan_out how = {}) {
  using R = result_of_method<Method, Serving>;
  auto take = [&first, &fold](indexed_result<R> one) {
    if constexpr (std::is_void_v<R>) {
      one.value.value();
      first = std::invoke(fold, std::move(first));
    } else {
      first = std::invoke(fold, std::move(first), std::move(one.value).value());
    }
  };
  auto const where = on.get_executor();
  auto plan = plan_of<Method, Serving>("map_reduce", std::move(on), std::move(inputs), std::move(how), on_fault::stop);
  auto work = spread<R>(std::move(plan), std::move(take));
  co_await run_on(where, std::move(work));
  co_return std::move(first);
}

/// The results in the order of the inputs. Otherwise like map_reduce.
template <auto Method, class Serving = class_of_method<Method>, class Inputs>
auto map(cluster on, Inputs inputs, fan_out how = {}) -> task<std::vector<result_of_method<Method, Serving>>> {
  using R = result_of_method<Method, Serving>;
  std::vector<R> results;
  auto take = [&results](indexed_result<R> one) { results.push_back(std::move(one.value).value()); };
  auto const where = on.get_executor();
  auto plan = plan_of<Method, Serving>("map", std::move(on), std::move(inputs), std::move(how), on_fault::stop);
  auto work = spread<R>(std::move(plan), std::move(take));
  co_await run_on(where, std::move(work));
  co_return results;
}

/// An outcome for each input, in their order; a fault ends nothing but its own call. Otherwise like map_reduce.
template <auto Method, class Serving = class_of_method<Method>, class Inputs>
auto try_map(cluster on, Inputs inputs, fan_out how = {})
    -> task<std::vector<result<result_of_method<Method, Serving>>>> {
  using R = result_of_method<Method, Serving>;
  std::vector<result<R>> results;
  auto take = [&results](indexed_result<R> one) { results.push_back(std::move(one.value)); };
  auto const where = on.get_executor();
  auto plan = plan_of<Method, Serving>("try_map", std::move(on), std::move(inputs), std::move(how), on_fault::keep);
  auto work = spread<R>(std::move(plan), std::move(take));
  co_await run_on(where, std::move(work));
  co_return results;
}

}  // namespace dist
