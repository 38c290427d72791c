#include <dist/dist.hpp>

struct Arith {
#ifdef FIXED
  int sum(int a) const { return a; }
#else
  static int sum(int a) { return a; }
#endif
};
BOOST_DESCRIBE_STRUCT(Arith, (), (sum))

auto const list = dist::services<Arith>();
