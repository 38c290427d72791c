#include <unistd.h>

#include <asio/signal_set.hpp>
#include <csignal>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/system_world.hpp>

#include "process/host_name.hpp"
#include "process/node_processes.hpp"
#include "program/node_run.hpp"

namespace dist {
namespace {

/// How long node processes may take to end after their drain limit has passed.
constexpr auto patience = std::chrono::seconds(2);

class supervisor {
 public:
  supervisor(process const& of, system_world& world)
      : process_(of),
        signals_(world.io(), SIGINT, SIGTERM),
        tasks_(world.io().get_executor()),
        nodes_(world, of.config.procs, common_config(of.config)) {}

  int run(system_world& world) {
    tasks_.spawn(watch_signals());
    tasks_.spawn(serve());
    world.io().run();
    return code_;
  }

 private:
  static child_config common_config(run_config const& config) {
    child_config made;
    made.name = (config.name_is_default ? host_name() : config.name) + '-';
    return made;
  }

  task<void> serve() {
    try {
      co_await nodes_.run();
    } catch (...) {
      code_ = process_.say_thrown();
    }
    signals_.cancel();
  }

  task<void> watch_signals() {
    for (bool draining = false;; draining = true) {
      co_await signals_.async_wait(asio::use_awaitable);
      // Its nodes go with this process.
      if (draining) ::_exit(exit_code::interrupted);
      nodes_.stop(SIGTERM, longer(process_.config.drain_limit, patience));
    }
  }

  process const& process_;
  asio::signal_set signals_;
  task_group tasks_;
  node_processes nodes_;
  int code_ = 0;
};

}  // namespace

int run_supervisor(process const& of) {
  system_world world(0, log(of.config.log_level));
  return supervisor(of, world).run(world);
}

}  // namespace dist
