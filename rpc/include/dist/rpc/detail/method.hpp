#pragma once

#include <boost/describe/bases.hpp>
#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>

#include <dist/rpc/detail/service_name.hpp>
#include <dist/rpc/detail/spelling.hpp>
#include <dist/rpc/detail/value_type.hpp>
#include <dist/rpc/task.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace dist {

class context;

/// Whether a value of type T only points at bytes it does not own.
template <class T>
inline constexpr bool is_view = std::is_pointer_v<T>;
template <class C, class Traits>
inline constexpr bool is_view<std::basic_string_view<C, Traits>> = true;
template <class T, std::size_t N>
inline constexpr bool is_view<std::span<T, N>> = true;

template <class T>
inline constexpr bool is_writable_span = false;
template <class T, std::size_t N>
inline constexpr bool is_writable_span<std::span<T, N>> = !std::is_const_v<T>;

/// What awaiting a method's declared result yields: `T` for `task<T>`, otherwise the type itself.
template <class T>
struct awaited {
  using type = T;
  static constexpr bool is_task = false;
};
template <class T>
struct awaited<task<T>> {
  using type = T;
  static constexpr bool is_task = true;
};

template <class... P>
struct parameter_list {};

/// A parameter list without the context that may lead it.
template <class List>
struct wire_parameters {
  using type = List;
  static constexpr bool takes_context = false;
};
template <class First, class... P>
requires std::is_same_v<std::remove_cvref_t<First>, context>
struct wire_parameters<parameter_list<First, P...>> {
  using type = parameter_list<P...>;
  static constexpr bool takes_context = true;
};

/// The type of a member function pointer taken apart.
template <class Pointer>
struct member_signature {
  static constexpr bool is_served = false;
};
/// What member_signature says of each kind of member function that can be served.
template <class C, class R, class... P>
struct member_signature_of {
  using class_type = C;
  using returned = R;
  using parameters = parameter_list<P...>;
  static constexpr bool is_served = true;
};
template <class C, class R, class... P>
struct member_signature<R (C::*)(P...)> : member_signature_of<C, R, P...> {
  static constexpr bool is_const = false;
};
template <class C, class R, class... P>
struct member_signature<R (C::*)(P...) const> : member_signature_of<C, R, P...> {
  static constexpr bool is_const = true;
};
template <class C, class R, class... P>
struct member_signature<R (C::*)(P...) noexcept> : member_signature<R (C::*)(P...)> {};
template <class C, class R, class... P>
struct member_signature<R (C::*)(P...) const noexcept> : member_signature<R (C::*)(P...) const> {};

/// The class of a member pointer; void for other types.
template <class Pointer>
struct class_of_pointer {
  using type = void;
};
template <class C, class M>
struct class_of_pointer<M C::*> {
  using type = C;
};

/// Whether running the method twice does no harm, so that a lost call may be issued again. Const methods are, unless
/// `template <> inline constexpr bool dist::repeatable<&T::m> = false;` says otherwise.
template <auto Method>
inline constexpr bool repeatable = member_signature<decltype(Method)>::is_const;

/// The version of what the method computes: results that a journal holds of another version are computed anew.
/// `template <> inline constexpr std::uint64_t dist::version<&T::m> = 2;`
template <auto Method>
inline constexpr std::uint64_t version = 0;

/// Whether the method is tiny: it runs on the I/O thread and returns or suspends within 100 us.
/// `template <> inline constexpr bool dist::brief<&T::m> = true;`
template <auto Method>
inline constexpr bool brief = false;

/// One member function pointer as a type: two are the same method exactly when the types are the same. (Comparing the
/// pointers is not a constant expression when a virtual method has the same signature.)
template <auto Method>
struct method_constant {
  static constexpr auto pointer = Method;
};

template <class Descriptor>
using method_of_descriptor = method_constant<Descriptor::pointer>;

/// The public member functions that T and its public bases describe.
template <class T>
using described_methods =
    boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_function |
                                             boost::describe::mod_inherited>;
template <class T>
using described_static_functions =
    boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_function |
                                             boost::describe::mod_static | boost::describe::mod_inherited>;

template <class Descriptors>
struct descriptor_names;
template <template <class...> class L, class... D>
struct descriptor_names<L<D...>> {
  static constexpr std::array<std::string_view, sizeof...(D)> value{std::string_view(D::name)...};
};

template <class Names, class Same>
constexpr bool any_two(Names const& names, Same same) {
  for (std::size_t i = 0; i < names.size(); ++i)
    for (std::size_t j = i + 1; j < names.size(); ++j)
      if (same(names[i], names[j])) return true;
  return false;
}

