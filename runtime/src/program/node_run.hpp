#pragma once

#include "process/process.hpp"

namespace dist {

/// A node's life: Ctrl-C and SIGTERM drain it, a second one ends it. Under a parent SIGTERM drains it, however often it
/// comes: the parent kills what does not end. Returns the exit code.
int run_node(process const& of);

/// The parent of `--procs` such nodes: Ctrl-C and SIGTERM drain them all, a second one ends them. Returns the exit
/// code.
int run_supervisor(process const& of);

}  // namespace dist
