// The simulator's program: runs many seeds, or one with its trace.
#include <charconv>
#include <chrono>
#include <cstring>
#include <iostream>
#include <optional>
#include <random>

#include "ledger_run.hpp"
#include "scenario.hpp"

namespace {

using dist::sim::scenario;
using dist::sim::verdict_of_seed;

struct totals {
  std::uint64_t seeds = 0;
  std::uint64_t faults = 0;
  std::uint64_t checks = 0;
  std::uint64_t failures = 0;
  std::uint64_t calls = 0;
  std::uint64_t answers = 0;
  std::uint64_t handlers = 0;

  void add(verdict_of_seed const& one) {
    ++seeds;
    faults += one.faults;
    checks += one.checks;
    calls += one.calls;
    answers += one.answers;
    handlers += one.handlers;
    if (one.problems.empty()) return;
    ++failures;
    std::cout << "seed " << one.seed << " fails; ./tests/run sim --seed " << one.seed << " shows how" << std::endl;
    std::size_t shown = 0;
    for (auto const& problem : one.problems) {
      if (++shown > 5) break;
      std::cout << "  " << problem << '\n';
    }
  }
  void say() const {
    std::cout << "calls " << calls << ", of these answered " << answers << ", steps " << handlers << '\n'
              << "seeds " << seeds << ", faults " << faults << ", checks " << checks << ", failures " << failures
              << std::endl;
  }
};

verdict_of_seed run_one(std::uint64_t seed, std::ostream* trace) {
  scenario one(seed, trace);
  return one.run();
}

constexpr char const* usage =
    "usage: sim [--seeds N] [--from N] [--minutes N] [--seed N]\n"
    "  --seeds N    run N seeds (2000)\n"
    "  --from N     begin with this seed (default: a new one each time)\n"
    "  --minutes N  run as many as this time allows\n"
    "  --seed N     run this one alone and show everything that happens in it\n"
    "  --until-failure N  run N seeds, or until one fails\n"
    "  --twice N    run the first N seeds twice each: both times the same must happen\n"
    "  --ledger     the master's decisions alone, at a million events a second: [--events N] [--from N] [--seed N]\n";

/// A new starting point, most likely: far from the seeds that the tests run each time.
std::uint64_t fresh_seed() {
  std::random_device chance;
  return 1'000'000 + chance();
}

struct sim_options {
  std::uint64_t seeds = 2000;
  std::uint64_t from = fresh_seed();
  std::uint64_t minutes = 0;
  std::optional<std::uint64_t> one;
  std::uint64_t twice = 0;
  bool stops_at_failure = false;
};

std::optional<sim_options> read(int argc, char** argv) {
  sim_options read;
  for (int i = 1; i < argc; i += 2) {
    std::uint64_t value = 0;
    if (i + 1 >= argc) return std::nullopt;
    std::string_view const given = argv[i + 1];
    auto const [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    if (error != std::errc() || end != given.data() + given.size()) return std::nullopt;
    std::string_view const flag = argv[i];
    if (flag == "--seeds") read.seeds = value;
    else if (flag == "--from") read.from = value;
    else if (flag == "--minutes") read.minutes = value;
    else if (flag == "--seed") read.one = value;
    else if (flag == "--until-failure") read.seeds = value, read.stops_at_failure = true;
    else if (flag == "--twice") read.twice = value;
    else return std::nullopt;
  }
  return read;
}

int run_twice(std::uint64_t count) {
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    auto const once = run_one(seed, nullptr);
    auto const again = run_one(seed, nullptr);
    if (once.trace == again.trace && once.handlers == again.handlers) continue;
    std::cout << "seed " << seed << " does not repeat itself\n";
    return 1;
  }
  std::cout << count << " seeds repeat themselves\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--ledger") == 0) return dist::sim::run_ledgers(argc - 2, argv + 2);
  auto const wanted = read(argc, argv);
  if (!wanted) {
    std::cerr << usage;
    return 2;
  }
  if (wanted->twice > 0) return run_twice(wanted->twice);
  totals all;
  if (wanted->one) {
    all.add(run_one(*wanted->one, &std::cout));
    all.say();
    return all.failures == 0 ? 0 : 1;
  }
  std::cout << "seeds from " << wanted->from << "; --from " << wanted->from << " repeats them" << std::endl;
  auto const until = std::chrono::steady_clock::now() + std::chrono::minutes(wanted->minutes);
  for (auto seed = wanted->from;; ++seed) {
    if (wanted->minutes > 0 ? std::chrono::steady_clock::now() >= until : seed >= wanted->from + wanted->seeds) break;
    all.add(run_one(seed, nullptr));
    if (wanted->stops_at_failure && all.failures > 0) break;
  }
  all.say();
  return all.failures == 0 ? 0 : 1;
}
