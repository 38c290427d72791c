#include <dist/dist.hpp>

struct Arith {
  int sum(int a) const { return a; }
#ifndef FIXED
  double sum(double a) const { return a; }
#endif
};
#ifdef FIXED
BOOST_DESCRIBE_STRUCT(Arith, (), (sum))
#else
BOOST_DESCRIBE_STRUCT(Arith, (), ((int (int) const) sum, (double (double) const) sum))
#endif

auto const list = dist::services<Arith>();
