// Types that are sent as another type: those of the standard library that are built in, and registered ones.
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>
#include <complex>
#include <dist/rpc/detail/codec.hpp>
#include <filesystem>
#include <map>
#include <random>
#include <sstream>
#include <valarray>

namespace bank {

/// A class that does not know dist.
class money {
 public:
  money() = default;
  explicit money(std::int64_t cents) : cents_(cents) {
    if (cents < 0) throw std::invalid_argument("an amount is never negative");
  }
  std::int64_t cents() const {
    if (cents_ == 13) throw std::runtime_error("an unlucky amount");
    return cents_;
  }
  auto operator<=>(money const&) const = default;

 private:
  std::int64_t cents_ = 0;
};

/// Any matrix, by rows.
template <class T>
struct matrix {
  std::size_t columns = 0;
  std::vector<T> cells;
  bool operator==(matrix const&) const = default;
};

struct address {
  std::string street;
  int number = 0;
  auto operator<=>(address const&) const = default;
};
struct maybe_money {
  std::optional<money> value;
  bool operator==(maybe_money const&) const = default;
};

}  // namespace bank

template <>
struct dist::wire<bank::money> {
  static std::int64_t to(bank::money const& value) { return value.cents(); }
  static bank::money from(std::int64_t cents) { return bank::money(cents); }
};

namespace bank {

struct rows {
  std::uint32_t columns = 0;
  std::vector<money> cells;
};
BOOST_DESCRIBE_STRUCT(rows, (), (columns, cells))

}  // namespace bank

template <class T>
struct dist::wire<bank::matrix<T>> {
  static std::pair<std::uint64_t, std::vector<T>> to(bank::matrix<T> const& value) {
    return {value.columns, value.cells};
  }
  static bank::matrix<T> from(std::pair<std::uint64_t, std::vector<T>> sent) {
    return {sent.first, std::move(sent.second)};
  }
};
template <>
struct dist::wire<bank::address> {
  static std::string to(bank::address const& value) { return value.street + ' ' + std::to_string(value.number); }
  static bank::address from(std::string const& text) {
    auto const space = text.rfind(' ');
    return {text.substr(0, space), std::stoi(text.substr(space + 1))};
  }
};
template <>
struct dist::wire<bank::maybe_money> {
  static std::optional<bank::money> to(bank::maybe_money const& value) { return value.value; }
  static bank::maybe_money from(std::optional<bank::money> value) { return {value}; }
};

/// The state of a random engine, as its own operators write it.
template <class Engine>
  requires(std::uniform_random_bit_generator<Engine> && requires(std::ostream& out, std::istream& in, Engine& engine) {
    out << engine;
    in >> engine;
  })
struct dist::wire<Engine> {
  static std::string to(Engine const& engine) {
    std::ostringstream out;
    out << engine;
    return out.str();
  }
  static Engine from(std::string const& state) {
    std::istringstream in(state);
    Engine engine;
    if (!(in >> engine)) throw std::invalid_argument("not the state of a random engine");
    return engine;
  }
};

