#include "go_calls.hpp"

struct Range {
  int start = 0;
  int end = 0;
};
#ifdef FIXED
BOOST_DESCRIBE_STRUCT(Range, (), (start, end))
#endif

struct Palindrom {
  Range first(int from) const { return {from, from + 1}; }
};
BOOST_DESCRIBE_STRUCT(Palindrom, (), (first))

dist::task<int> call(dist::cluster& cluster) {
  auto found = dist::go<&Palindrom::first>(cluster, 7);
  auto const range = co_await std::move(found);
  co_return range.end;
}
