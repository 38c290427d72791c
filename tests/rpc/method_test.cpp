#include <dist/rpc/context.hpp>
#include <dist/rpc/detail/method.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace shop {

struct Item {
  int price = 0;
};
BOOST_DESCRIBE_STRUCT(Item, (), (price))

struct Base {
  virtual ~Base() = default;
  virtual int first(int a) { return a; }
  int second(int a) { return -a; }
  int hidden() const { return 1; }
};
BOOST_DESCRIBE_STRUCT(Base, (), (first, second, hidden))

struct Arith : Base {
  std::int64_t sum(std::vector<std::int64_t> const& values) const;
  dist::task<double> mean(dist::context, std::vector<double>);
  void reset() noexcept;
  std::string text(std::string_view a, std::span<double const> b, int const c) const noexcept;
  dist::task<void> wait(dist::context const& where);
  int hidden() const { return 2; }
  std::size_t take(std::string&& text, Item item);
};
BOOST_DESCRIBE_STRUCT(Arith, (Base), (sum, mean, reset, text, wait, hidden, take))

struct Other : Base {};
BOOST_DESCRIBE_STRUCT(Other, (Base), ())

template <class T>
struct Store {
  T get() const { return {}; }
  struct Inner {
    int get() const { return 0; }
  };
};
BOOST_DESCRIBE_STRUCT(Store<int>, (), (get))
BOOST_DESCRIBE_STRUCT(Store<int>::Inner, (), (get))

}  // namespace shop

template <>
inline constexpr std::string_view dist::service_name<shop::Store<int>> = "Shop";
template <>
inline constexpr bool dist::brief<&shop::Arith::sum> = true;
template <>
inline constexpr bool dist::repeatable<&shop::Arith::reset> = true;

namespace {

struct Ünïcode {
  int get() const { return 0; }
};
BOOST_DESCRIBE_STRUCT(Ünïcode, (), (get))

using shop::Arith;
template <auto M, class S = typename dist::class_of_pointer<decltype(M)>::type>
using traits = dist::method_traits<M, S>;

}  // namespace

BOOST_AUTO_TEST_SUITE(method)

BOOST_AUTO_TEST_CASE(method_name_is_found_by_identity) {
  static_assert(traits<&Arith::sum>::name() == "sum");
  static_assert(traits<&Arith::sum>::wire_name() == "Arith.sum");
  // Same type; one of them is virtual, in a base.
  static_assert(traits<&shop::Base::first, Arith>::wire_name() == "Arith.first");
  static_assert(traits<&shop::Base::second, Arith>::wire_name() == "Arith.second");
  static_assert(traits<&shop::Base::second>::wire_name() == "Base.second");
  static_assert(traits<&shop::Other::second, shop::Other>::wire_name() == "Other.second");
}

BOOST_AUTO_TEST_CASE(service_name_omits_the_scope_and_can_be_overridden) {
  static_assert(dist::service_name<Arith> == "Arith");
  static_assert(dist::service_name<shop::Store<int>> == "Shop");
  static_assert(dist::service_name<shop::Store<int>::Inner> == "Inner");
  static_assert(dist::service_name<Ünïcode> == "Ünïcode");
  struct local {};
  static_assert(dist::service_name<local> == "local");
  static_assert(traits<&shop::Store<int>::get>::wire_name() == "Shop.get");
}

BOOST_AUTO_TEST_CASE(arguments_are_values_and_views_stay_views) {
  static_assert(std::is_same_v<traits<&Arith::sum>::arguments, std::tuple<std::vector<std::int64_t>>>);
  static_assert(std::is_same_v<traits<&Arith::mean>::arguments, std::tuple<std::vector<double>>>);
  static_assert(std::is_same_v<traits<&Arith::reset>::arguments, std::tuple<>>);
  static_assert(
      std::is_same_v<traits<&Arith::text>::arguments, std::tuple<std::string_view, std::span<double const>, int>>);
  static_assert(std::is_same_v<traits<&Arith::take>::arguments, std::tuple<std::string, shop::Item>>);
}

BOOST_AUTO_TEST_CASE(traits_follow_the_signature) {
  static_assert(std::is_same_v<traits<&Arith::mean>::result, double>);
  static_assert(std::is_same_v<traits<&Arith::wait>::result, void>);
  static_assert(std::is_same_v<traits<&Arith::reset>::result, void>);
  static_assert(traits<&Arith::mean>::takes_context && traits<&Arith::wait>::takes_context);
  static_assert(!traits<&Arith::sum>::takes_context && !traits<&Arith::reset>::takes_context);
  static_assert(traits<&Arith::mean>::is_coroutine && !traits<&Arith::sum>::is_coroutine);
  static_assert(traits<&Arith::sum>::is_const && !traits<&Arith::mean>::is_const);
}

BOOST_AUTO_TEST_CASE(const_methods_are_repeatable_unless_overridden) {
  static_assert(traits<&Arith::sum>::is_repeatable && traits<&Arith::text>::is_repeatable);
  static_assert(!traits<&Arith::mean>::is_repeatable && traits<&Arith::reset>::is_repeatable);
  static_assert(traits<&Arith::sum>::is_brief && !traits<&Arith::text>::is_brief);
}

BOOST_AUTO_TEST_CASE(service_has_its_described_public_methods) {
  static_assert(dist::check_service<Arith>());
  // first, second of the base and seven of its own: the base's `hidden` is hidden.
  static_assert(boost::mp11::mp_size<dist::methods_of<Arith>>::value == 9);
  static_assert(traits<&Arith::hidden>::wire_name() == "Arith.hidden");
}

BOOST_AUTO_TEST_SUITE_END()
