#pragma once

#include <cstdint>
#include <string>

namespace dist::sim {

/// What one run of the ledger alone has come to.
struct ledger_verdict {
  std::uint64_t seed = 0;
  std::uint64_t events = 0;
  std::uint64_t calls = 0;
  std::uint64_t actions = 0;   ///< a hash of all of them, in order
  std::string problem;         ///< empty: there is none
};

/// Random events for a call_ledger in virtual time, with nodes that are tables of delays: no bytes, no coroutines. After each
/// event the failure contract must hold; `sweep` is how many events lie between two looks at everything.
ledger_verdict run_ledger(std::uint64_t seed, std::uint64_t events, std::uint64_t sweep);

/// `sim --ledger`: many runs, each with a seed of its own. A failing one says its seed and its shortest prefix.
int run_ledgers(int argc, char** argv);

}  // namespace dist::sim
