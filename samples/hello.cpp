#include <dist/dist.hpp>

#include <iostream>
#include <numeric>

struct Arith {
  std::int64_t sum(std::vector<std::int64_t> const& values) const {
    return std::accumulate(values.begin(), values.end(), std::int64_t{0});
  }
  dist::task<double> mean(dist::context ctx, std::vector<std::int64_t> values) const;  // a coroutine may call others
};
BOOST_DESCRIBE_STRUCT(Arith, (), (sum, mean))

dist::task<double> Arith::mean(dist::context ctx, std::vector<std::int64_t> values) const {
  auto sum = dist::go<&Arith::sum>(ctx, values);
  co_return static_cast<double>(co_await std::move(sum)) / static_cast<double>(values.size());
}

struct Palindrom {
  std::int64_t check_n(std::uint64_t first, std::uint64_t last) const {  // binary palindromes in [first, last)
    std::int64_t count = 0;
    for (auto n = first; n < last; ++n) {
      std::uint64_t reversed = 0;
      for (auto rest = n; rest != 0; rest >>= 1) reversed = reversed << 1 | (rest & 1);
      if (reversed == n) ++count;
    }
    return count;
  }
};
BOOST_DESCRIBE_STRUCT(Palindrom, (), (check_n))

dist::task<void> job(dist::cluster& cluster) {
  auto first = dist::go<&Arith::sum>(cluster, {2, 4, 6});  // starts now, on the least loaded node
  auto second = dist::go<&Arith::mean>(cluster, {1, 3, 5});
  auto const sum = co_await std::move(first);
  auto const mean = co_await std::move(second);
  std::cout << "sum " << sum << ", mean " << mean << '\n';

  auto const shards = dist::chunks(0, 1'000'001, 50'000);
  auto count = dist::map_reduce<&Palindrom::check_n>(cluster, shards, std::int64_t{0}, std::plus<>());
  std::cout << "binary palindromes up to a million: " << co_await std::move(count) << '\n';
}

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Arith, Palindrom>(), job); }
