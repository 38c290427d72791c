#include "fan_outs.hpp"

dist::task<void> job(dist::cluster& cluster) {
#ifdef FIXED
  auto work = dist::map<&Shop::price>(cluster, std::vector{1});
#else
  auto work = dist::map<&Shop::price>(cluster, std::vector{1.5});
#endif
  co_await std::move(work);
}
