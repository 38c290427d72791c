#include "go_calls.hpp"

dist::task<std::int64_t> call(dist::cluster& cluster) {
#ifdef FIXED
  co_return co_await dist::call<&Arith::add>(cluster, 1, 2, dist::call_options().once());
#else
  co_return co_await dist::call<&Arith::add>(cluster, 1, dist::call_options().once());
#endif
}
