#include <dist/dist.hpp>

struct Store {
  explicit Store(int v) : value(v) {}
  int get() const { return value; }
  int value;
};
BOOST_DESCRIBE_STRUCT(Store, (), (get))

#ifdef FIXED
auto const list = dist::services(Store(1));
#else
auto const list = dist::services<Store>();
#endif
