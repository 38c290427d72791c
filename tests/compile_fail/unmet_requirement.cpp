#include <dist/dist.hpp>

struct Store {
  int count() const { return 1; }
};
BOOST_DESCRIBE_STRUCT(Store, (), (count))

auto const list = dist::services<Store>();
