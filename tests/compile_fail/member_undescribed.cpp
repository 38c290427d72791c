#include <dist/dist.hpp>

struct Inner {
  int value = 0;
};

struct Sample {
  int id = 0;
#ifdef FIXED
  std::vector<int> part;
#else
  std::vector<Inner> part;
#endif
};
BOOST_DESCRIBE_STRUCT(Sample, (), (id, part))

struct Store {
  void keep(Sample const&) const {}
};
BOOST_DESCRIBE_STRUCT(Store, (), (keep))

auto const list = dist::services<Store>();
