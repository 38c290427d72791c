#include <dist/runtime/run.hpp>

#include <algorithm>
#include <cstdlib>
#include <dist/runtime/local_cluster.hpp>
#include <dist/runtime/master_link.hpp>
#include <dist/runtime/system_world.hpp>
#include <filesystem>
#include <iostream>

#include "base/terminal.hpp"
#include "process/build_id.hpp"
#include "process/descriptor_limit.hpp"
#include "process/process.hpp"
#include "process/standard_descriptors.hpp"
#include "program/in_process_cluster.hpp"
#include "program/job_run.hpp"
#include "program/node_run.hpp"
#include "wire/secret.hpp"

namespace dist {
namespace {

master_options options_for(process const& of) {
  master_options options;
  if (of.config.at) options.listen = *of.config.at;
  options.secret = of.secret;
  options.tls = of.tls;
  options.insecure = of.config.insecure;
  options.heartbeat = of.config.heartbeat;
  options.lost_after = of.config.lost_after;
  options.register_path = of.config.register_path;
  options.go_nodes = of.config.go_nodes;
  options.services = of.services;
  options.build = build_id();
  options.program = of.program;
  options.trace_file = of.config.trace;
  options.failure_file = of.config.failures;
  options.journal_file = of.config.journal;
  options.limits = of.config.limits;
  return options;
}

int run_embedded(process const& of) {
  system_world world(1, log(of.config.log_level));
  world.limit_memory(of.config.limits);
  local_options options;
  options.processes = of.config.local;
  options.slots = of.config.slots ? of.config.slots : 1;
  options.labels = of.config.labels;
  options.log_level = of.config.log_level;
  options.spin = of.config.spin;
  options.master = options_for(of);
  local_cluster backend(world, std::move(options));
  return job_run(of, world, backend_of(backend)).run();
}

int run_in_process(process const& of) {
  system_world world(0, log(of.config.log_level));
  world.limit_memory(of.config.limits);
  auto options = options_for(of);
  options.listen = {"127.0.0.1", 0};
  in_process_cluster backend(world, std::move(options), of.services);
  return job_run(of, world, backend_of(backend)).run();
}

int run_master(process const& of) {
  system_world world(1, log(of.config.log_level));
  world.limit_memory(of.config.limits);
  master backend(world, options_for(of));
  return job_run(of, world, backend_of(backend)).run();
}

int run_connected(process const& of) {
  system_world world(1, log(of.config.log_level));
  world.limit_memory(of.config.limits);
  if (of.tls) world.use_tls(*of.tls);
  link_options options;
  options.trace_file = of.config.trace;
  options.failure_file = of.config.failures;
  options.journal_file = of.config.journal;
  options.limits = of.config.limits;
  options.master = *of.config.at;
  options.name = of.config.name_is_default ? of.program : of.config.name;
  options.secret = of.secret;
  options.register_path = of.config.register_path;
  options.services = of.services;
  master_link backend(world, std::move(options));
  return job_run(of, world, backend_of(backend)).run();
}

/// A master presents its certificate; the others verify it.
std::optional<tls_context> tls_for(run_config const& config) {
  if (!config.with_tls) return std::nullopt;
  auto const made = config.role == run_role::master ? tls_context::for_server(config.tls) : tls_context::for_client(config.tls);
  return made.value();
}

int run_role_of(process const& of) {
  switch (of.config.role) {
    case run_role::embedded: return run_embedded(of);
    case run_role::in_process: return run_in_process(of);
    case run_role::master: return run_master(of);
    case run_role::node: return of.config.procs > 0 && !of.under ? run_supervisor(of) : run_node(of);
    case run_role::job: return run_connected(of);
  }
  return exit_code::failed;
}

}  // namespace

int run_any(int argc, char** argv, service_list services, any_job job) {
  occupy_standard_descriptors();
  auto const program = argc > 0 ? as_utf8(std::filesystem::path(argv[0]).filename().string()) : std::string("program");
  process self{program, {}, std::move(services), std::move(job), {}, {}, {}};
  try {
    if (auto const code = serve_if_embedded(self.services)) return *code;
    self.under = find_child_config();
    if (self.under) obey(*self.under);
    auto config = parse_config({argv + std::min(argc, 1), argv + argc}, [](char const* name) { return std::getenv(name); });
    if (!config) return self.say(exit_code::wrong_use, config.error().message + "\n" + program + ": see --help");
    self.config = std::move(*config);
    // The parent shows a node process's output, in its own format.
    if (!self.under) terminal::standard_error().set_format(self.config.log_format);
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
      if (!secret) return self.say(exit_code::wrong_use, secret.error().message);
      self.secret = std::move(*secret);
    }
    self.tls = tls_for(self.config);
    if (!self.under) raise_descriptor_limit();
    return run_role_of(self);
  } catch (...) {
    return self.say_thrown();
  }
}

}  // namespace dist
