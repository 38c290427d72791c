#include "go_calls.hpp"

struct Range {
  int start = 0;
  int end = 0;
};
#ifdef FIXED
BOOST_DESCRIBE_STRUCT(Range, (), (start, end))
#endif

struct Palindrom {
  int check_n(Range range) const { return range.end - range.start; }
};
BOOST_DESCRIBE_STRUCT(Palindrom, (), (check_n))

dist::task<int> call(dist::cluster& cluster) {
  auto count = dist::go<&Palindrom::check_n>(cluster, {1, 20});
  co_return co_await std::move(count);
}
