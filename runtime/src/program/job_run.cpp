#include "program/job_run.hpp"

#include <signal.h>
#include <unistd.h>

#include <asio/cancellation_state.hpp>
#include <asio/error.hpp>
#include <asio/this_coro.hpp>
#include <dist/rpc/detail/compute_pool.hpp>
#include <dist/rpc/detail/text.hpp>
#include <dist/rpc/detail/thrown.hpp>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

#include "base/terminal.hpp"
#include "journal/run_journal.hpp"
#include "process/io_watchdog.hpp"

namespace dist {
namespace {

/// Advice if no connection could be made.
std::string advice_on(std::error_code const& error) {
  if (error == asio::error::connection_refused) return "; start the master there, or correct --connect ADDR";
  auto const& kind = error.category();
  if (kind == asio::error::get_netdb_category() || kind == asio::error::get_addrinfo_category())
    return "; correct the name, or use an IP address";
  return "";
}

}  // namespace

job_run::job_run(process const& of, system_world& world, job_backend on)
    : process_(of),
      world_(world),
      backend_(std::move(on)),
      signals_(world.io(), SIGINT, SIGTERM),
      tasks_(world.io().get_executor()) {}

int job_run::run() {
  tasks_.spawn(watch_signals());
  tasks_.spawn(work());
  // Where the nodes are in this process, their methods are meant to run on this thread.
  std::optional<io_watchdog> watch;
  if (process_.config.role != run_role::in_process) watch.emplace(world_.get());
  world_.run(process_.config.spin);
  return code_;
}

task<void> job_run::serve() {
  try {
    co_await backend_.run();
  } catch (call_error const& e) {
    backend_failed_ = true;
    finish(process_.say(e.code() == errc::no_node ? exit_code::nobody_there : exit_code::failed, e.what()));
  } catch (std::exception const& e) {
    backend_failed_ = true;
    finish(process_.say(exit_code::failed, e.what()));
  }
  served_.set();
}

task<void> job_run::work() {
  try {
    if (backend_.open) co_await backend_.open();
  } catch (std::system_error const& e) {
    finish(process_.say(exit_code::nobody_there, e.what() + advice_on(e.code())));
  } catch (std::exception const& e) {
    finish(process_.say(exit_code::nobody_there, e.what()));
  }
  tasks_.spawn(serve());
  task_group job(world_.io().get_executor());
  job_ = &job;
  auto const runs = !ended_;
  if (runs) job.spawn(run_job(backend_.calls()));
  co_await job.join();
  job_ = nullptr;
  if (runs) say_account();
  auto* const journal = runs ? backend_.calls().core()->journal() : nullptr;
  if (journal && code_ == 0) journal->say_gone();
  backend_.stop();
  co_await served_.wait();
  if (!stopped_because_.empty() && !backend_failed_) finish(process_.say(exit_code::failed, stopped_because_));
  signals_.cancel();
}

task<void> job_run::run_job(cluster calls) {
  try {
    if (process_.config.min_nodes > 0) co_await calls.wait_for_nodes(process_.config.min_nodes);
    if (process_.job.coroutine) {
      auto job = process_.job.coroutine(calls, process_.config.rest);
      finish(co_await std::move(job));
    } else {
      finish(co_await block(calls));
    }
  } catch (usage_error const& e) {
    finish(process_.say(exit_code::wrong_use, e.what()));
  } catch (call_error const& e) {
    auto const code = e.code() == errc::no_node ? exit_code::nobody_there : exit_code::failed;
    if (interrupted_) co_return;
    // Its cluster ended before the job: why that did is the reason, and is known in a moment.
    if (e.code() == errc::stopped)
      stopped_because_ = e.what();
    else
      finish(process_.say(code, e.what()));
  } catch (...) {
    if (!interrupted_) finish(process_.say(exit_code::failed, text_of_exception(std::current_exception())));
  }
}

/// A job that blocks has a thread of its own.
task<int> job_run::block(cluster& calls) {
  event done;
  std::exception_ptr error;
  int code = 0;
  side_thread const thread(
      world_.io().get_executor(), [&] { code = process_.job.blocking(calls, process_.config.rest); },
      [&](std::exception_ptr what) {
        error = what;
        done.set();
      });
  // Its calls fail when the cluster stops, which is how it is interrupted; it must not be left behind.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  co_await done.wait();
  if (error) std::rethrow_exception(error);
  co_return code;
}

/// The account of its calls: shown after long or interrupted jobs, otherwise only logged at level info.
void job_run::say_account() const {
  auto const on = backend_.calls();
  auto const& calls = on.caller();
  constexpr std::chrono::seconds long_job{10};
  auto const world = world_.get();
  auto const& log = world.log;
  auto const text = calls.account_text();
  if (calls.age() < long_job && !interrupted_)
    log.info(text);
  else if (log.wants(log_level::warn))
    terminal::standard_error().write_log(log_level::info, printable(text, log::line_bytes));
}

task<void> job_run::watch_signals() {
  for (;;) {
    auto const number = co_await signals_.async_wait(asio::use_awaitable);
    if (std::exchange(interrupted_, true)) ::_exit(exit_code::interrupted);
    std::string const again = number == SIGINT ? "Ctrl-C again" : "another SIGTERM";
    terminal::standard_error().write_lines(process_.program + ": stopping; " + again + " stops it immediately\n");
    code_ = exit_code::interrupted;
    ended_ = true;
    if (job_) job_->stop();
    if (!process_.job.coroutine) backend_.stop();
  }
}

void job_run::finish(int code) {
  if (std::exchange(ended_, true)) return;
  code_ = code;
  if (job_) job_->stop();
}

}  // namespace dist
