#include <dist/dist.hpp>

struct Arith {
#ifdef FIXED
  int sum(int a) const { return a; }
#else
  int sum(int a) const& { return a; }
#endif
};
BOOST_DESCRIBE_STRUCT(Arith, (), (sum))

dist::method_traits<&Arith::sum> const traits;
