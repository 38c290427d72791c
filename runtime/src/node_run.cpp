#include "node_run.hpp"

#include <signal.h>
#include <unistd.h>

#include <asio/signal_set.hpp>
#include <cstdlib>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/node.hpp>
#include <dist/runtime/system_world.hpp>

#include "build_id.hpp"
#include "host_name.hpp"
#include "leave_at_once.hpp"

namespace dist {
namespace {

class node_run {
 public:
  node_run(process const& of, system_world& world)
      : process_(of), signals_(world.io(), SIGINT, SIGTERM), tasks_(world.io().get_executor()),
        node_(world, options(of), of.services) {}

  int run(system_world& world) {
    tasks_.spawn(watch_signals());
    tasks_.spawn(serve());
    world.io().run();
    // A method that ignores that nobody wants it must not outlast the drain limit: nothing would end this process.
    if (world.is_computing()) leave_at_once(code_);
    world.join_compute();
    return code_;
  }

 private:
  static node_options options(process const& of) {
    node_options made;
    made.master = *of.config.at;
    made.name = of.config.name_is_default ? host_name() : of.config.name;
    made.name_is_default = of.config.name_is_default;
    made.labels = of.config.labels;
    made.secret = of.secret;
    made.insecure = of.config.insecure;
    made.register_path = of.config.register_path;
    made.build = build_id();
    made.drain_limit = of.config.drain_limit;
    return made;
  }

  task<void> serve() {
    try {
      co_await node_.run();
    } catch (std::exception const& e) {
      code_ = process_.say(exit_code::failed, e.what());
    }
    signals_.cancel();
  }

  task<void> watch_signals() {
    for (bool draining = false;; draining = true) {
      co_await signals_.async_wait(asio::use_awaitable);
      if (draining) ::_exit(exit_code::interrupted);
      node_.drain();
    }
  }

  process const& process_;
  asio::signal_set signals_;
  task_group tasks_;
  node node_;
  int code_ = 0;
};

}  // namespace

int run_node(process const& of) {
  // One method a slot: a library that starts its own threads would take the processors from the other slots.
  for (auto const* variable : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}) ::setenv(variable, "1", 0);
  system_world world(of.slots(), log(of.config.log_level));
  if (of.tls) world.use_tls(*of.tls);
  return node_run(of, world).run(world);
}

}  // namespace dist
