#include "go_calls.hpp"

dist::task<std::int64_t> call(dist::cluster& cluster) {
#ifdef FIXED
  auto sum = dist::go<&Arith::sum>(cluster, {1, 2});
#else
  auto sum = dist::go<&Arith::sum>(cluster, "12");
#endif
  co_return co_await std::move(sum);
}
