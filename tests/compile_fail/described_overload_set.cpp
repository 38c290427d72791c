#include <dist/dist.hpp>

struct Store {
  int count(int from) const { return from; }
#ifndef FIXED
  double count(double from) const { return from; }
#endif
};
BOOST_DESCRIBE_STRUCT(Store, (), (count))

auto const list = dist::services<Store>();
