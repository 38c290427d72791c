#pragma once

#include <algorithm>
#include <chrono>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/entropy.hpp>

namespace dist {

/// How long to wait before looking for a peer again, after `failures` attempts: evenly between nothing and a bound that
/// doubles from 100 ms to 5 s, so that a thousand peers do not reconnect in the same instant.
inline duration pause_before_retry(unsigned failures, entropy& chance) {
  constexpr std::chrono::nanoseconds first = std::chrono::milliseconds(100);
  constexpr std::chrono::nanoseconds longest = std::chrono::seconds(5);
  auto const bound = std::min(longest, first * (1U << std::min(failures, 10U)));
  return std::chrono::nanoseconds(static_cast<std::int64_t>(chance.below(static_cast<std::uint64_t>(bound.count()))));
}

}  // namespace dist
