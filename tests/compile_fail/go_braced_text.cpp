#include "go_calls.hpp"

dist::task<std::string> call(dist::cluster& cluster) {
#ifdef FIXED
  auto text = dist::go<&Arith::text>(cluster, "abcd");
#else
  auto text = dist::go<&Arith::text>(cluster, {"ab", "cd"});
#endif
  co_return co_await std::move(text);
}
