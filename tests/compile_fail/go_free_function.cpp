#include "go_calls.hpp"

std::int64_t add(std::int64_t a, std::int64_t b) { return a + b; }

dist::task<std::int64_t> call(dist::cluster& cluster) {
#ifdef FIXED
  auto value = dist::go<&Arith::add>(cluster, 1, 2);
#else
  auto value = dist::go<&add>(cluster, 1, 2);
#endif
  co_return co_await std::move(value);
}
