#include "go_calls.hpp"

dist::task<int> call(dist::cluster& cluster) {
#ifdef FIXED
  Order order{"ab", 2};
  co_return co_await dist::call<&Arith::order>(cluster, order);
#else
  co_return co_await dist::call<&Arith::order>(cluster, Order{"ab", 2});
#endif
}
