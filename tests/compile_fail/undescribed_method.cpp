#include <dist/dist.hpp>

struct Arith {
  int sum(int a) const { return a; }
  int more(int a) const { return a; }
};
#ifdef FIXED
BOOST_DESCRIBE_STRUCT(Arith, (), (sum, more))
#else
BOOST_DESCRIBE_STRUCT(Arith, (), (more))
#endif

static_assert(dist::method_traits<&Arith::sum>::is_const);
