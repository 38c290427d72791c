#include <boost/test/unit_test.hpp>
#include <deque>
#include <dist/rpc/codec.hpp>
#include <forward_list>
#include <limits>
#include <list>
#include <map>
#include <set>
#include <unordered_map>

namespace {

enum class color { red, green, blue };
BOOST_DESCRIBE_ENUM(color, red, green, blue)
enum class plain : std::uint8_t { one = 1, last = 255 };

struct range {
  std::int64_t start = 0;
  std::int64_t end = 0;
  bool operator==(range const&) const = default;
};
BOOST_DESCRIBE_STRUCT(range, (), (start, end))

struct tree {
  std::string name;
  std::vector<tree> children;
  bool operator==(tree const&) const = default;
};
BOOST_DESCRIBE_STRUCT(tree, (), (name, children))

struct most : range {
  bool flag = false;
  std::uint8_t small = 0;
  std::uint64_t large = 0;
  float single = 0;
  double exact = 0;
  std::string text;
  color shade = color::red;
  plain bare = plain::one;
  std::optional<std::int32_t> maybe;
  std::variant<std::monostate, std::int32_t, double, std::string> either;
  std::tuple<std::int16_t, std::string, double> three;
  std::vector<double> doubles;
  std::vector<bool> bits;
  std::deque<std::int32_t> deque;
  std::list<std::string> list;
  std::forward_list<std::uint16_t> forward;
  std::array<std::int32_t, 3> fixed{};
  std::set<std::int64_t> set;
  std::multiset<std::string> multiset;
  std::map<std::string, std::int32_t> by_name;
  std::unordered_map<std::int32_t, std::string> by_number;
  std::multimap<std::string, std::int32_t> multimap;
  std::map<color, double> by_color;
  std::chrono::milliseconds pause{};
  std::vector<std::uint8_t> raw;
  std::array<std::byte, 4> four{};
  std::complex<double> complex;
  tree branch;
  bool operator==(most const&) const = default;
};
BOOST_DESCRIBE_STRUCT(most, (range),
                      (flag, small, large, single, exact, text, shade, bare, maybe, either, three, doubles, bits, deque, list, forward,
                       fixed, set, multiset, by_name, by_number, multimap, by_color, pause, raw, four, complex, branch))

}  // namespace

BOOST_AUTO_TEST_CASE(most_types_round_trip) {
  most value;
  value.start = std::numeric_limits<std::int64_t>::min();
  value.large = std::numeric_limits<std::uint64_t>::max();
  value.text = "grüß dich";
  value.either = 2.0;
  value.doubles = {1, 2.5, -0.0};
  value.bits = {true, false};
  value.by_number = {{1, "a"}, {-7, "b"}};
  value.branch = {"root", {{"leaf", {}}}};
  for (auto how : {dist::codec::cbor, dist::codec::json}) {
    for (auto names : {dist::spelling::declared, dist::spelling::go}) {
      dist::buffer bytes;
      BOOST_TEST(dist::encode_result(how, names, bytes, value) == "");
      most back;
      BOOST_TEST(dist::decode_result(how, bytes.bytes(), 64, back) == "");
      BOOST_TEST((back == value));
    }
  }
}
