#pragma once

#include "process.hpp"

namespace dist {

/// A node's life: Ctrl-C and SIGTERM drain it, a second one ends it. Returns the exit code.
int run_node(process const& of);

}  // namespace dist
