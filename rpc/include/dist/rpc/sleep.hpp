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
/// The same in a job or a coroutine method, which need no clock: `co_await dist::sleep_for(1s)`. Others can run
/// meanwhile; in a simulated cluster it takes simulated time.
///
/// Errors   std::logic_error where no cluster belongs to the coroutine's executor.
/// Runs on  any executor; the caller resumes on its own.
task<void> sleep_for(duration time);

}  // namespace dist
