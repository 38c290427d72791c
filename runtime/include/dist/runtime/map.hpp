#pragma once

#include <concepts>
#include <cstddef>
#include <dist/runtime/block_on.hpp>
#include <dist/runtime/detail/shards.hpp>
#include <dist/runtime/go.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace dist {

template <auto Method, class Serving>
using result_of_method = typename method_traits<Method, Serving>::result;

/// The types of a method's arguments and its result.
template <auto Method, class Serving>
std::string types_of() {
  using traits = method_traits<Method, Serving>;
  using R = typename traits::result;
  return type_text<typename traits::arguments>() + " -> " +
         type_text<std::conditional_t<std::is_void_v<R>, std::monostate, R>>();
}

/// The type-independent part of a fan-out. Throws std::invalid_argument for max_failures unless the function is
/// `collect`.
template <auto Method, class Serving, class Inputs>
fan_out_plan plan_of(char const* name, cluster on, Inputs inputs, fan_out how, on_fault faults) {
  refuse_max_failures(name, how);
  using arguments = typename method_traits<Method, Serving>::arguments;
  if constexpr (std::ranges::input_range<Inputs>) {
    using input = std::remove_cvref_t<std::ranges::range_reference_t<Inputs>>;
    constexpr bool fits = input_encoder<arguments>::template fits<input>();
    static_assert(
        fits, "dist: an input of a fan-out must convert to the method's parameter, or be a tuple of its parameters");
    if constexpr (fits) {
      auto source = std::make_unique<range_source<arguments, Inputs>>(std::move(inputs));
      fan_out_plan plan{name, std::move(on), &key_of<Method, Serving>(), std::move(source), std::move(how), faults};
      plan.types = &types_of<Method, Serving>;
      plan.version = version<Method>;
      if (!repeatable<Method> && faults == on_fault::stop)
        plan.runs_once = member_signature<decltype(Method)>::is_const ? "is not repeatable" : "is not const";
      return plan;
    }
  } else {
    static_assert(sizeof(Inputs) == 0,
                  "dist: the inputs of a fan-out must be a range: a vector, a view, dist::chunks(...)");
  }
  std::terminate();
}

/// Whether a fold's result fits where the next one begins: a sum of 64-bit numbers is not kept in an int.
template <class T, class F>
inline constexpr bool keeps_fold =
    std::is_convertible_v<F, T> &&
    !(std::is_arithmetic_v<T> && std::is_arithmetic_v<F> &&
      ((std::is_integral_v<T> && std::is_floating_point_v<F>) ||
       (std::is_integral_v<T> == std::is_integral_v<F> && sizeof(F) > sizeof(T))));

/// Of `fold(first, result)`, or `fold(first)` where the method has no result.
template <class Fold, class T, class R>
consteval bool is_fold() {
  if constexpr (std::is_void_v<R>) {
    if constexpr (std::is_invocable_v<Fold&, T>) return keeps_fold<T, std::invoke_result_t<Fold&, T>>;
  } else {
    if constexpr (std::is_invocable_v<Fold&, T, R>) return keeps_fold<T, std::invoke_result_t<Fold&, T, R>>;
  }
  return false;
}

/// Calls the method once for each input and folds the results from the left, in the order of the inputs:
/// `fold(fold(fold(first, r0), r1), r2)`; of a method without a result `fold(fold(fold(first)))`.
///
/// Shape    inputs: any input range, read lazily; each converts to the method's single parameter, or is tuple-like for
///          several. Empty input yields `first`.
/// Journal  with --journal, results of an earlier run are used without a call, as if they had just arrived.
/// Errors   the first fault cancels the other calls and is thrown as call_error, which names the input; so is what
///          `fold` throws, or reading the inputs.
/// Cancel   terminal; the calls are cancelled with it.
/// Runs on  the cluster's I/O thread, `fold` and the inputs too; the caller resumes on its own executor.
/// Lives    inputs and fold are kept by value. Memory: the window and the results that wait for an earlier one.
template <auto Method, class Serving = class_of_method<Method>, class Inputs, class T, class Fold>
task<T> map_reduce(cluster on, Inputs inputs, T first, Fold fold, fan_out how = {}) {
  using R = result_of_method<Method, Serving>;
  constexpr bool folds = is_fold<Fold, T, R>();
  static_assert(
      folds, "dist: fold(first, result) must return a value that fits the type of first: pass std::int64_t{0} or 0.0");
  auto take = [&first, &fold](indexed_result<R> one) {
    if constexpr (!folds) {
      std::terminate();
    } else if constexpr (std::is_void_v<R>) {
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

/// The result of a map of a method: void if the method returns nothing.
template <class R>
using mapped = std::conditional_t<std::is_void_v<R>, void, std::vector<R>>;

/// The results in the order of the inputs; of a method without a result it waits for all calls. Otherwise like map_reduce.
template <auto Method, class Serving = class_of_method<Method>, class Inputs>
auto map(cluster on, Inputs inputs, fan_out how = {}) -> task<mapped<result_of_method<Method, Serving>>> {
  using R = result_of_method<Method, Serving>;
  auto const where = on.get_executor();
  auto plan = plan_of<Method, Serving>("map", std::move(on), std::move(inputs), std::move(how), on_fault::stop);
  if constexpr (std::is_void_v<R>) {
    auto take = [](indexed_result<void> one) { one.value.value(); };
    auto work = spread<void>(std::move(plan), std::move(take));
    co_await run_on(where, std::move(work));
  } else {
    std::vector<R> results;
    auto take = [&results](indexed_result<R> one) { results.push_back(std::move(one.value).value()); };
    auto work = spread<R>(std::move(plan), std::move(take));
    co_await run_on(where, std::move(work));
    co_return results;
  }
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
