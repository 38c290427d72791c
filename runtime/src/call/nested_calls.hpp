#pragma once

#include <dist/runtime/detail/cluster_core.hpp>
#include <memory>

namespace dist {

/// Carried by a running method's scope so that its own calls find the master: call_scope::cluster points here.
struct nested_calls {
  std::shared_ptr<cluster_core> on;
  call_id parent;  ///< the running call, as the node's session names it
  bool blocks;     ///< it is not a coroutine and therefore holds its thread while it waits for its own calls
};

}  // namespace dist
