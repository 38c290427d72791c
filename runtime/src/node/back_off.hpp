#pragma once

#include <chrono>
#include <dist/rpc/entropy.hpp>

#include "ledger/retry.hpp"

namespace dist {

/// How long to wait before looking for a peer again, after `failures` attempts: evenly between nothing and a bound that
/// doubles from 100 ms to 5 s, so that a thousand peers do not reconnect in the same instant.
inline duration pause_before_retry(unsigned failures, entropy& chance) {
  retry_settings settings;
  settings.first_delay = std::chrono::milliseconds(100);
  return retry_delay(settings, failures + 1, chance.next());
}

}  // namespace dist
