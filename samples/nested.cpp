// Methods that call other nodes, and how they are stopped. A number is perfect when it is the sum of its divisors.
#include <dist/dist.hpp>

#include <iostream>

using std::chrono_literals::operator""ms;

struct Perfect {
  // A plain method checks now and then whether its answer is still needed.
  std::vector<std::int64_t> find_in(dist::context ctx, std::int64_t first, std::int64_t last) const {
    std::vector<std::int64_t> found;
    for (auto n = first; n < last; ++n) {
      ctx.throw_if_cancelled();
      if (is_perfect(n)) found.push_back(n);
    }
    return found;
  }
  dist::task<std::vector<std::int64_t>> find_below(dist::context ctx, std::int64_t limit) const;
  dist::task<std::int64_t> find_odd(dist::context ctx) const;

 private:
  static bool is_perfect(std::int64_t n) {
    std::int64_t sum = n > 1 ? 1 : 0;
    for (std::int64_t d = 2; d * d <= n; ++d)
      if (n % d == 0) sum += d + (d * d == n ? 0 : n / d);
    return n > 1 && sum == n;
  }
};
BOOST_DESCRIBE_STRUCT(Perfect, (), (find_in, find_below, find_odd))

// A coroutine spreads its work with its context, like a job with its cluster. While it waits, its slot is free.
dist::task<std::vector<std::int64_t>> Perfect::find_below(dist::context ctx, std::int64_t limit) const {
  auto blocks = dist::map<&Perfect::find_in>(ctx, dist::chunks(1, limit, 1'000));
  auto const results = co_await std::move(blocks);
  std::vector<std::int64_t> found;
  for (auto const& block : results) found.insert(found.end(), block.begin(), block.end());
  co_return found;
}

// It is unknown whether there is one. When the caller's deadline has passed, the inner call ends, and with it the loop.
dist::task<std::int64_t> Perfect::find_odd(dist::context ctx) const {
  for (std::int64_t first = 1;; first += 1'000) {
    auto block = dist::go<&Perfect::find_in>(ctx, first, first + 1'000);
    auto const found = co_await std::move(block);
    for (auto n : found)
      if (n % 2 == 1) co_return n;
  }
}

dist::task<void> job(dist::cluster& cluster) {
  auto below = dist::go<&Perfect::find_below>(cluster, 10'000);
  auto const found = co_await std::move(below);
  std::cout << "perfect numbers below 10000:";
  for (auto n : found) std::cout << ' ' << n;
  std::cout << '\n';

  auto search = dist::try_call<&Perfect::find_odd>(cluster, dist::call_options().within(200ms));
  auto const odd = co_await std::move(search);
  if (odd)
    std::cout << "an odd one: " << *odd << '\n';
  else
    std::cout << "no odd one: " << dist::to_text(odd.error().code) << '\n';
}

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Perfect>(), job); }