/// A condition with its subject, which compilers print in the error.
template <bool Holds, class Of>
inline constexpr bool holds_for = Holds;

/// Whether T is described where it is first asked.
template <class T>
inline constexpr bool is_described = boost::describe::has_describe_members<T>::value;

/// Refuses, in one line, a class that cannot be served as a whole; true when it is described, so that its methods can
/// be looked at.
template <class T>
consteval bool check_service() {
  static_assert(is_described<T>,
                "dist: this class is not described: add BOOST_DESCRIBE_STRUCT(T, (), (its methods...)) after it, "
                "before any code that calls its methods");
  if constexpr (is_described<T>) {
    constexpr auto names = descriptor_names<described_methods<T>>::value;
    constexpr bool has_static = !boost::mp11::mp_empty<described_static_functions<T>>::value;
    constexpr bool overloaded = any_two(names, std::equal_to<>());
    constexpr bool one_go_spelling = !overloaded && any_two(names, go_collide);
    static_assert(holds_for<!has_static, T>,
                  "dist: a static function cannot be served: remove it from the class's description");
    static_assert(holds_for<!overloaded, T>, "dist: overloaded methods cannot be served: one wire name, one method");
    static_assert(holds_for<!one_go_spelling, T>,
                  "dist: two methods of this class have the same Go spelling: rename one");
  }
  return is_described<T>;
}

template <class P>
inline constexpr bool is_writable_reference = std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>;
template <class P>
inline constexpr bool is_context = std::is_same_v<std::remove_cvref_t<P>, context>;

/// The wire type of a parameter or result; int where its form was rejected, so that only one error remains.
template <class P>
using value_of_parameter =
    std::conditional_t<is_writable_reference<P> || std::is_pointer_v<std::remove_cvref_t<P>> ||
                           is_writable_span<std::remove_cvref_t<P>> || is_context<P>,
                       int, std::remove_cvref_t<P>>;
template <class R>
using value_of_result =
    std::conditional_t<std::is_void_v<R> || std::is_reference_v<R> || is_view<R>, int, std::remove_cv_t<R>>;

template <class Method, class P>
consteval bool check_parameter() {
  constexpr bool writable = is_writable_reference<P>;
  constexpr bool pointer = !writable && std::is_pointer_v<std::remove_cvref_t<P>>;
  constexpr bool writable_span = !writable && is_writable_span<std::remove_cvref_t<P>>;
  constexpr bool late_context = !writable && is_context<P>;
  static_assert(holds_for<!writable, Method>,
                "dist: a method cannot change its caller's argument: take it by value or by const reference");
  static_assert(holds_for<!pointer, Method>, "dist: a pointer cannot be a parameter: take the value");
  static_assert(holds_for<!writable_span, Method>,
                "dist: a span parameter views received data: write std::span<T const>");
  static_assert(holds_for<!late_context, Method>,
                "dist: a method's context is its first parameter: make dist::context const& the first parameter");
  return !writable && !pointer && !writable_span && !late_context;
}

template <class Method, class R>
consteval bool check_result() {
  static_assert(holds_for<!std::is_reference_v<R>, Method>,
                "dist: a method cannot return a reference: return the value");
  static_assert(holds_for<!is_view<R>, Method>, "dist: a method cannot return a pointer or a view: return the value");
  return !std::is_reference_v<R> && !is_view<R>;
}

/// Rejects, with one error each, what a method cannot take or return. Few templates deep: compilers print each of them
/// before the reason.
template <class Method, class R, class List>
struct check_types;
template <class Method, class R, class... P>
struct check_types<Method, R, parameter_list<P...>> {
  template <class A>
  using read_part_of = refused_part_of<value_of_parameter<A>, when_read>;

  static constexpr bool accepted =
      ((check_result<Method, R>() && require_value_type<value_of_result<R>>()) && ... &&
       (check_parameter<Method, P>() && require_value_type<value_of_parameter<P>, read_part_of<P>>()));
};

template <class List>
struct parameter_traits;
template <class... P>
struct parameter_traits<parameter_list<P...>> {
  using arguments = std::tuple<std::remove_cv_t<std::remove_reference_t<P>>...>;
};

template <auto Method, class Serving>
inline constexpr bool is_described_method =
    boost::mp11::mp_contains<boost::mp11::mp_transform<method_of_descriptor, described_methods<Serving>>,
                             method_constant<Method>>::value;

