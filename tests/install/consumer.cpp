// A user's program: one call through a whole cluster.
#include <dist/dist.hpp>

#include <iostream>
#include <numeric>

struct Arith {
  std::int64_t sum(std::vector<std::int64_t> const& values) const {
    return std::accumulate(values.begin(), values.end(), std::int64_t{0});
  }
};
BOOST_DESCRIBE_STRUCT(Arith, (), (sum))

dist::task<int> job(dist::cluster& cluster) {
  auto call = dist::go<&Arith::sum>(cluster, {2, 4, 6});
  auto const sum = co_await std::move(call);
  std::cout << sum << '\n';
  co_return sum == 12 ? 0 : 1;
}

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Arith>(), job); }
