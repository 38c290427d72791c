#include "fan_outs.hpp"

dist::task<void> job(dist::cluster& cluster) {
#ifdef FIXED
  auto work = dist::map<&Shop::price>(cluster, std::vector{7});
#else
  auto work = dist::map<&Shop::price>(cluster, 7);
#endif
  co_await std::move(work);
}
