// Conversions between all number types: the method gets the caller's value, or an error names both types and the value.
#include <boost/describe/class.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cmath>
#include <complex>
#include <dist/dist.hpp>
#include <filesystem>
#include <functional>
#include <limits>
#include <valarray>

#include "jsonrpc/json_calls.hpp"
#include "support/memory_cluster.hpp"

using namespace std::chrono_literals;

namespace {

enum level { low = 1, high = 300 };
enum class side : std::uint8_t { left = 1, right = 2 };
BOOST_DESCRIBE_ENUM(side, left, right)
using seconds32 = std::chrono::duration<std::int32_t>;
using hours_float = std::chrono::duration<float, std::ratio<3600>>;
using limited = std::pair<std::int32_t, float>;

/// Returns what arrived.
struct Echo {
  bool b(bool value) const { return value; }
  std::int8_t i8(std::int8_t value) const { return value; }
  std::uint8_t u8(std::uint8_t value) const { return value; }
  std::int16_t i16(std::int16_t value) const { return value; }
  std::uint16_t u16(std::uint16_t value) const { return value; }
  std::int32_t i32(std::int32_t value) const { return value; }
  std::uint32_t u32(std::uint32_t value) const { return value; }
  std::int64_t i64(std::int64_t value) const { return value; }
  std::uint64_t u64(std::uint64_t value) const { return value; }
  float f32(float value) const { return value; }
  double f64(double value) const { return value; }
  std::int64_t sum(std::vector<std::int64_t> const& values) const { return static_cast<std::int64_t>(values.size()); }
  double mean(std::vector<double> values) const { return values.empty() ? 0 : values.front(); }
  std::int64_t add(std::int32_t a, std::int64_t b, std::vector<int> const& more) const { return a + b + std::ssize(more); }
  std::chrono::milliseconds ms(std::chrono::milliseconds value) const { return value; }
  seconds32 s32(seconds32 value) const { return value; }
  hours_float hours(hours_float value) const { return value; }
  std::optional<std::int32_t> maybe(std::optional<std::int32_t> value) const { return value; }
  limited two(limited value) const { return value; }
  std::complex<float> complex(std::complex<float> value) const { return value; }
  side which(side value) const { return value; }
  std::filesystem::path path(std::filesystem::path const& value) const { return value / "x"; }
  std::chrono::sys_seconds at(std::chrono::sys_seconds value) const { return value; }
  std::valarray<double> values(std::valarray<double> value) const { return 2.0 * value; }
  std::int64_t none() const { return 5; }
};
BOOST_DESCRIBE_STRUCT(Echo, (),
                      (b, i8, u8, i16, u16, i32, u32, i64, u64, f32, f64, sum, mean, add, ms, s32, hours, maybe, two,
                       complex, which, path, at, values, none))

template <class P>
struct echo_of;
template <>
struct echo_of<bool> : dist::method_constant<&Echo::b> {};
template <>
struct echo_of<std::int8_t> : dist::method_constant<&Echo::i8> {};
template <>
struct echo_of<std::uint8_t> : dist::method_constant<&Echo::u8> {};
template <>
struct echo_of<std::int16_t> : dist::method_constant<&Echo::i16> {};
template <>
struct echo_of<std::uint16_t> : dist::method_constant<&Echo::u16> {};
template <>
struct echo_of<std::int32_t> : dist::method_constant<&Echo::i32> {};
template <>
struct echo_of<std::uint32_t> : dist::method_constant<&Echo::u32> {};
template <>
struct echo_of<std::int64_t> : dist::method_constant<&Echo::i64> {};
template <>
struct echo_of<std::uint64_t> : dist::method_constant<&Echo::u64> {};
template <>
struct echo_of<float> : dist::method_constant<&Echo::f32> {};
template <>
struct echo_of<double> : dist::method_constant<&Echo::f64> {};

using numbers = boost::mp11::mp_list<bool, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                                     std::uint32_t, std::int64_t, std::uint64_t, float, double>;

template <class T>
std::vector<T> interesting() {
  using bounds = std::numeric_limits<T>;
  std::vector<T> values{T{0}, T{1}, bounds::max(), bounds::lowest()};
  if constexpr (std::is_same_v<T, bool>) return {false, true};
  if constexpr (std::is_integral_v<T>) {
    for (auto const power : {7, 8, 15, 16, 24, 31, 32, 53, 63})
      for (auto const near : {-1, 0, 1})
        if (power < bounds::digits) {
          auto const value = static_cast<T>((T{1} << power) + near);
          values.push_back(value);
          if (std::is_signed_v<T>) values.push_back(static_cast<T>(T{0} - value));
        }
  } else {
    for (auto const value : {0.1, 1.5, -0.0, 255.0, 256.0, 2147483648.0, -2147483648.0, 16777217.0, 9007199254740993.0, 1e10, 1e30})
      values.push_back(static_cast<T>(value));
    values.insert(values.end(), {bounds::min(), bounds::denorm_min(), bounds::infinity(), -bounds::infinity()});
    if (sizeof(T) == 8) values.insert(values.end(), {static_cast<T>(1e300), static_cast<T>(1e-300), static_cast<T>(3.5e38)});
  }
  return values;
}

/// In long doubles, which hold all these numbers exactly.
template <class P, class C>
bool holds(C value) {
  auto const exact = static_cast<long double>(value);
  if constexpr (std::is_floating_point_v<P>) {
    return std::isinf(value) || static_cast<long double>(static_cast<P>(exact)) == exact;
  } else {
    return exact >= static_cast<long double>(std::numeric_limits<P>::min()) &&
           exact <= static_cast<long double>(std::numeric_limits<P>::max()) && std::truncl(exact) == exact;
  }
}
/// Between C++ floating-point types the nearest value is enough, as in the language.
template <class P, class C>
bool arrives(C value) {
  if constexpr (std::is_floating_point_v<P> && std::is_floating_point_v<C>) {
    auto const nearest = static_cast<P>(static_cast<long double>(value));
    return std::isinf(value) || (!std::isinf(nearest) && (nearest != 0 || value == 0));
  } else {
    return holds<P>(value);
  }
}

template <class T>
std::string text_of(T value) {
  if constexpr (std::is_floating_point_v<T>)
    return dist::floating_text(static_cast<double>(value));
  else
    return std::to_string(value);
}

bool says(std::string const& text, std::initializer_list<std::string> words) {
  return std::ranges::all_of(words, [&](auto const& one) { return text.find(one) != std::string::npos; });
}

struct fixture {
  fixture() {
    world.add_node("a", 4);
    world.wait_for_nodes(1);
  }

