#include "fan_outs.hpp"

dist::task<void> job(dist::cluster& cluster) {
#ifdef FIXED
  auto work = dist::map_reduce<&Shop::price>(cluster, std::vector{1}, std::int64_t{0}, std::plus<>());
#else
  auto work = dist::map_reduce<&Shop::price>(cluster, std::vector{1}, 0, std::plus<>());
#endif
  co_await std::move(work);
}
