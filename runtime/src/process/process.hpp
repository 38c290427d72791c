#pragma once

#include <dist/runtime/run.hpp>
#include <string>

#include "base/cpu_count.hpp"
#include "process/child_config.hpp"
#include "program/config.hpp"
#include "program/exit_code.hpp"

namespace dist {

/// One process of a run: the objects common to all roles.
struct process {
  std::string program;
  run_config config;
  service_list services;
  any_job job;
  std::string secret;
  std::optional<tls_context> tls;  ///< as the config asks for
  std::optional<child_config> under;  ///< of the parent that supervises this node

  /// Prints why it ends and returns the code.
  int say(int code, std::string const& text) const;
  /// Called in a catch handler: prints the exception and returns the code.
  int say_thrown() const;
  std::size_t slots() const { return config.slots ? config.slots : default_slots(); }
};

}  // namespace dist