namespace {

using namespace std::chrono_literals;
using dist::codec;

struct account {
  bank::address owner;
  bank::money balance;
  bank::maybe_money limit;
  std::vector<bank::money> history;
  std::map<bank::address, bank::money> others;
  std::map<bank::money, std::string> notes;
  bool operator==(account const&) const = default;
};
BOOST_DESCRIBE_STRUCT(account, (), (owner, balance, limit, history, others, notes))
/// The same types as a peer without these classes declares them.
struct plain_account {
  std::string owner;
  std::int64_t balance = 0;
  std::optional<std::int64_t> limit;
  std::vector<std::int64_t> history;
  std::map<std::string, std::int64_t> others;
  std::map<std::int64_t, std::string> notes;
  bool operator==(plain_account const&) const = default;
};
BOOST_DESCRIBE_STRUCT(plain_account, (), (owner, balance, limit, history, others, notes))

template <class T>
std::string written(codec how, T const& value) {
  dist::buffer out;
  auto const error = dist::encode_result(how, dist::spelling::declared, out, value);
  return error.empty() ? std::string(out.text()) : "error: " + error;
}
template <class T>
std::string error_of(codec how, std::string_view text, T& out) {
  return dist::decode_result(how, dist::as_bytes(text), 64, out);
}

constexpr codec codecs[] = {codec::cbor, codec::json};

/// Checks the round trip, and that the value is sent as `sent`.
template <class T, class Sent>
void travels(T const& value, Sent const& sent) {
  BOOST_TEST(dist::type_text<T>() == dist::type_text<Sent>());
  for (auto const how : codecs) {
    auto const text = written(how, value);
    T back{};
    BOOST_TEST(error_of(how, text, back) == "");
    BOOST_TEST(written(how, back) == text);
    Sent as_sent{};
    BOOST_TEST(error_of(how, text, as_sent) == "");
    BOOST_TEST((as_sent == sent));
    T from_sent{};
    BOOST_TEST(error_of(how, written(how, sent), from_sent) == "");
    BOOST_TEST(written(how, from_sent) == text);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(registered_class_is_sent_as_its_stand_in) {
  travels(bank::money(250), std::int64_t{250});
  BOOST_TEST(dist::type_text<bank::money>() == "int64");
  BOOST_TEST(written(codec::json, bank::money(250)) == "250");
  travels(std::vector<bank::money>{bank::money(1), bank::money(2)}, std::vector<std::int64_t>{1, 2});
  travels(std::optional<bank::money>(bank::money(7)), std::optional<std::int64_t>(7));
  travels(std::pair(bank::money(7), true), std::pair(std::int64_t{7}, true));
  travels(bank::matrix<double>{2, {1, 2, 3, 4}}, std::pair<std::uint64_t, std::vector<double>>(2, {1, 2, 3, 4}));
  travels(bank::matrix<bank::money>{1, {bank::money(5)}}, std::pair<std::uint64_t, std::vector<std::int64_t>>(1, {5}));
  travels(bank::rows{1, {bank::money(5)}}.cells, std::vector<std::int64_t>{5});
}

BOOST_AUTO_TEST_CASE(stand_in_works_as_member_element_and_key) {
  account value;
  value.owner = {"High Street", 7};
  value.balance = bank::money(100);
  value.history = {bank::money(1), bank::money(99)};
  value.others = {{{"Low Road", 1}, bank::money(3)}};
  value.notes = {{bank::money(4), "four"}};
  plain_account plain{"High Street 7", 100, {}, {1, 99}, {{"Low Road 1", 3}}, {{4, "four"}}};
  travels(value, plain);
  value.limit.value = bank::money(50);
  plain.limit = 50;
  travels(value, plain);
  BOOST_TEST(dist::type_text<account>() ==
             "{owner:text,balance:int64,limit:optional<int64>,history:list<int64>,others:map<text,int64>,notes:map<int64,text>}");
  BOOST_TEST(written(codec::json, value) ==
             R"({"owner":"High Street 7","balance":100,"limit":50,"history":[1,99],"others":{"Low Road 1":3},"notes":[[4,"four"]]})");
  // A member with an optional stand-in may be absent like any optional member.
  account back;
  back.limit.value = bank::money(1);
  BOOST_TEST(error_of(codec::json, R"({"owner":"A 1","balance":0,"history":[],"others":{},"notes":[]})", back) == "");
  BOOST_TEST(!back.limit.value.has_value());
}

BOOST_AUTO_TEST_CASE(exception_of_a_conversion_is_an_error_with_its_place) {
  std::vector<account> accounts(1);
  BOOST_TEST(error_of(codec::json, R"([{"owner":"A 1","balance":-1,"history":[],"others":{},"notes":[]}])", accounts) ==
             "result: element [0].balance: an amount is never negative");
  accounts[0].history = {bank::money(1), bank::money(13)};
  for (auto const how : codecs)
    BOOST_TEST(written(how, accounts) == "error: result: element [0].history[1]: an unlucky amount");
  bank::money one;
  BOOST_TEST(error_of(codec::json, "\"1\"", one) == "result: expected a number (int64), got text \"1\"");
  std::map<bank::address, int> byte;
  BOOST_TEST(error_of(codec::json, R"({"A x":1})", byte).starts_with("result: element [0]: "));
}

BOOST_AUTO_TEST_CASE(random_engine_continues_where_it_was) {
  std::mt19937_64 engine(7);
  engine.discard(1000);
  std::minstd_rand small(3);
  small.discard(5);
  BOOST_TEST(dist::type_text<std::mt19937_64>() == "text");
  for (auto const how : codecs) {
    std::mt19937_64 back;
    BOOST_TEST(error_of(how, written(how, engine), back) == "");
    BOOST_TEST((back == engine));
    BOOST_TEST(back() == std::mt19937_64(engine)());
    std::minstd_rand small_back;
    BOOST_TEST(error_of(how, written(how, small), small_back) == "");
    BOOST_TEST((small_back == small));
    BOOST_TEST(error_of(how, written(how, std::string("no state")), back) == "result: not the state of a random engine");
  }
}

BOOST_AUTO_TEST_CASE(paths_are_sent_as_text) {
  namespace fs = std::filesystem;
  travels(fs::path("/tmp/a b/\u00fc.txt"), std::string("/tmp/a b/\u00fc.txt"));
  travels(fs::path(), std::string());
  travels(std::vector<fs::path>{"a", "b/c"}, std::vector<std::string>{"a", "b/c"});
  travels(std::map<fs::path, int>{{"a", 1}}, std::map<std::string, int>{{"a", 1}});
  BOOST_TEST(written(codec::json, std::map<fs::path, int>{{"a", 1}}) == R"({"a":1})");
  BOOST_TEST(written(codec::json, fs::path("\xff")).starts_with("error: result: not UTF-8"));
}

BOOST_AUTO_TEST_CASE(time_points_are_sent_as_time_since_their_epoch) {
  using std::chrono::system_clock;
  system_clock::time_point const now(1'700'000'000'123'456'789ns);
  travels(now, system_clock::duration(1'700'000'000'123'456'789));
  travels(std::chrono::sys_days(std::chrono::days(20'000)), std::chrono::days(20'000));
  travels(std::chrono::sys_seconds(-5s), std::chrono::seconds(-5));
  travels(std::chrono::steady_clock::time_point::max(), std::chrono::nanoseconds::max());
  BOOST_TEST(dist::type_text<std::chrono::sys_seconds>() == "duration<int64,1/1>");
  BOOST_TEST(written(codec::json, std::chrono::sys_seconds(5s)) == "5");
}

BOOST_AUTO_TEST_CASE(valarrays_are_sent_as_lists) {
  std::valarray<double> const values{1.5, -0.0, 3};
  for (auto const how : codecs) {
    std::valarray<double> back(7.0, 2);
    BOOST_TEST(error_of(how, written(how, values), back) == "");
    BOOST_TEST_REQUIRE(back.size() == 3u);
    BOOST_TEST((back == values).min());
    BOOST_TEST(written(how, values) == written(how, std::vector<double>{1.5, -0.0, 3}));
    std::valarray<bool> bits;
    BOOST_TEST(error_of(how, written(how, std::valarray<bool>{true, false}), bits) == "");
    BOOST_TEST((bits.size() == 2 && bits[0] && !bits[1]));
  }
  BOOST_TEST(dist::type_text<std::valarray<std::int32_t>>() == "list<int32>");
  BOOST_TEST(dist::type_text<std::valarray<std::valarray<float>>>() == "list<list<float>>");
}

BOOST_AUTO_TEST_CASE(complex_numbers_and_json_values_round_trip) {
  travels(std::complex<float>(1, -2), std::pair<float, float>(1, -2));
  boost::json::value const any{{"a", {1, 2.5, nullptr, "text"}}};
  for (auto const how : codecs) {
    boost::json::value back;
    BOOST_TEST(error_of(how, written(how, any), back) == "");
    BOOST_TEST((back == any));
  }
  BOOST_TEST(dist::type_text<std::vector<boost::json::value>>() == "list<any>");
}

BOOST_AUTO_TEST_CASE(lists_of_enumerators_accept_lists_of_numbers) {
  enum class level : std::int32_t { low = 1, high = 300 };
  std::vector<level> back;
  BOOST_TEST(error_of(codec::cbor, written(codec::cbor, std::vector<std::int32_t>{1, 300}), back) == "");
  BOOST_TEST((back == std::vector<level>{level::low, level::high}));
  std::vector<bank::money> amounts;
  BOOST_TEST(error_of(codec::cbor, written(codec::cbor, std::vector<std::int64_t>{1, -300}), amounts) ==
             "result: element [1]: an amount is never negative");
}

BOOST_AUTO_TEST_CASE(types_without_a_usable_stand_in_are_detected) {
  static_assert(dist::value_type<bank::money>);
  static_assert(dist::value_type<std::optional<bank::money>>);
  // An optional of a type whose stand-in is itself optional.
  static_assert(!dist::value_type<std::optional<bank::maybe_money>>);
  static_assert(!dist::has_stand_in<std::string> && !dist::has_stand_in<std::vector<double>> && !dist::has_stand_in<int>);
  static_assert(!dist::has_stand_in<std::vector<std::filesystem::path>>);
}
