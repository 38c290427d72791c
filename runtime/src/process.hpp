#pragma once

#include <dist/rpc/cpu_count.hpp>
#include <dist/runtime/run.hpp>
#include <string>

#include "config.hpp"

namespace dist {

namespace exit_code {
constexpr int failed = 1;
constexpr int wrong_use = 2;
constexpr int nobody_there = 4;
constexpr int interrupted = 130;
}  // namespace exit_code

/// One process of a run: what there is whichever role it has.
struct process {
  std::string program;
  run_config config;
  service_list services;
  any_job job;
  std::string secret;
  std::optional<tls_context> tls;  ///< as the config asks for

  /// Prints why it ends and returns the code.
  int say(int code, std::string const& text) const;
  std::size_t slots() const { return config.slots ? config.slots : default_slots(); }
};

}  // namespace dist
