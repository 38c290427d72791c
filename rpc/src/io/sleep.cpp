#include <dist/rpc/sleep.hpp>

#include <dist/rpc/detail/event.hpp>

#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <dist/rpc/detail/context_seams.hpp>

#include <memory>
#include <system_error>

namespace dist {
namespace {

struct sleep_timer;

/// The half of a sleep that lives in the coroutine. Either half may end first: the clock's with the clock, this one
/// when the coroutine is cancelled or destroyed.
struct sleeper {
  explicit sleeper(clock& c) : time(c) {}
  sleeper(sleeper const&) = delete;
  sleeper& operator=(sleeper const&) = delete;
  ~sleeper();

  clock& time;
  timer_id timer = timer_id::none;
  sleep_timer* armed = nullptr;
  bool due = false;
  event woken;
};

/// The clock's half, owned by the action that it keeps.
struct sleep_timer {
  explicit sleep_timer(sleeper& s) : whom(&s) { s.armed = this; }
  sleep_timer(sleep_timer const&) = delete;
  sleep_timer& operator=(sleep_timer const&) = delete;
  ~sleep_timer() {
    if (!whom) return;
    whom->armed = nullptr;
    whom->woken.set();
  }

  sleeper* whom;
};

sleeper::~sleeper() {
  if (!armed) return;
  armed->whom = nullptr;
  time.cancel(timer);
}

}  // namespace

task<void> sleep_until(clock& clock, time_point when) {
  sleeper self(clock);
  self.timer = clock.schedule(when, [half = std::make_shared<sleep_timer>(self)] {
    if (half->whom) half->whom->due = true;
  });
  // Run or forgotten, the action ends and wakes us.
  co_await self.woken.wait();
  if (!self.due) throw std::system_error(asio::error::operation_aborted);
}

task<void> sleep_for(duration time) {
  auto const executor = co_await asio::this_coro::executor;
  auto const here = context_seams::get(executor, "dist::sleep_for");
  asio::any_io_executor const at_home = here.io->get_executor();
  auto sleeping = sleep_for(*here.time, time);
  if (executor == at_home)
    co_await std::move(sleeping);
  else
    co_await asio::co_spawn(at_home, std::move(sleeping), asio::use_awaitable);
}

task<void> sleep_for(clock& clock, duration time) { return sleep_until(clock, later(clock.now(), time)); }

}  // namespace dist
