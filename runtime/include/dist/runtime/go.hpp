#pragma once

#include <cstddef>
#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/method.hpp>
#include <dist/runtime/cluster.hpp>
#include <dist/runtime/detail/argument.hpp>
#include <dist/runtime/pending.hpp>
#include <exception>
#include <initializer_list>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace dist {

/// Rewrites CBOR arguments as the JSON that a Go peer reads; the values' types are needed for the members' names.
template <class Arguments>
struct go_arguments;
template <class... A>
struct go_arguments<std::tuple<A...>> {
  static std::string rewrite(std::span<std::byte const> cbor, std::size_t depth_limit, buffer& json) {
    std::tuple<A...> values;
    value_store store;
    if (auto problem = decode_arguments(codec::cbor, cbor, depth_limit, values, store); !problem.empty())
      return problem;
    return std::apply([&](A const&... value) { return encode_arguments(codec::json, spelling::go, json, value...); },
                      values);
  }
};

/// The key of a method that is named at compile time; one object a method.
template <auto Method, class Serving>
method_key const& key_of() {
  using traits = method_traits<Method, Serving>;
  static method_key const key{std::string(traits::wire_name()), repeatable<Method>,
                              &go_arguments<typename traits::arguments>::rewrite, &tag_of<Serving>};
  return key;
}

template <class R>
pending<R> start_call(cluster const& on, call_ptr call) {
  on.caller().start(call);
  return pending<R>(call_handle(on.shared_caller(), std::move(call)));
}

/// Correct calls: the arguments, then perhaps options. Their handling and result are up to
/// How: `how::start<R>(cluster, call)`, where the call has its arguments and was not started.
template <class How, auto Method, class Serving, class... A>
struct plain_call {
  using traits = method_traits<Method, Serving>;
  using yielded = typename How::template yields<typename traits::result>;
  using value = value_of_result<typename traits::result>;
  static constexpr bool accepted = traits::accepted && require_value_type<value, refused_part_of<value, when_read>>();

  yielded operator()(cluster const& on, argument_of<A>... arguments) const {
    return start(on, call_options(), lost_among(arguments...), arguments...);
  }
  yielded operator()(cluster const& on, argument_of<A>... arguments, call_options const& options) const {
    return start(on, options, lost_among(arguments...), arguments...);
  }

 protected:
  /// `problem` is the error in the arguments, if any.
  static yielded start(cluster const& on, call_options const& options, std::string problem, A const&... arguments) {
    // A rejected method has been reported: no second error from its types.
    if constexpr (accepted) {
      auto call = on.make_call(key_of<Method, Serving>(), options);
      if (problem.empty())
        problem = encode_arguments(codec::cbor, spelling::declared, call->arguments, arguments...);
      call->early_problem = std::move(problem);
      return How::template start<typename traits::result>(on, std::move(call));
    }
    std::terminate();
  }
};

template <class How, auto Method, class Serving, class Arguments>
struct method_call;

template <class How, auto Method, class Serving, class... A>
struct method_call<How, Method, Serving, std::tuple<A...>> : plain_call<How, Method, Serving, A...> {
  using plain = plain_call<How, Method, Serving, A...>;
  using typename plain::yielded;
  using plain::operator();

  /// A mismatch is rejected with one error.
  template <class... B>
    requires(!std::is_invocable_v<plain const&, cluster const&, B...> ||
             worst_conversion<void(A...), void(std::remove_cvref_t<B>...)> == conversion::refused)
  yielded operator()(cluster const&, B&&...) const {
    static_assert(sizeof...(B) > 99, "dist: these arguments do not fit the method's parameters");
    std::terminate();
  }
  /// Numbers inside of other types are looked at before they convert.
  template <class... B>
    requires(std::is_invocable_v<plain const&, cluster const&, B...> &&
             worst_conversion<void(A...), void(std::remove_cvref_t<B>...)> == conversion::checked &&
             any_hidden_loss<void(A...), void(std::remove_cvref_t<B>...)>)
  yielded operator()(cluster const& on, B&&... given) const {
    if constexpr (sizeof...(B) == sizeof...(A))
      return look_and_start(std::index_sequence_for<A...>(), on, call_options(), given...);
    else
      return look_and_start(std::index_sequence_for<A...>(), on, std::get<sizeof...(A)>(std::tie(given...)), given...);
  }
  /// Braces around two literals would be taken for a pair of iterators.
  template <class Literal>
    requires(std::is_convertible_v<Literal, char const*> && sizeof...(A) == 1 && (... && !can_hold_literals<A>))
  yielded operator()(cluster const&, std::initializer_list<Literal>) const {
      static_assert(sizeof(Literal) == 0,
                    "dist: literals in braces cannot be passed as an argument: pass a single string without braces");
      std::terminate();
  }

