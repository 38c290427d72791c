#pragma once

#include <dist/rpc/fault.hpp>
#include <string>

namespace dist {

/// What is known of a call that ends early: cancelled, past its deadline, or stopped.
struct end_facts {
  progress known = progress::not_started;
  char const* phase = "queueing";
  std::string node;
  std::string cause;  ///< why it had not ended before, where something was in its way
};

}  // namespace dist