template <auto Method, class Serving>
consteval std::size_t find_described() {
  static_assert(is_described<Serving>,
                "dist: this class is not described: add BOOST_DESCRIBE_STRUCT(T, (), (its methods...)) after it, "
                "before any code that calls its methods");
  if constexpr (is_described<Serving>) {
    using methods = boost::mp11::mp_transform<method_of_descriptor, described_methods<Serving>>;
    constexpr auto index = boost::mp11::mp_find<methods, method_constant<Method>>::value;
    static_assert(is_described_method<Method, Serving>,
                  "dist: this method is not described: add it to BOOST_DESCRIBE_STRUCT(T, (...), (...))");
    return index;
  } else {
    return 0;
  }
}

template <class Serving, std::size_t Index>
constexpr std::string_view described_name() {
  if constexpr (boost::describe::has_describe_members<Serving>::value) {
    if constexpr (Index < boost::mp11::mp_size<described_methods<Serving>>::value)
      return boost::mp11::mp_at_c<described_methods<Serving>, Index>::name;
  }
  return {};
}

/// Everything the wire has to know of one method, at compile time. What cannot be served is rejected with one error.
///
/// Serving is the class whose instance runs it, when that is not the class that declares it: an inherited method is
/// `method_traits<&Base::m, Derived>`.
template <auto Method, class Serving = typename class_of_pointer<decltype(Method)>::type>
struct method_traits {
  static_assert(holds_for<std::is_member_function_pointer_v<decltype(Method)>, method_constant<Method>>,
                "dist: only member functions are methods: static and free functions cannot be called");
  static_assert(holds_for<!std::is_member_function_pointer_v<decltype(Method)>, method_constant<Method>> ||
                    member_signature<decltype(Method)>::is_served,
                "dist: a method cannot be volatile, variadic or qualified by & or &&");

  static constexpr bool accepted = false;
};

template <auto Method, class Serving>
requires(member_signature<decltype(Method)>::is_served) struct method_traits<Method, Serving> {
 private:
  using signature = member_signature<decltype(Method)>;
  using wire = wire_parameters<typename signature::parameters>;

  static constexpr std::size_t index_ = find_described<Method, Serving>();

 public:
  using serving = Serving;
  using result = typename awaited<typename signature::returned>::type;  ///< a task<R> yields its R
  using parameters = typename wire::type;                               ///< as written, without the context
  using arguments = typename parameter_traits<parameters>::arguments;   ///< a tuple of values; views stay views

  static constexpr bool takes_context = wire::takes_context;
  static constexpr bool is_const = signature::is_const;
  static constexpr bool is_coroutine = awaited<typename signature::returned>::is_task;
  static constexpr bool is_repeatable = dist::repeatable<Method>;
  static constexpr bool is_brief = dist::brief<Method>;

  static_assert(std::is_base_of_v<typename signature::class_type, Serving>,
                "dist: the serving class does not have this method");

  /// False after an error, so that nothing more is instantiated and only one error remains.
  static constexpr bool accepted = check_types<method_constant<Method>, result, parameters>::accepted;
  static_assert(check_types<method_constant<Method>, result, parameters>::accepted || true,
                "instantiated wherever the traits are used");

  /// `sum`
  static constexpr std::string_view name() noexcept { return name_; }
  /// `Arith.sum`
  static constexpr std::string_view wire_name() noexcept { return {wire_name_.data(), wire_name_.size()}; }

 private:
  static constexpr std::string_view name_ = described_name<Serving, index_>();
  static constexpr auto wire_name_ = [] {
    constexpr auto service = service_name<Serving>;
    std::array<char, service.size() + 1 + name_.size()> text{};
    auto at = text.begin();
    for (char c : service) *at++ = c;
    *at++ = '.';
    for (char c : name_) *at++ = c;
    return text;
  }();
};

/// The methods of T as a list of method_constant.
template <class T>
using methods_of = boost::mp11::mp_transform<method_of_descriptor, described_methods<T>>;

template <class T>
struct no_methods : std::type_identity<parameter_list<>> {};
template <class T>
struct methods_of_described : std::type_identity<methods_of<T>> {};
template <class T>
using methods_or_none = typename std::conditional_t<is_described<T>, methods_of_described<T>, no_methods<T>>::type;

/// Whether all methods of T can be served; refuses in one line each those that cannot.
template <class T, class Methods = methods_or_none<T>>
inline constexpr bool all_accepted = false;
template <class T, template <class...> class List, class... Method>
inline constexpr bool all_accepted<T, List<Method...>> = (true && ... && method_traits<Method::pointer, T>::accepted);

}  // namespace dist
