#include <dist/dist.hpp>

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

auto const list = dist::services<Palindrom>();
