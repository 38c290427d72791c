#pragma once

#include <dist/rpc/service_list.hpp>
#include <dist/rpc/task.hpp>
#include <dist/runtime/cluster.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace dist {

/// Thrown by a job whose own flags are wrong: the message is printed and the exit code is 2.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A job with its type forgotten: a coroutine on the I/O thread, or a function with blocking calls on a thread of its own.
/// Either yields the exit code.
struct any_job {
  std::function<task<int>(cluster&, std::vector<std::string>)> coroutine;
  std::function<int(cluster&, std::vector<std::string>)> blocking;
};

template <class R>
task<int> exit_code_of(task<R> job) {
  if constexpr (std::is_void_v<R>) {
    co_await std::move(job);
    co_return 0;
  } else {
    co_return co_await std::move(job);
  }
}

template <class Job>
any_job make_job(Job job) {
  auto call = [job = std::move(job)](cluster& on, std::vector<std::string> arguments) -> decltype(auto) {
    if constexpr (std::is_invocable_v<Job const&, cluster&, std::vector<std::string>>) {
      return std::invoke(job, on, std::move(arguments));
    } else {
      static_assert(std::is_invocable_v<Job const&, cluster&>,
                    "dist: a job must take (dist::cluster&) or (dist::cluster&, std::vector<std::string>)");
      if (!arguments.empty()) throw usage_error("unknown argument '" + arguments.front() + "'; see --help");
      return std::invoke(job, on);
    }
  };
  using R = decltype(call(std::declval<cluster&>(), std::vector<std::string>()));
  any_job made;
  if constexpr (std::is_same_v<R, task<void>> || std::is_same_v<R, task<int>>) {
    made.coroutine = [call](cluster& on, std::vector<std::string> arguments) {
      return exit_code_of(call(on, std::move(arguments)));
    };
  } else if constexpr (std::is_same_v<R, int>) {
    made.blocking = std::move(call);
  } else {
    static_assert(std::is_void_v<R>, "dist: a job must return task<void>, task<int>, void or int (its exit code)");
    made.blocking = [call](cluster& on, std::vector<std::string> arguments) {
      call(on, std::move(arguments));
      return 0;
    };
  }
  return made;
}

int run_any(int argc, char** argv, service_list services, any_job job);

/// The whole program: reads its own flags from argv (see --help), becomes a master, a node or a job accordingly, and
/// returns the exit code: 0 done, 1 failed, 2 wrong use, 3 done with failed items, 4 no master or no nodes, 130
/// interrupted.
///
/// Shape    job: `task<void>`, `task<int>`, `void` or `int` of (dist::cluster&) or (dist::cluster&,
///          std::vector<std::string>), the latter being the arguments that run did not use. A coroutine runs on the I/O
///          thread and must not block; a plain function runs on a thread of its own and uses block_on.
/// Signals  Ctrl-C or SIGTERM: a job is cancelled, a node drains; a second one ends at once. Nothing else here touches
///          signals.
template <class Job>
int run(int argc, char** argv, service_list services, Job job) {
  return run_any(argc, argv, std::move(services), make_job(std::move(job)));
}

}  // namespace dist
