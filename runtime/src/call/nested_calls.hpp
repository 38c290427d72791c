#pragma once

#include <dist/runtime/detail/cluster_core.hpp>
#include <memory>

namespace dist {

/// What a running method's scope carries so that its own calls find their way: call_scope::cluster points here.
struct nested_calls {
  std::shared_ptr<cluster_core> on;
  call_id parent;  ///< the running call, as the node's session names it
  bool blocks;     ///< it is no coroutine, so it keeps its thread while it waits for its own calls
};

}  // namespace dist
