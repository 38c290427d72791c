#include "go_calls.hpp"

dist::task<int> call(dist::cluster& cluster) {
#ifdef FIXED
  Order const order{"ab", 2};
  co_return co_await dist::call<&Arith::order>(cluster, order, dist::call_options().once());
#else
  co_return co_await dist::call<&Arith::order>(cluster, {"ab", 2}, dist::call_options().once());
#endif
}
