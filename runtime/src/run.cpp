#include <dist/runtime/run.hpp>

#include <signal.h>
#include <unistd.h>

#include <asio/cancellation_state.hpp>
#include <asio/signal_set.hpp>
#include <asio/this_coro.hpp>
#include <cstdio>
#include <cstdlib>
#include <dist/rpc/cpu_count.hpp>
#include <dist/rpc/event.hpp>
#include <dist/rpc/secret.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/local_cluster.hpp>
#include <dist/runtime/master_link.hpp>
#include <dist/runtime/node.hpp>
#include <dist/runtime/system_world.hpp>
#include <filesystem>
#include <iostream>

#include "build_id.hpp"
#include "config.hpp"
#include "host_name.hpp"
#include "leave_at_once.hpp"

namespace dist {
namespace {

constexpr int failed = 1;
constexpr int wrong_use = 2;
constexpr int nobody_there = 4;
constexpr int interrupted = 130;

/// One process of a run: what there is whichever role it has.
struct process {
  std::string program;
  run_config config;
  service_list services;
  any_job job;
  std::string secret;

  int say(int code, std::string const& text) const {
    std::cerr << program << ": " << text << '\n';
    return code;
  }
  std::size_t slots() const { return config.slots ? config.slots : default_slots(); }
};

master_options options_for(process const& of) {
  master_options options;
  if (of.config.at) options.listen = *of.config.at;
  options.secret = of.secret;
  options.insecure = of.config.insecure;
  options.heartbeat = of.config.heartbeat;
  options.lost_after = of.config.lost_after;
  options.register_path = of.config.register_path;
  options.go_nodes = of.config.go_nodes;
  options.services = of.services;
  options.build = build_id();
  options.program = of.program;
  return options;
}

/// Runs one job to its end on a cluster, with signals.
class job_run {
 public:
  job_run(process const& of, system_world& world)
      : process_(of), world_(world), signals_(world.io(), SIGINT, SIGTERM), tasks_(world.io().get_executor()) {}

  /// `backend` serves the calls until its stop(); `calls` makes the cluster once it is open.
  template <class Backend>
  int run(Backend& backend) {
    tasks_.spawn(watch_signals());
    tasks_.spawn(work(backend));
    world_.io().run();
    return code_;
  }

 private:
  template <class Backend>
  task<void> serve(Backend& backend) {
    try {
      co_await backend.run();
    } catch (std::exception const& e) {
      finish(process_.say(failed, e.what()));
    }
    served_.set();
  }

  template <class Backend>
  task<void> work(Backend& backend) {
    stop_backend_ = [&backend] { backend.stop(); };
    try {
      if constexpr (requires { backend.open(); }) co_await backend.open();
    } catch (std::exception const& e) {
      finish(process_.say(nobody_there, e.what()));
    }
    tasks_.spawn(serve(backend));
    task_group job(world_.io().get_executor());
    job_ = &job;
    if (!ended_) job.spawn(run_job(backend.calls()));
    co_await job.join();
    job_ = nullptr;
    backend.stop();
    co_await served_.wait();
    signals_.cancel();
  }

  task<void> run_job(cluster calls) {
    try {
      if (process_.config.min_nodes > 0) co_await calls.wait_for_nodes(process_.config.min_nodes);
      if (process_.job.coroutine) {
        auto job = process_.job.coroutine(calls, process_.config.rest);
        finish(co_await std::move(job));
      } else {
        finish(co_await block(calls));
      }
    } catch (usage_error const& e) {
      finish(process_.say(wrong_use, e.what()));
    } catch (call_error const& e) {
      if (!interrupted_) finish(process_.say(e.code() == errc::no_node ? nobody_there : failed, e.what()));
    } catch (std::exception const& e) {
      if (!interrupted_) finish(process_.say(failed, e.what()));
    } catch (...) {
      if (!interrupted_) finish(process_.say(failed, "the job threw something that is not a std::exception"));
    }
  }

  /// A job that blocks has a thread of its own.
  task<int> block(cluster& calls) {
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

  task<void> watch_signals() {
    for (;;) {
      co_await signals_.async_wait(asio::use_awaitable);
      if (std::exchange(interrupted_, true)) ::_exit(interrupted);
      code_ = interrupted;
      ended_ = true;
      if (job_) job_->stop();
      if (stop_backend_ && !process_.job.coroutine) stop_backend_();
    }
  }

  void finish(int code) {
    if (std::exchange(ended_, true)) return;
    code_ = code;
    if (job_) job_->stop();
  }

  process const& process_;
  system_world& world_;
  asio::signal_set signals_;
  task_group tasks_;
  task_group* job_ = nullptr;
  std::function<void()> stop_backend_;
  event served_;
  int code_ = 0;
  bool ended_ = false;
  bool interrupted_ = false;
};

/// Master and node in one process and one thread: a debugger sees everything.
class in_process_cluster {
 public:
  in_process_cluster(seams const& world, master_options options, service_list const& services)
      : secret_(options.secret), master_(world, std::move(options)), node_(world, node_of(master_), services),
        tasks_(world.io.get_executor()) {}