  template <class R>
  dist::result<R> ended(dist::pending<R> call) {
    try {
      return world.run<R>(std::move(call));
    } catch (dist::call_error const& e) {
      return e.fault();
    }
  }
  template <class R>
  void is_lost(dist::pending<R> call, std::initializer_list<std::string> words) {
    auto const got = ended(std::move(call));
    BOOST_TEST_REQUIRE(got.has_error());
    BOOST_TEST((got.error().code == dist::errc::bad_arguments));
    BOOST_TEST((got.error().known == dist::progress::not_started));
    BOOST_TEST(says(got.error().message, words), got.error().message);
  }

  /// Checks one value for one pair of types; `arrives`: whether it must arrive.
  template <class P, class C>
  void check(char const* way, C value, bool arrives, dist::result<P> const& got, std::string const& from) {
    BOOST_TEST_CONTEXT(way << ": " << dist::number_name<C>() << ' ' << text_of(value) << " as " << dist::number_name<P>()) {
      if (arrives) {
        BOOST_TEST_REQUIRE(got.has_value(), (got.has_value() ? "" : got.error().message));
        BOOST_TEST((*got == static_cast<P>(value)));
      } else {
        BOOST_TEST_REQUIRE(got.has_error());
        BOOST_TEST((got.error().code == dist::errc::bad_arguments));
        // The message shows whole numbers in plain digits.
        auto const& said = got.error().message;
        bool const shown = says(said, {text_of(value)}) || says(said, {text_of(std::llround(static_cast<double>(value)))});
        BOOST_TEST((shown && says(said, {"argument 1: ", from, std::string(dist::number_name<P>())})), said);
      }
    }
  }

