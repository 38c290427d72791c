#include "go_calls.hpp"

dist::task<int> call(dist::cluster& cluster) {
#ifdef FIXED
  Order order{"ab", 2};
  auto count = dist::go<&Arith::order>(cluster, order);
#else
  auto count = dist::go<&Arith::hidden>(cluster, 2);
#endif
  co_return co_await std::move(count);
}