  task<void> run() {
    tasks_.spawn(master_.run());
    tasks_.spawn(node_.run());
    co_await tasks_.join();
  }
  void stop() noexcept {
    node_.stop();
    master_.stop();
  }
  cluster calls() const { return master_.calls(); }

 private:
  node_options node_of(master const& of) const {
    node_options options;
    options.master = of.local_address();
    options.name = "inline";
    options.secret = secret_;
    return options;
  }

  std::string secret_;
  master master_;
  node node_;
  task_group tasks_;
};

int run_embedded(process const& of) {
  system_world world(1, log(of.config.log_level));
  local_options options;
  options.processes = of.config.local;
  options.slots = of.config.slots ? of.config.slots : 1;
  options.log_level = of.config.log_level;
  options.master = options_for(of);
  local_cluster backend(world, std::move(options));
  return job_run(of, world).run(backend);
}

int run_in_process(process const& of) {
  system_world world(0, log(of.config.log_level));
  auto options = options_for(of);
  options.listen = {"127.0.0.1", 0};
  in_process_cluster backend(world, std::move(options), of.services);
  return job_run(of, world).run(backend);
}

int run_master(process const& of) {
  system_world world(1, log(of.config.log_level));
  master backend(world, options_for(of));
  return job_run(of, world).run(backend);
}

int run_connected(process const& of) {
  system_world world(1, log(of.config.log_level));
  link_options options;
  options.master = *of.config.at;
  options.name = of.config.name_is_default ? of.program : of.config.name;
  options.secret = of.secret;
  options.register_path = of.config.register_path;
  master_link backend(world, std::move(options));
  return job_run(of, world).run(backend);
}

/// A node's life: Ctrl-C and SIGTERM drain it, a second one ends it.
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
    made.secret = of.secret;
    made.insecure = of.config.insecure;
    made.register_path = of.config.register_path;
    made.build = build_id();
    return made;
  }

  task<void> serve() {
    try {
      co_await node_.run();
    } catch (std::exception const& e) {
      code_ = process_.say(failed, e.what());
    }
    signals_.cancel();
  }

  task<void> watch_signals() {
    for (bool draining = false;; draining = true) {
      co_await signals_.async_wait(asio::use_awaitable);
      if (draining) ::_exit(interrupted);
      node_.drain();
    }
  }

  process const& process_;
  asio::signal_set signals_;
  task_group tasks_;
  node node_;
  int code_ = 0;
};

int run_node(process const& of) {
  // One method a slot: a library that starts its own threads would take the processors from the other slots.
  for (auto const* variable : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}) ::setenv(variable, "1", 0);
  system_world world(of.slots(), log(of.config.log_level));
  return node_run(of, world).run(world);
}

int run_role_of(process const& of) {
  switch (of.config.role) {
    case run_role::embedded: return run_embedded(of);
    case run_role::in_process: return run_in_process(of);
    case run_role::master: return run_master(of);
    case run_role::node: return run_node(of);
    case run_role::job: return run_connected(of);
  }
  return failed;
}

}  // namespace

int run_any(int argc, char** argv, service_list services, any_job job) {
  auto const program = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : std::string("program");
  process self{program, {}, std::move(services), std::move(job), {}};
  try {
    if (auto const code = serve_if_embedded(self.services)) return *code;
    auto config = parse_config({argv + std::min(argc, 1), argv + argc}, [](char const* name) { return std::getenv(name); });
    if (!config) return self.say(wrong_use, config.error().message + "\n" + program + ": see --help");
    self.config = std::move(*config);
    if (self.config.help) {
      std::cout << usage(program);
      return 0;
    }
    if (self.config.version) {
      std::cout << program << " (dist " DIST_VERSION ")\n";
      return 0;
    }
    if (!self.config.secret_file.empty()) {
      auto secret = read_secret_file(self.config.secret_file);
      if (!secret) return self.say(wrong_use, secret.error().message);
      self.secret = std::move(*secret);
    }
    return run_role_of(self);
  } catch (call_error const& e) {
    return self.say(e.code() == errc::denied ? wrong_use : failed, e.fault().message);
  } catch (std::exception const& e) {
    return self.say(failed, e.what());
  }
}

}  // namespace dist
