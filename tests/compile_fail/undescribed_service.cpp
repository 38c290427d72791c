#include <dist/dist.hpp>

struct Arith {
  int sum(int a) const { return a; }
};
#ifdef FIXED
BOOST_DESCRIBE_STRUCT(Arith, (), (sum))
#endif

auto const list = dist::services<Arith>();
