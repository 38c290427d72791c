#pragma once

#include <chrono>
#include <cstddef>
#include <dist/rpc/address.hpp>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/log.hpp>
#include <dist/rpc/tls_context.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/terminal.hpp"

namespace dist {

/// The role of the process.
enum class run_role {
  embedded,    ///< master and job here, node processes beside it
  in_process,  ///< methods run in this process
  master,      ///< master and job here, nodes from elsewhere
  node,
  job,  ///< a job on a running master
};

/// The configuration of dist::run from flags and environment.
struct run_config {
  run_role role = run_role::embedded;
  std::size_t local = 0;  ///< node processes; 0: one a processor
  std::optional<address> at;  ///< of the master, ours or another's
  std::size_t procs = 0;  ///< node processes to supervise; 0: be the node
  std::size_t slots = 0;  ///< 0: one a processor
  std::string name;
  bool name_is_default = true;
  std::map<std::string, std::string> labels;
  std::size_t min_nodes = 0;
  std::string trace;     ///< file; empty: none
  std::string failures;  ///< likewise
  std::string journal;   ///< likewise
  std::string secret_file;
  bool with_tls = false;
  tls_files tls;
  bool insecure = false;
  std::chrono::nanoseconds heartbeat = std::chrono::seconds(1);
  std::chrono::nanoseconds lost_after = std::chrono::seconds(30);
  std::chrono::nanoseconds drain_limit = std::chrono::seconds(30);
  std::chrono::microseconds spin{};
  dist::limits limits;
  std::vector<std::string> go_nodes;
  std::string register_path = "/register-node";
  dist::log_level log_level = dist::log_level::warn;
  line_format log_format = line_format::text;
  bool help = false;
  bool version = false;
  std::vector<std::string> rest;  ///< the job's own, in order
};

/// The variable of a flag: `DIST_LOST_AFTER` for `lost-after`.
std::string variable_of(std::string flag);

using environment_reader = std::function<char const*(char const*)>;

/// Reads the flags (argv without its first) and, where a flag is missing, its variable (DIST_JOIN for --join). The
/// fault names the wrong value and shows a right one.
result<run_config> parse_config(std::vector<std::string> const& arguments, environment_reader const& environment);

/// What --help prints for `program`.
std::string usage(std::string const& program);

}  // namespace dist
