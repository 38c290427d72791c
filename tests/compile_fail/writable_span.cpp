#include <dist/dist.hpp>

#include <span>

struct Names {
#ifdef FIXED
  void sort(std::span<double const>) const {}
#else
  void sort(std::span<double>) const {}
#endif
};
BOOST_DESCRIBE_STRUCT(Names, (), (sort))

auto const list = dist::services<Names>();
