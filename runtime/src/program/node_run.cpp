#include "program/node_run.hpp"

#include <unistd.h>

#include <asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <dist/rpc/sleep.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/local_cluster.hpp>
#include <dist/runtime/node.hpp>
#include <dist/runtime/system_world.hpp>
#include <memory>

#include "process/build_id.hpp"
#include "process/crash_record.hpp"
#include "process/host_name.hpp"
#include "process/leave_at_once.hpp"

namespace dist {
namespace {

class node_run {
 public:
  node_run(process const& of, system_world& world, node_options options)
      : process_(of),
        signals_(world.io(), SIGTERM),
        tasks_(world.io().get_executor()),
        clock_(world.get().clock),
        record_(options.record),
        node_(world, std::move(options), of.services) {
    // Under a parent that is ignored; see obey().
    if (!of.under) signals_.add(SIGINT);
  }

  int run(system_world& world, duration spin) {
    tasks_.spawn(watch_signals());
    tasks_.spawn(serve());
    if (record_) tasks_.spawn(show_life());
    world.run(spin);
    // A method that ignores its cancellation must not outlast the drain limit: nothing would end this process.
    if (world.is_computing()) leave_at_once(code_);
    world.join_compute();
    return code_;
  }

 private:
  task<void> serve() {
    try {
      co_await node_.run();
      if (node_.kills()) code_ = exit_code::kill_after;
    } catch (...) {
      code_ = process_.say_thrown();
    }
    if (record_) record_->leaves(node_.was_drained() ? crash_record::farewell::drained : crash_record::farewell::ended);
    tasks_.stop();
  }

  task<void> show_life() {
    for (;;) {
      record_->beat();
      co_await sleep_for(clock_, crash_record::beat_interval);
    }
  }

  task<void> watch_signals() {
    for (bool draining = false;; draining = true) {
      co_await signals_.async_wait(asio::use_awaitable);
      if (draining && !process_.under) ::_exit(exit_code::interrupted);
      node_.drain();
    }
  }

  process const& process_;
  asio::signal_set signals_;
  task_group tasks_;
  clock& clock_;
  crash_record* record_;  ///< null: this process is not supervised
  node node_;
  int code_ = 0;
};

int run_node(process const& of, node_options options) {
  // One method per slot: a library that starts its own threads would take the processors from the other slots.
  for (auto const* variable : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"})
    ::setenv(variable, "1", 0);
  auto const record = of.under ? std::make_unique<crash_record>(of.under->black_box) : nullptr;
  options.build = build_id();
  options.record = record.get();
  if (of.under) {
    options.name = of.under->name;
    options.predecessor = of.under->predecessor;
  }
  system_world world(of.under ? of.under->slots : of.slots(), log(of.config.log_level));
  if (of.tls) world.use_tls(*of.tls);
  return node_run(of, world, std::move(options)).run(world, of.config.spin);
}

/// As a node process of a local_cluster.
int serve_local_cluster(child_config const& given, service_list const& services) {
  process self{given.name, {}, services, {}, {}, {}, given};
  self.config.log_level = static_cast<log_level>(given.log_level);
  self.config.spin = std::chrono::microseconds(given.spin_us);
  try {
    obey(given);
    node_options options;
    options.master = parse_address(given.master).value();
    options.name_is_default = false;
    options.labels = given.labels;
    options.secret = take_secret(given.secret);
    options.rejoin = false;
    for (auto const& one : given.limits) set_limit(options.limits, one);
    return run_node(self, std::move(options));
  } catch (...) {
    return self.say_thrown();
  }
}

}  // namespace

int run_node(process const& of) {
  node_options options;
  options.master = *of.config.at;
  options.name = of.config.name_is_default ? host_name() : of.config.name;
  options.name_is_default = of.config.name_is_default;
  options.labels = of.config.labels;
  options.secret = of.secret;
  options.insecure = of.config.insecure;
  options.register_path = of.config.register_path;
  options.drain_limit = of.config.drain_limit;
  options.limits = of.config.limits;
  return run_node(of, std::move(options));
}

std::optional<int> serve_if_embedded(service_list const& services) {
  auto const given = find_child_config();
  if (!given || given->master.empty()) return std::nullopt;
  return serve_local_cluster(*given, services);
}

}  // namespace dist
