#pragma once

#include <concepts>
#include <cstddef>
#include <dist/runtime/block_on.hpp>
#include <dist/runtime/progress_bar.hpp>
#include <dist/runtime/shards.hpp>
#include <functional>
#include <optional>
#include <ranges>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace dist {

/// Encodes one input of a fan-out as a method's arguments: it converts to the single parameter, or is taken apart.
template <class Arguments>
struct input_encoder;
template <class... A>
struct input_encoder<std::tuple<A...>> {
  template <class Input>
  static std::string encode(buffer& out, Input const& input) {
    if constexpr (sizeof...(A) == 1 && (std::convertible_to<Input const&, A> && ...)) {
      std::tuple<A...> const values(static_cast<A>(input)...);
      return encode_arguments(codec::cbor, spelling::declared, out, std::get<0>(values));
    } else {
      static_assert(requires { std::tuple_size<Input>::value; } && is_fitting_tuple<Input>(),
                    "dist: an input of a fan-out converts to the method's parameter, or is a tuple of its parameters");
      return apart(out, input, std::index_sequence_for<A...>());
    }
  }

 private:
  template <class Input>
  static consteval bool is_fitting_tuple() {
    return std::tuple_size_v<Input> == sizeof...(A);
  }
  template <class Input, std::size_t... I>
  static std::string apart(buffer& out, Input const& input, std::index_sequence<I...>) {
    std::tuple<A...> const values(static_cast<A>(element<I>(input))...);
    return encode_arguments(codec::cbor, spelling::declared, out, std::get<I>(values)...);
  }
  template <std::size_t I, class Input>
  static decltype(auto) element(Input const& input) {
    if constexpr (requires { input.template get<I>(); })
      return input.template get<I>();
    else
      return std::get<I>(input);
  }
};

/// What a fault means for the other calls of a fan-out.
enum class on_fault {
  stop,  ///< it is thrown as soon as it is there, whatever runs before it in the order
  keep,  ///< it is an outcome like any other
};

/// The loop of every fan-out: reads the inputs lazily, keeps the window full, and hands each outcome to `take`, which
/// throws to end it. Runs on the I/O thread.
template <auto Method, class Serving, on_fault OnFault, class Inputs, class Take>
task<void> spread(cluster on, Inputs inputs, Take take, fan_out how) {
  using traits = method_traits<Method, Serving>;
  std::optional<std::size_t> total;
  if constexpr (std::ranges::sized_range<Inputs>) total = static_cast<std::size_t>(std::ranges::size(inputs));
  progress_bar bar(on.caller().world().clock, how.label(), total);
  shards<typename traits::result> calls(on, how);
  auto next = std::ranges::begin(inputs);
  auto const last = std::ranges::end(inputs);
  bool held_up = false;
  for (;;) {
    while (next != last && calls.has_room()) {
      auto call = calls.make(key_of<Method, Serving>());
      call->early_problem = input_encoder<typename traits::arguments>::encode(call->arguments, *next);
      ++next;
      calls.start(std::move(call));
    }
    if (OnFault == on_fault::stop && calls.first_fault()) throw call_error(*calls.first_fault());
    while (auto done = calls.take()) {
      bar.advance();
      take(done->number, std::move(done->value));
      if (next != last && calls.has_room()) break;
    }
    if (next == last && calls.is_idle()) co_return;
    bool const held_up_before = std::exchange(held_up, next != last && calls.is_held_up());
    if (held_up && !held_up_before)
      on.caller().world().log.warn("fan-out of " + key_of<Method, Serving>().name + ": " +
                                   std::to_string(calls.waiting_bytes()) +
                                   " bytes of results wait for an earlier one; none starts before it is there (reorder)");
    if (!calls.has_result() && !(next != last && calls.has_room())) co_await calls.changed();
  }
}

/// Calls the method once for each input and folds the results from the left, in the order of the inputs:
/// `fold(fold(fold(first, r0), r1), r2)`.
///
/// Shape    inputs: any input range, read lazily; each converts to the method's single parameter, or is tuple-like for
///          several. Empty input gives `first`.
/// Errors   the first fault cancels the other calls and is thrown as call_error; so is what `fold` throws.
/// Cancel   terminal; the calls are cancelled with it.
/// Runs on  the cluster's I/O thread, `fold` too; the caller resumes on its own executor.
/// Lives    inputs and fold are kept by value. Memory: the window and the results that wait for an earlier one.
template <auto Method, class Serving = class_of_method<Method>, class Inputs, class T, class Fold>
task<T> map_reduce(cluster on, Inputs inputs, T first, Fold fold, fan_out how = {}) {
  using R = typename method_traits<Method, Serving>::result;
  auto take = [&first, &fold](std::size_t, result<R> one) {
    if constexpr (std::is_void_v<R>) {
      one.value();
      first = std::invoke(fold, std::move(first));
    } else {
      first = std::invoke(fold, std::move(first), std::move(one).value());
    }
  };
  auto work = spread<Method, Serving, on_fault::stop>(on, std::move(inputs), std::move(take), std::move(how));
  co_await run_on(on.get_executor(), std::move(work));
  co_return std::move(first);
}

/// The results in the order of the inputs. Otherwise like map_reduce.
template <auto Method, class Serving = class_of_method<Method>, class Inputs>
auto map(cluster on, Inputs inputs, fan_out how = {})
    -> task<std::vector<typename method_traits<Method, Serving>::result>> {
  using R = typename method_traits<Method, Serving>::result;
  std::vector<R> results;
  auto take = [&results](std::size_t, result<R> one) { results.push_back(std::move(one).value()); };
  auto work = spread<Method, Serving, on_fault::stop>(on, std::move(inputs), std::move(take), std::move(how));
  co_await run_on(on.get_executor(), std::move(work));
  co_return results;
}

/// An outcome for each input, in their order; a fault ends nothing but its own call. Otherwise like map_reduce.
template <auto Method, class Serving = class_of_method<Method>, class Inputs>
auto try_map(cluster on, Inputs inputs, fan_out how = {})
    -> task<std::vector<result<typename method_traits<Method, Serving>::result>>> {
  using R = typename method_traits<Method, Serving>::result;
  std::vector<result<R>> results;
  auto take = [&results](std::size_t, result<R> one) { results.push_back(std::move(one)); };
  auto work = spread<Method, Serving, on_fault::keep>(on, std::move(inputs), std::move(take), std::move(how));
  co_await run_on(on.get_executor(), std::move(work));
  co_return results;
}

}  // namespace dist
