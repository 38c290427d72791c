#include <dist/dist.hpp>

struct Palindrom {
  int check_n(int n) const { return n; }
  int checkN(int n) const { return n; }
};
#ifdef FIXED
BOOST_DESCRIBE_STRUCT(Palindrom, (), (check_n))
#else
BOOST_DESCRIBE_STRUCT(Palindrom, (), (check_n, checkN))
#endif

auto const list = dist::services<Palindrom>();
