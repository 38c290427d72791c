#pragma once

#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/method.hpp>
#include <dist/rpc/detail/thrown.hpp>
#include <dist/rpc/service.hpp>

#include <boost/mp11/algorithm.hpp>

#include <exception>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace dist {

void refuse_arguments(outcome& out, std::string problem);
void refuse_result(outcome& out, std::string problem);

template <class Arguments>
bool read_arguments(invocation const& what, Arguments& arguments, value_store& store, outcome& out) {
  std::string problem;
  try {
    problem = decode_arguments(what.codec, what.arguments, what.depth_limit, arguments, store);
  } catch (...) {
    problem = "arguments: " + text_of_exception(std::current_exception());
  }
  if (problem.empty()) return true;
  refuse_arguments(out, std::move(problem));
  return false;
}

/// A large array stays where the method made it.
template <class R>
std::string write_value(invocation const& what, outcome& out, R& result) {
  if constexpr (is_body<R>) {
    if (what.codec == codec::cbor && std::as_bytes(std::span(result)).size() >= large_array_bytes) {
      auto kept = std::make_shared<R>(std::move(result));
      out.tail = encode_head(out.payload, *kept);
      out.keep = std::move(kept);
      return {};
    }
  }
  return encode_result(what.codec, what.spelling, out.payload, result);
}

/// `result` is at most one value: none for void.
template <class... R>
void write_result(invocation const& what, outcome& out, R&&... result) {
  std::string problem;
  try {
    if constexpr (sizeof...(R) == 0)
      problem = encode_void(what.codec, what.spelling, out.payload);
    else
      problem = write_value(what, out, result...);
  } catch (...) {
    problem = "result: " + text_of_exception(std::current_exception());
  }
  if (!problem.empty()) refuse_result(out, std::move(problem));
}

/// Calls the method on what its call's frame holds: by-value parameters are moved out of `arguments`, references and
/// views show it, so a coroutine may keep them until it ends.
template <auto Method, class T, class Arguments, class... P>
decltype(auto) call_method(T& object, context const& where, Arguments& arguments, parameter_list<P...>) {
  return [&]<std::size_t... I>(std::index_sequence<I...>)->decltype(auto) {
    if constexpr (method_traits<Method, T>::takes_context)
      return (object.*Method)(where, static_cast<P&&>(std::get<I>(arguments))...);
    else
      return (object.*Method)(static_cast<P&&>(std::get<I>(arguments))...);
  }
  (std::index_sequence_for<P...>());
}

template <auto Method, class T>
void run_method(void* object, invocation& what, outcome& out) {
  using traits = method_traits<Method, T>;
  value_store store;
  typename traits::arguments arguments{};
  if (!read_arguments(what, arguments, store, out)) return;
  context const where(what.scope);
  auto& self = *static_cast<T*>(object);
  if constexpr (std::is_void_v<typename traits::result>) {
    call_method<Method>(self, where, arguments, typename traits::parameters());
    write_result(what, out);
  } else {
    write_result(what, out, call_method<Method>(self, where, arguments, typename traits::parameters()));
  }
}

/// The frame of this coroutine is where the arguments live. `what` and `out` belong to the call, which outlives it.
template <auto Method, class T>
task<void> run_method_task(void* object, invocation& what, outcome& out) {
  using traits = method_traits<Method, T>;
  value_store store;
  typename traits::arguments arguments{};
  if (!read_arguments(what, arguments, store, out)) co_return;
  context const where(what.scope);
  auto running = call_method<Method>(*static_cast<T*>(object), where, arguments, typename traits::parameters());
  if constexpr (std::is_void_v<typename traits::result>) {
    co_await std::move(running);
    write_result(what, out);
  } else {
    auto result = co_await std::move(running);
    write_result(what, out, std::move(result));
  }
}

template <auto Method, class T>
method_description describe_method() {
  using traits = method_traits<Method, T>;
  method_description described;
  described.name = traits::wire_name();
  described.arguments = type_text<typename traits::arguments>();
  described.result =
      type_text<std::conditional_t<std::is_void_v<typename traits::result>, std::monostate, typename traits::result>>();
  described.repeatable = traits::is_repeatable;
  described.brief = traits::is_brief;
  described.coroutine = traits::is_coroutine;
  described.needs_scope = traits::takes_context || traits::is_coroutine;
  described.serving = &tag_of<T>;
  return described;
}

template <auto Method, class T>
bound_method bind_method() {
  using traits = method_traits<Method, T>;
  bound_method bound;
  bound.description = describe_method<Method, T>();
  bound.access = traits::is_const ? access::shared : access::exclusive;
  if constexpr (traits::is_coroutine)
    bound.run_task = &run_method_task<Method, T>;
  else
    bound.run = &run_method<Method, T>;
  return bound;
}

/// Every described public method of T, bound; rejects at compile time what cannot be served.
template <class T>
std::vector<bound_method> bind_methods() {
  std::vector<bound_method> bound;
  if constexpr (check_service<T>() && all_accepted<T>)
    boost::mp11::mp_for_each<methods_of<T>>([&]<auto Method>(method_constant<Method>) {
      if constexpr (method_traits<Method, T>::accepted) bound.push_back(bind_method<Method, T>());
    });
  return bound;
}

}  // namespace dist
