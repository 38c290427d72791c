#include "fan_outs.hpp"

dist::task<void> job(dist::cluster& cluster) {
#ifdef FIXED
  auto work = dist::all(dist::go<&Shop::price>(cluster, 1), dist::go<&Shop::price>(cluster, 2));
#else
  auto work = dist::all(dist::go<&Shop::price>(cluster, 1), dist::go<&Shop::close>(cluster, 1));
#endif
  co_await std::move(work);
}