 private:
  template <std::size_t... I, class... B>
  static yielded look_and_start(std::index_sequence<I...>, cluster const& on, call_options const& options,
                                B const&... given) {
    auto const all = std::tie(given...);
    std::string problem;
    (void)((look<A>(std::get<I>(all), I + 1, problem)) || ...);
    if (!problem.empty()) return plain::start(on, options, std::move(problem), A()...);
    return plain::start(on, options, {}, static_cast<A>(std::get<I>(all))...);
  }
  template <class P, class B>
  static bool look(B const& given, std::size_t number, std::string& problem) {
    auto const lost = find_loss<P>(given);
    if (lost) problem = lost_argument(lost, number);
    return static_cast<bool>(lost);
  }
};

/// Replaces an invalid method, which its traits have rejected with one error.
template <bool Accepted>
struct refused_call {
  template <class... B>
  pending<int> operator()(cluster const&, B&&...) const {
    std::terminate();
  }
};

/// Starts one call, on the least used node.
struct for_value {
  template <class R>
  using yields = pending<R>;
  template <class R>
  static pending<R> start(cluster const& on, call_ptr call) {
    return start_call<R>(on, std::move(call));
  }
};
/// How try_call starts a call: awaiting it yields a value or a fault.
struct for_result {
  template <class R>
  using yields = pending<result<R>>;
  template <class R>
  static pending<result<R>> start(cluster const& on, call_ptr call) {
    return start_call<result<R>>(on, std::move(call));
  }
};

template <auto Method>
using class_of_method = typename class_of_pointer<decltype(Method)>::type;

/// The type behind go, call and try_call of one method; for an invalid method, one that reports why.
template <class How, auto Method, class Serving>
struct method_call_for {
  using type = refused_call<method_traits<Method, Serving>::accepted>;
};
template <class How, auto Method, class Serving>
  requires(member_signature<decltype(Method)>::is_served)
struct method_call_for<How, Method, Serving> {
  using type = method_call<How, Method, Serving, typename method_traits<Method, Serving>::arguments>;
};
template <class How, auto Method, class Serving>
using method_call_of = typename method_call_for<How, Method, Serving>::type;

/// Starts a call now, on the least used node that has the method: `dist::go<&Arith::sum>(cluster, {2, 4, 6})`. An
/// inherited method names its serving class: `dist::go<&Base::sum, Derived>`.
///
/// Shape    the method's arguments, then perhaps call_options. They are encoded before this returns: nothing has to
///          outlive it. The pending yields the method's result.
/// Errors   thrown by co_await as call_error: errc::bad_arguments, unknown_method, method_failed, connection_lost,
///          deadline_exceeded, cancelled, overloaded, no_node, poisoned, stopped. fault().known says whether it ran.
/// Cancel   see pending.
/// Threads  any.
template <auto Method, class Serving = class_of_method<Method>>
inline constexpr method_call_of<for_value, Method, Serving> go{};

/// The same, to be awaited at once: `co_await dist::call<&Arith::sum>(cluster, values)`. Where the master's queue is
/// full (a million calls, or 256 MB of arguments) it fails with errc::overloaded at once, as go does: both are one
/// object, and the master does not know which it was. map and its like never reach it: their window bounds them.
template <auto Method, class Serving = class_of_method<Method>>
inline constexpr method_call_of<for_value, Method, Serving> call{};

/// Yields a result<R>, a value or a fault, and throws nothing.
template <auto Method, class Serving = class_of_method<Method>>
inline constexpr method_call_of<for_result, Method, Serving> try_call{};

/// A literal travels as the text it is.
template <class A>
using sent_as = std::conditional_t<std::is_array_v<A>, std::string, A>;

/// A method that is known by its name only: `dist::call_by_name<std::int64_t>(cluster, "Arith.sum", values)`. The
/// arguments go as the values that are given; whether they fit is found out at the node.
template <class R, class... A>
pending<R> call_by_name(cluster const& on, std::string name, A const&... arguments) {
  auto method = std::make_shared<method_key>();
  method->name = std::move(name);
  method->to_go = &go_arguments<std::tuple<sent_as<A>...>>::rewrite;
  auto made = on.make_call(*method, call_options());
  made->own_method = std::move(method);
  made->early_problem = encode_arguments<sent_as<A>...>(codec::cbor, spelling::declared, made->arguments, arguments...);
  return start_call<R>(on, std::move(made));
}

}  // namespace dist
