#include "go_calls.hpp"

dist::task<std::int64_t> call(dist::cluster& cluster) {
#ifdef FIXED
  co_return co_await dist::call<&Arith::add>(cluster, 1, 2U);
#else
  co_return co_await dist::call<&Arith::add>(cluster, 1, 2.5);
#endif
}
