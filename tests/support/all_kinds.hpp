#pragma once

#include <array>
#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <chrono>
#include <complex>
#include <cstdint>
#include <deque>
#include <dist/rpc/detail/codec.hpp>
#include <forward_list>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

namespace dist::test {

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

/// Contains a value of every supported kind.
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
                      (flag, small, large, single, exact, text, shade, bare, maybe, either, three, doubles, bits, deque,
                       list, forward, fixed, set, multiset, by_name, by_number, multimap, by_color, pause, raw, four,
                       complex, branch))

}  // namespace dist::test
