#pragma once

#include <dist/rpc/clock.hpp>
#include <dist/rpc/task.hpp>

namespace dist {

/// Completes once `when` has come, at the earliest after one turn of the loop.
///
/// Cancel   terminal, throws operation_aborted; the timer is gone by then.
/// Runs on  the clock's I/O thread.
/// Lives    when the clock goes first, the sleep ends with operation_aborted.
task<void> sleep_until(clock& clock, time_point when);
task<void> sleep_for(clock& clock, duration time);

}  // namespace dist
