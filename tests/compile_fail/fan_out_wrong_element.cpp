#include "fan_outs.hpp"

dist::task<void> job(dist::cluster& cluster) {
#ifdef FIXED
  auto work = dist::map<&Shop::total>(cluster, std::vector<std::pair<int, int>>());
#else
  auto work = dist::map<&Shop::total>(cluster, std::vector<std::pair<int, char const*>>());
#endif
  co_await std::move(work);
}
