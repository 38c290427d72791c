#include <bitset>
#include <dist/dist.hpp>

struct Sample {
  int id = 0;
#ifdef FIXED
  std::vector<bool> part;
#else
  std::bitset<9> part;
#endif
};
BOOST_DESCRIBE_STRUCT(Sample, (), (id, part))

struct Store {
  void keep(Sample const&) const {}
};
BOOST_DESCRIBE_STRUCT(Store, (), (keep))

auto const list = dist::services<Store>();
