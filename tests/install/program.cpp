// A user's program that uses most of the installed library's interface. OWN_NEW gives it its own allocator,
// WITH_BOOST_ASIO uses the other Asio, included first, SHARED_OBJECT makes it the content of a library that others
// load.
#include <dist/dist.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <new>
#include <numeric>
#include <stdexcept>

#ifdef OWN_NEW
// A counting allocator, as in many numerical programs; it recognizes its own blocks.
namespace {
constexpr std::size_t head_words = 2;
constexpr std::size_t own_mark = 0xfeedfacecafe;
std::atomic<long> live_bytes = 0;
}  // namespace

void* operator new(std::size_t bytes) {
  auto* const head = static_cast<std::size_t*>(std::malloc(bytes + head_words * sizeof(std::size_t)));
  if (!head) throw std::bad_alloc();
  head[0] = bytes;
  head[1] = own_mark;
  live_bytes += static_cast<long>(bytes);
  return head + head_words;
}
void operator delete(void* memory) noexcept {
  if (!memory) return;
  auto* const head = static_cast<std::size_t*>(memory) - head_words;
  if (head[1] != own_mark) {
    std::fputs("operator delete of memory that operator new did not give\n", stderr);
    std::abort();
  }
  head[1] = 0;
  live_bytes -= static_cast<long>(head[0]);
  std::free(head);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
#endif

struct block {
  std::string name;
  std::vector<double> values;
};
BOOST_DESCRIBE_STRUCT(block, (), (name, values))

struct Arith {
  std::int64_t sum(std::vector<std::int64_t> const& values) const {
    return std::accumulate(values.begin(), values.end(), std::int64_t{0});
  }
  block scaled(block const& of, double by) const {
    auto made = of;
    for (auto& value : made.values) value *= by;
    return made;
  }
  dist::task<std::int64_t> sum_elsewhere(dist::context const& ctx, std::vector<std::int64_t> values) const;
  int refuse() const { throw std::runtime_error("not today"); }
};
BOOST_DESCRIBE_STRUCT(Arith, (), (sum, scaled, sum_elsewhere, refuse))

dist::task<std::int64_t> Arith::sum_elsewhere(dist::context const& ctx, std::vector<std::int64_t> values) const {
  auto call = dist::go<&Arith::sum>(ctx, values);
  co_return co_await std::move(call);
}

namespace {

void expect(bool holds, char const* what) {
  if (!holds) throw std::runtime_error(what);
}

dist::task<void> job(dist::cluster& cluster) {
  std::vector<std::int64_t> const three{2, 4, 6};
  expect(co_await dist::call<&Arith::sum>(cluster, three) == 12, "a call");
  expect(co_await dist::call<&Arith::sum_elsewhere>(cluster, three) == 12, "a nested call of a coroutine");

  block const large{"large", std::vector<double>(100'000, 1.5)};
  auto const twice = co_await dist::call<&Arith::scaled>(cluster, large, 2.0);
  expect(twice.name == "large" && twice.values == std::vector<double>(100'000, 3.0), "a large value");

  std::vector<std::vector<std::int64_t>> const many(1000, three);
  auto const sums = co_await dist::map<&Arith::sum>(cluster, many);
  expect(std::accumulate(sums.begin(), sums.end(), std::int64_t{0}) == 12'000, "a map");

  auto const refused = co_await dist::try_call<&Arith::refuse>(cluster);
  expect(refused.has_error() && refused.error().message.find("not today") != std::string::npos, "an exception");

#ifdef WITH_BOOST_ASIO
  boost::asio::io_context other;
  bool rang = false;
  boost::asio::steady_timer timer(other, std::chrono::milliseconds(1));
  timer.async_wait([&](auto const&) { rang = true; });
  other.run();
  expect(rang, "Boost.Asio");
#endif
  std::cout << "all is well\n";
}

}  // namespace

#ifdef SHARED_OBJECT
extern "C" int run_program(int argc, char** argv) { return dist::run(argc, argv, dist::services<Arith>(), job); }
#else
int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Arith>(), job); }
#endif
