#include <dist/dist.hpp>

struct Store {
#ifdef FIXED
  int count(dist::context const&, int from) const { return from; }
#else
  int count(int from, dist::context const&) const { return from; }
#endif
};
BOOST_DESCRIBE_STRUCT(Store, (), (count))

auto const list = dist::services<Store>();
