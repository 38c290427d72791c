// Facts about compilers and libraries that this project relies on or works around. When a case fails after an upgrade,
// the fact has changed: find what was built around it, simplify that, and change the case.

#include <array>
#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/version.hpp>
#include <bit>
#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/test/unit_test.hpp>
#include <boost/version.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>

namespace {

namespace json = boost::json;

double next_random_bits(std::mt19937_64& bits) {
  for (;;) {
    auto value = std::bit_cast<double>(bits());
    if (std::isfinite(value)) return value;
  }
}

enum class colour { red = 1, green = 2 };
BOOST_DESCRIBE_ENUM(colour, red, green)

struct shape {
  virtual ~shape() = default;
  virtual int area() const { return 1; }
  virtual int edge() const { return 2; }
};
BOOST_DESCRIBE_STRUCT(shape, (), (area, edge))

template <auto Method>
struct constant {};

// A described method's name, found by comparing template arguments.
template <class Class, auto Method>
std::string_view find_name() {
  std::string_view name;
  boost::mp11::mp_for_each<
      boost::describe::describe_members<Class, boost::describe::mod_public | boost::describe::mod_function>>(
      [&](auto described) {
        if constexpr (std::is_same_v<constant<decltype(described)::pointer>, constant<Method>>) name = described.name;
      });
  return name;
}

asio::awaitable<void> await_twice_after_cancel(asio::cancellation_signal& signal, int& thrown) {
  signal.emit(asio::cancellation_type::terminal);
  for (int i = 0; i != 2; ++i) {
    try {
      co_await asio::post(asio::use_awaitable);
    } catch (std::system_error const&) {
      ++thrown;
    }
  }
  co_await asio::this_coro::reset_cancellation_state();
  co_await asio::post(asio::use_awaitable);
}

}  // namespace

BOOST_AUTO_TEST_CASE(versions_are_those_the_facts_were_checked_with) {
  BOOST_TEST(ASIO_VERSION == 102201);
  BOOST_TEST(BOOST_VERSION == 108100);
#if defined(__clang__)
  BOOST_TEST(__clang_major__ == 19);
#else
  BOOST_TEST(__GNUC__ == 12);
#endif
}

BOOST_AUTO_TEST_CASE(asio_lacks_features_of_newer_versions) {
#if __has_include(<asio/cancel_after.hpp>) || __has_include(<asio/consign.hpp>) || \
    __has_include(<asio/any_completion_handler.hpp>) || __has_include(<asio/co_composed.hpp>)
  BOOST_ERROR("this Asio has cancel_after, consign, any_completion_handler or co_composed");
#endif
#if !__has_include(<asio/experimental/as_tuple.hpp>) || !__has_include(<asio/experimental/deferred.hpp>)
  BOOST_ERROR("as_tuple or deferred has left asio::experimental");
#endif
}

BOOST_AUTO_TEST_CASE(await_after_a_terminal_cancel_throws_until_the_state_is_reset) {
  asio::io_context io;
  asio::cancellation_signal signal;
  int thrown = 0;
  bool done = false;
  asio::co_spawn(io, await_twice_after_cancel(signal, thrown),
                 asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr failure) { done = !failure; }));
  io.run();
  BOOST_TEST(thrown == 2);
  BOOST_TEST(done);
}

BOOST_AUTO_TEST_CASE(json_parses_doubles_inexactly) {
  std::mt19937_64 bits(1);
  std::uniform_real_distribution<double> unit(0, 1);
  int changed_units = 0;
  int changed_bits = 0;
  for (int i = 0; i != 1000; ++i) {
    auto small = unit(bits);
    if (json::parse(json::serialize(json::value(small))).to_number<double>() != small) ++changed_units;
    auto any = next_random_bits(bits);
    if (json::parse(json::serialize(json::value(any))).to_number<double>() != any) ++changed_bits;
  }
  BOOST_TEST(changed_units > 10);
  BOOST_TEST(changed_bits > 10);
}

BOOST_AUTO_TEST_CASE(json_writes_doubles_exactly) {
  std::mt19937_64 bits(2);
  for (int i = 0; i != 1000; ++i) {
    auto value = next_random_bits(bits);
    auto text = json::serialize(json::value(value));
    double back = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), back);
    BOOST_TEST((error == std::errc()));
    BOOST_TEST(std::bit_cast<std::uint64_t>(back) == std::bit_cast<std::uint64_t>(value), text);
  }
}

BOOST_AUTO_TEST_CASE(json_writes_infinity_as_invalid_json) {
  BOOST_TEST(json::serialize(json::value(std::numeric_limits<double>::infinity())) == "Infinity");
}

BOOST_AUTO_TEST_CASE(json_gives_small_positive_numbers_the_signed_kind) {
  BOOST_TEST(json::parse("1").is_int64());
  BOOST_TEST(json::parse("18446744073709551615").is_uint64());
}

BOOST_AUTO_TEST_CASE(json_rejects_the_number_it_wrote_for_an_unnamed_enum_value) {
  auto written = json::value_from(static_cast<colour>(7));
  BOOST_TEST(written.is_number());
  BOOST_TEST(!json::try_value_to<colour>(written).has_value());
  BOOST_TEST(json::value_from(colour::red).is_string());
}

BOOST_AUTO_TEST_CASE(describe_names_methods_by_identity) {
  BOOST_TEST((find_name<shape, &shape::area>()) == "area");
  BOOST_TEST((find_name<shape, &shape::edge>()) == "edge");
}
