#pragma once

#include <asio/signal_set.hpp>
#include <dist/rpc/detail/event.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/system_world.hpp>
#include <functional>

#include "process/process.hpp"

namespace dist {

/// The target of a job's calls, type-erased. It outlives the job_run.
struct job_backend {
  std::function<task<void>()> open;  ///< may be empty
  std::function<task<void>()> run;   ///< serves the calls until stop()
  std::function<void()> stop;
  std::function<cluster()> calls;  ///< once it is open
};

template <class Backend>
job_backend backend_of(Backend& of) {
  job_backend made;
  if constexpr (requires { of.open(); }) made.open = [&of] { return of.open(); };
  made.run = [&of] { return of.run(); };
  made.stop = [&of] { of.stop(); };
  made.calls = [&of] { return of.calls(); };
  return made;
}

/// Runs one job to its end on a cluster: Ctrl-C and SIGTERM cancel it, a second one ends the process at once.
class job_run {
 public:
  job_run(process const& of, system_world& world, job_backend on);

  /// Returns the exit code.
  int run();

 private:
  task<void> work();
  task<void> serve();
  task<void> run_job(cluster calls);
  task<int> block(cluster& calls);
  task<void> watch_signals();
  void say_account() const;
  void finish(int code);

  process const& process_;
  system_world& world_;
  job_backend backend_;
  asio::signal_set signals_;
  task_group tasks_;
  task_group* job_ = nullptr;
  event served_;
  int code_ = 0;
  std::string stopped_because_;  ///< the job, by a call that its cluster's end has ended
  bool backend_failed_ = false;
  bool ended_ = false;
  bool interrupted_ = false;
};

}  // namespace dist
