#pragma once

#include <dist/rpc/detail/binding.hpp>
#include <dist/rpc/service.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace dist {

/// What a node will serve: how each object is made and which methods it has. A value that is copied freely; no object
/// exists before make().
class service_list {
 public:
  /// A class that is served: its name, its methods, and how its object is made.
  struct maker {
    std::string name;  ///< `Arith`
    std::vector<bound_method> methods;
    std::function<std::shared_ptr<void>()> make;  ///< what it throws passes through service_list::make()
  };

  service_list() = default;

  /// Throws std::invalid_argument, naming it, for a duplicate service (also by its Go spelling).
  void add(maker service);
  service_list& operator+=(service_list const& other);
  friend service_list operator+(service_list left, service_list const& right) { return std::move(left += right); }

  /// What the services will offer, without making one.
  std::vector<method_description> methods() const;
  /// Makes every object, in the order of the list; called in the node only.
  service_table make() const;

  bool empty() const noexcept { return makers_.empty(); }

 private:
  std::vector<maker> makers_;
};

/// Whether two classes have two names on the wire, for Go peers too.
template <class A, class B>
inline constexpr bool have_two_names = !go_collide(service_name<A>, service_name<B>);
template <class... T>
inline constexpr bool all_have_names = true;
template <class First, class... Rest>
inline constexpr bool all_have_names<First, Rest...> =
    (true && ... && have_two_names<First, Rest>) && all_have_names<Rest...>;

/// Refuses, in one line, classes that cannot be served, or not together.
template <class... T>
consteval bool check_services() {
  if constexpr ((true && ... && (check_service<T>() && all_accepted<T>))) {
    static_assert(all_have_names<T...>,
                  "dist: two of these classes have the same wire name: specialise dist::service_name<T> for one");
    return all_have_names<T...>;
  }
  return false;
}

/// One T, made by `factory()` where the node is made. What the factory throws ends the node with its message.
template <class T, class Factory>
service_list service(Factory factory) {
  static_assert(std::is_same_v<std::invoke_result_t<Factory&>, T>, "dist: the factory must return the service, a T");
  service_list list;
  // shared_ptr(new T(f())) rather than make_shared: the factory's T is never moved.
  if constexpr (check_services<T>())
    list.add({std::string(service_name<T>), bind_methods<T>(), [factory = std::move(factory)]() mutable {
                return std::shared_ptr<void>(std::shared_ptr<T>(new T(factory())));
              }});
  return list;
}

/// One default constructed object of each class.
template <class... T>
service_list services() {
  constexpr bool default_made = (true && ... && std::is_default_constructible_v<T>);
  static_assert(default_made,
                "dist: services<T>() needs a default constructor of T: use services(T{...}) or service<T>(factory)");
  service_list list;
  if constexpr (default_made && check_services<T...>()) ((list += service<T>([] { return T(); })), ...);
  return list;
}

/// A copy of `value` for each node; one that cannot be copied is moved into the first node, and a second one throws
/// std::logic_error.
template <class T>
service_list service_from(T value) {
  if constexpr (std::is_copy_constructible_v<T>) {
    return service<T>([value = std::move(value)] { return value; });
  } else {
    struct shared_value {
      T value;
      std::atomic<bool> used = false;
    };
    return service<T>([only = std::shared_ptr<shared_value>(new shared_value{std::move(value)})] {
      if (only->used.exchange(true))
        throw std::logic_error("the service " + std::string(service_name<T>) +
                               " cannot be copied and is already in another node: use service<T>(factory)");
      return std::move(only->value);
    });
  }
}

/// The given objects, copied or moved into the node when it is made.
template <class First, class... T>
service_list services(First&& first, T&&... rest) {
  service_list list;
  if constexpr (check_services<std::decay_t<First>, std::decay_t<T>...>()) {
    list = service_from<std::decay_t<First>>(std::forward<First>(first));
    ((list += service_from<std::decay_t<T>>(std::forward<T>(rest))), ...);
  }
  return list;
}

}  // namespace dist
