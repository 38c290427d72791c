#include <dist/dist.hpp>

struct Sample {
  int id = 0;
#ifdef FIXED
  std::array<int, 3> part;
#else
  int part[3];
#endif
};
BOOST_DESCRIBE_STRUCT(Sample, (), (id, part))

struct Store {
  void keep(Sample const&) const {}
};
BOOST_DESCRIBE_STRUCT(Store, (), (keep))

auto const list = dist::services<Store>();
