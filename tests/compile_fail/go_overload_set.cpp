#include "go_calls.hpp"

dist::task<std::int64_t> call(dist::cluster& cluster) {
#ifdef FIXED
  auto value = dist::go<&Arith::add>(cluster, 1, 2);
#else
  auto value = dist::go<&Arith::many>(cluster, 1);
#endif
  co_return co_await std::move(value);
}
