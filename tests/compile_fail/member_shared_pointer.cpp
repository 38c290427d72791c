#include <dist/dist.hpp>

struct Sample {
  int id = 0;
#ifdef FIXED
  std::optional<std::string> part;
#else
  std::shared_ptr<std::string> part;
#endif
};
BOOST_DESCRIBE_STRUCT(Sample, (), (id, part))

struct Store {
  void keep(Sample const&) const {}
};
BOOST_DESCRIBE_STRUCT(Store, (), (keep))

auto const list = dist::services<Store>();
