// A fan-out over many lazily generated inputs, and the memory that its master used.
#include <cstdlib>
#include <dist/dist.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <ranges>
#include <thread>

#include "fault_words.hpp"

namespace {

struct Numbers {
  /// Returns the number; the first call waits for the file named by FIRST_WAITS_FOR, if set.
  std::int64_t same(std::int64_t number) const {
    if (number == 0)
      if (auto const* const file = std::getenv("FIRST_WAITS_FOR"))
        while (!std::filesystem::exists(file)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return number;
  }
};
BOOST_DESCRIBE_STRUCT(Numbers, (), (same))

/// A number of /proc/self/status, in kB.
std::int64_t memory_kb(std::string const& field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == field + ":") {
      std::int64_t kb = 0;
      status >> kb;
      return kb;
    }
  return 0;
}

/// Prints `SUM BEFORE_KB MOST_KB SECONDS` of the numbers below `count`.
dist::task<void> job(dist::cluster& on, std::vector<std::string> arguments) {
  given_words const words(arguments);
  auto const count = words.number("count", 1000);
  co_await on.wait_for_nodes(static_cast<std::size_t>(words.number("nodes", 1)));
  auto const before = memory_kb("VmHWM");
  auto const begun = std::chrono::steady_clock::now();
  auto const inputs = std::views::iota(std::int64_t{0}, count);
  dist::fan_out how;
  if (auto const bytes = words.number("reorder", 0)) how.reorder(static_cast<std::size_t>(bytes));
  auto work = dist::map_reduce<&Numbers::same>(on, inputs, std::int64_t{0}, std::plus<>(), how);
  auto const sum = co_await std::move(work);
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - begun;
  std::cout << sum << ' ' << before << ' ' << memory_kb("VmHWM") << ' ' << took.count() << '\n';
}

}  // namespace

int main(int argc, char** argv) { return dist::run(argc, argv, dist::services<Numbers>(), job); }
