#include <dist/dist.hpp>

struct Range {
  int start = 0;
  int end = 0;
};
#ifdef FIXED
BOOST_DESCRIBE_STRUCT(Range, (), (start, end))
#endif

struct Palindrom {
  Range widest() const { return {}; }
};
BOOST_DESCRIBE_STRUCT(Palindrom, (), (widest))

auto const list = dist::services<Palindrom>();