  template <class P>
  dist::result<P> by_json(std::string const& params) {
    std::tuple<P> out;
    dist::value_store store;
    auto const problem = dist::decode_arguments(dist::codec::json, dist::as_bytes(params), 64, out, store);
    if (!problem.empty()) return dist::make_fault(dist::errc::bad_arguments, problem);
    return std::get<0>(out);
  }

  dist::test::memory_cluster world{dist::services<Echo>()};
  dist::cluster cluster = world.cluster();
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(conversions, fixture)

BOOST_AUTO_TEST_CASE(literals_fit_wherever_their_value_fits) {
  BOOST_TEST(ended(dist::go<&Echo::sum>(cluster, {2, 4, 6})).value() == 3);
  BOOST_TEST(ended(dist::go<&Echo::mean>(cluster, {2, 4, 6})).value() == 2);
  BOOST_TEST(ended(dist::go<&Echo::mean>(cluster, {2.5, 4.5})).value() == 2.5);
  BOOST_TEST(ended(dist::go<&Echo::b>(cluster, true)).value());
  BOOST_TEST(ended(dist::go<&Echo::b>(cluster, 1)).value());
  BOOST_TEST(ended(dist::go<&Echo::i8>(cluster, -5)).value() == -5);
  BOOST_TEST(ended(dist::go<&Echo::u8>(cluster, 5)).value() == 5);
  BOOST_TEST(ended(dist::go<&Echo::u32>(cluster, 5)).value() == 5u);
  BOOST_TEST(ended(dist::go<&Echo::u64>(cluster, 5)).value() == 5u);
  BOOST_TEST(ended(dist::go<&Echo::i64>(cluster, 5)).value() == 5);
  BOOST_TEST(ended(dist::go<&Echo::i64>(cluster, {5})).value() == 5);
  BOOST_TEST(ended(dist::go<&Echo::i64>(cluster, {})).value() == 0);
  BOOST_TEST(ended(dist::go<&Echo::i64>(cluster, 'a')).value() == 97);
  BOOST_TEST(ended(dist::go<&Echo::i64>(cluster, 5U)).value() == 5);
  BOOST_TEST(ended(dist::go<&Echo::f32>(cluster, 5)).value() == 5.0f);
  BOOST_TEST(ended(dist::go<&Echo::f32>(cluster, 0.1)).value() == 0.1f);
  BOOST_TEST(ended(dist::go<&Echo::f64>(cluster, 5)).value() == 5.0);
  BOOST_TEST(ended(dist::go<&Echo::f64>(cluster, 0.1f)).value() == static_cast<double>(0.1f));
  BOOST_TEST(ended(dist::go<&Echo::i64>(cluster, low)).value() == 1);
  BOOST_TEST(ended(dist::go<&Echo::add>(cluster, 1, 2, {3, 4})).value() == 5);
  BOOST_TEST(ended(dist::go<&Echo::add>(cluster, 1, 2, {3, 4}, dist::call_options().once())).value() == 5);
  struct {
    std::uint32_t five : 5;
  } const bits{5};
  BOOST_TEST(ended(dist::go<&Echo::i32>(cluster, bits.five)).value() == 5);
  std::int64_t const five = 5;
  BOOST_TEST(ended(dist::go<&Echo::i32>(cluster, std::ref(five))).value() == 5);
  BOOST_TEST(ended(dist::go<&Echo::i8>(cluster, std::integral_constant<std::size_t, 5>())).value() == 5);
  BOOST_TEST(ended(dist::go<&Echo::b>(cluster, std::vector<bool>{true}[0])).value());
}

BOOST_AUTO_TEST_CASE(value_that_does_not_fit_is_a_fault_naming_both_types) {
  is_lost(dist::go<&Echo::u32>(cluster, std::int64_t{-1}), {"argument 1: int64 -1 does not fit uint32"});
  is_lost(dist::go<&Echo::f32>(cluster, 1e300), {"argument 1: double 1e+300 does not fit float"});
  is_lost(dist::go<&Echo::f64>(cluster, (std::int64_t{1} << 53) + 1), {"int64 9007199254740993 does not fit double"});
  is_lost(dist::go<&Echo::b>(cluster, 2), {"int32 2 does not fit bool"});
  is_lost(dist::go<&Echo::i8>(cluster, high), {"300 does not fit int8"});
  is_lost(dist::go<&Echo::u8>(cluster, -1), {"int32 -1 does not fit uint8"});
  is_lost(dist::go<&Echo::add>(cluster, 1, std::uint64_t{1} << 63, {3}), {"argument 2: uint64 9223372036854775808 does not fit int64"});
  is_lost(dist::go<&Echo::add>(cluster, std::int64_t{1} << 40, 1, {3}, dist::call_options().once()),
          {"argument 1: int64 1099511627776 does not fit int32"});
  is_lost(dist::go<&Echo::i8>(cluster, std::integral_constant<std::size_t, 128>()), {"uint64 128 does not fit int8"});
  std::int64_t const large = std::int64_t{1} << 40;
  is_lost(dist::go<&Echo::i32>(cluster, std::cref(large)), {"int64 1099511627776 does not fit int32"});
  auto const all = dist::broadcast<&Echo::u8>(cluster, 256);
  (void)all;
}

BOOST_AUTO_TEST_CASE(numbers_inside_other_types_are_checked_too) {
  BOOST_TEST((ended(dist::go<&Echo::maybe>(cluster, 5)).value() == 5));
  BOOST_TEST((ended(dist::go<&Echo::maybe>(cluster, std::nullopt)).value() == std::nullopt));
  BOOST_TEST((ended(dist::go<&Echo::maybe>(cluster, std::optional<std::int64_t>(5))).value() == 5));
  BOOST_TEST((ended(dist::go<&Echo::maybe>(cluster, std::optional<std::int64_t>())).value() == std::nullopt));
  is_lost(dist::go<&Echo::maybe>(cluster, std::int64_t{1} << 40), {"int64 1099511627776 does not fit int32"});
  is_lost(dist::go<&Echo::maybe>(cluster, std::optional(std::int64_t{1} << 40), dist::call_options().once()),
          {"int64 1099511627776 does not fit int32"});
  BOOST_TEST((ended(dist::go<&Echo::two>(cluster, std::pair<std::int64_t, double>(5, 0.5))).value() == limited(5, 0.5f)));
  is_lost(dist::go<&Echo::two>(cluster, std::pair<std::int64_t, double>(5, 1e300)), {"double 1e+300 does not fit float"});
  BOOST_TEST((ended(dist::go<&Echo::complex>(cluster, 0.5)).value() == std::complex<float>(0.5f)));
  is_lost(dist::go<&Echo::complex>(cluster, 1e300), {"double 1e+300 does not fit float"});
}

BOOST_AUTO_TEST_CASE(durations_keep_their_length) {
  BOOST_TEST((ended(dist::go<&Echo::ms>(cluster, 5s)).value() == 5s));
  BOOST_TEST((ended(dist::go<&Echo::s32>(cluster, 5h)).value() == 5h));
  BOOST_TEST((ended(dist::go<&Echo::hours>(cluster, 30min)).value() == 30min));
  is_lost(dist::go<&Echo::ms>(cluster, std::chrono::hours::max()),
          {"duration<int64,3600/1>", std::to_string(std::chrono::hours::max().count()), "duration<int64,1/1000>"});
  is_lost(dist::go<&Echo::s32>(cluster, std::chrono::seconds(1LL << 31)),
          {"duration<int64,1/1> 2147483648 does not fit duration<int32,1/1>"});
  is_lost(dist::go<&Echo::hours>(cluster, std::chrono::duration<double>(1e300)), {"duration<double,1/1> 1e+300"});
}

BOOST_AUTO_TEST_CASE(numbers_convert_in_go_and_in_fan_out_inputs) {
  boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, numbers>>([&]<class P>(std::type_identity<P>) {
    boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, numbers>>([&]<class C>(std::type_identity<C>) {
      // Passing a fraction for a whole number does not compile.
      if constexpr (!std::is_integral_v<P> || !std::is_floating_point_v<C>) {
        for (C const value : interesting<C>()) {
          std::string const from(dist::number_name<C>());
          check<P>("go", value, arrives<P>(value), ended(dist::go<echo_of<P>::pointer, Echo>(cluster, value)), from);
          dist::buffer arguments;
          auto const problem = dist::input_encoder<std::tuple<P>>::encode(arguments, value);
          std::tuple<P> read;
          dist::value_store store;
          if (problem.empty())
            BOOST_TEST(dist::decode_arguments(dist::codec::cbor, arguments.bytes(), 64, read, store) == "");
          auto const got = problem.empty() ? dist::result<P>(std::get<0>(read))
                                           : dist::result<P>(dist::make_fault(dist::errc::bad_arguments, problem));
          check<P>("fan-out", value, arrives<P>(value), got, from);
        }
      }
    });
  });
}

BOOST_AUTO_TEST_CASE(numbers_convert_in_calls_by_name_and_in_json) {
  boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, numbers>>([&]<class P>(std::type_identity<P>) {
    boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, numbers>>([&]<class C>(std::type_identity<C>) {
      constexpr bool both_bool = std::is_same_v<P, bool> && std::is_same_v<C, bool>;
      constexpr bool one_bool = (std::is_same_v<P, bool> || std::is_same_v<C, bool>) && !both_bool;
      std::string const method(dist::method_traits<echo_of<P>::pointer, Echo>::wire_name());
      for (C const value : interesting<C>()) {
        if constexpr (one_bool) {
          auto const word = std::is_same_v<C, bool> ? (value ? "true" : "false") : text_of(value);
          auto const type = std::string(dist::number_name<P>());
          std::vector<dist::result<P>> all{ended(dist::call_by_name<P>(cluster, method, value))};
          if (!std::isinf(static_cast<double>(value))) all.push_back(by_json<P>("[" + word + "]"));
          for (auto const& got : all) {
            BOOST_TEST_REQUIRE(got.has_error());
            BOOST_TEST((got.error().code == dist::errc::bad_arguments));
            BOOST_TEST(says(got.error().message, {"argument 1: ", word, "(" + type + ")"}), got.error().message);
          }
        } else {
          auto const kind = std::is_integral_v<C> ? "integer" : "floating-point";
          check<P>("by name", value, both_bool || holds<P>(value), ended(dist::call_by_name<P>(cluster, method, value)), kind);
          if (std::isinf(static_cast<double>(value))) continue;
          std::string const json = both_bool ? (value ? "true" : "false") : text_of(value);
          bool const near = std::is_floating_point_v<P> && !std::isinf(static_cast<P>(static_cast<long double>(value)));
          check<P>("JSON", value, both_bool || near || holds<P>(value), by_json<P>("[" + json + "]"), "number");
        }
      }
    });
  });
}

BOOST_AUTO_TEST_CASE(calls_by_name_do_not_convert_enumerators_to_numbers) {
  BOOST_TEST((ended(dist::call_by_name<side>(cluster, "Echo.which", side::right)).value() == side::right));
  BOOST_TEST((ended(dist::call_by_name<side>(cluster, "Echo.which", 2)).value() == side::right));
  is_lost(dist::call_by_name<std::int64_t>(cluster, "Echo.i64", side::right),
          {"argument 1: expected a number (int64), got text \"right\""});
  is_lost(dist::call_by_name<side>(cluster, "Echo.which", 7), {"unknown enumerator 7"});
}

BOOST_AUTO_TEST_CASE(types_with_a_stand_in_work_as_arguments_and_results) {
  BOOST_TEST(ended(dist::go<&Echo::path>(cluster, "/tmp")).value() == std::filesystem::path("/tmp/x"));
  std::chrono::sys_seconds const at(std::chrono::seconds(1'700'000'000));
  BOOST_TEST((ended(dist::go<&Echo::at>(cluster, at)).value() == at));
  is_lost(dist::go<&Echo::at>(cluster, std::chrono::time_point<std::chrono::system_clock, std::chrono::hours>::max()),
          {"duration<int64,3600/1>", "does not fit duration<int64,1/1>"});
  std::valarray<double> const values{1, 2.5};
  auto const twice = ended(dist::go<&Echo::values>(cluster, values)).value();
  BOOST_TEST((twice.size() == 2 && twice[1] == 5.0));
}

BOOST_AUTO_TEST_CASE(json_arguments_keep_their_value) {
  auto const answer = [&](std::string const& method, std::string const& params) {
    auto const text = R"({"jsonrpc":"2.0","id":1,"method":"Echo.)" + method + R"(","params":)" + params + "}";
    return world.run(dist::answer_rpc(cluster.shared_caller(), dist::parse_rpc(text, dist::limits()), {}));
  };
  struct {
    char const* method;
    char const* params;
    char const* said;
  } const cases[] = {
      {"f64", "[1234567890123456800]", R"("result":1234567890123456768.0)"},
      {"f64", "[123456789012345670000]", R"("result":123456789012345667584.0)"},
      {"f64", "[1e400]", "argument 1: number 1e400 is beyond the largest double"},
      {"f32", "[0.1]", R"("result":0.1)"},
      {"i64", "[9007199254740993]", R"("result":9007199254740993)"},
      {"i64", "[1e2]", R"("result":100)"},
      {"i64", "[36893488147419103233]", "number 36893488147419103233 does not fit int64 exactly"},
      {"u8", "[256]", "argument 1: number 256 does not fit uint8 exactly"},
      {"b", "[1]", "argument 1: expected true or false (bool), got number 1"},
      {"none", "{}", R"("result":5)"},
      {"none", "[]", R"("result":5)"},
      {"at", "[1700000000]", R"("result":1700000000)"},
      {"path", R"(["/tmp"])", R"("result":"/tmp/x")"},
  };
  for (auto const& one : cases) {
    auto const got = answer(one.method, one.params);
    BOOST_TEST(got.find(one.said) != std::string::npos, one.method << one.params << ": " << got);
  }
}

BOOST_AUTO_TEST_CASE(fan_out_names_the_input_that_does_not_fit) {
  std::vector<std::uint64_t> const inputs{1, (std::uint64_t{1} << 32) + 5};
  auto work = dist::try_map<&Echo::i32>(cluster, inputs);
  auto const got = world.run(std::move(work));
  BOOST_TEST_REQUIRE(got.size() == 2u);
  BOOST_TEST(got[0].value() == 1);
  BOOST_TEST_REQUIRE(got[1].has_error());
  BOOST_TEST((got[1].error().code == dist::errc::bad_arguments));
  BOOST_TEST(says(got[1].error().message, {"argument 1: uint64 4294967301 does not fit int32"}), got[1].error().message);
  // Parameters are checked one by one.
  dist::buffer out;
  auto const problem = dist::input_encoder<std::tuple<std::int32_t, float>>::encode(out, std::tuple(1, 1e300));
  BOOST_TEST(says(problem, {"argument 2: double 1e+300 does not fit float"}), problem);
  auto const far = dist::chunks(std::int64_t{0}, std::int64_t{1} << 40, std::int64_t{1} << 39);
  BOOST_TEST(says(dist::input_encoder<std::tuple<std::int32_t, std::int32_t>>::encode(out, *++far.begin()),
                  {"argument 1: int64 549755813888 does not fit int32"}));
}

BOOST_AUTO_TEST_SUITE_END()
