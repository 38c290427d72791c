#pragma once

#include <boost/describe/class.hpp>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/fault.hpp>
#include <dist/rpc/result.hpp>
#include <dist/rpc/task.hpp>
#include <dist/runtime/detail/call_record.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dist {

/// A node as listed for a fan-out.
struct listed_node {
  std::string name;
  std::uint32_t slots = 1;
};
BOOST_DESCRIBE_STRUCT(listed_node, (), (name, slots))

/// Which nodes there are. Needed by fan-outs, by those who wait for nodes, and by the page; not by calls. I/O thread.
class node_directory {
 public:
  /// Calls `done` with null when at least `count` nodes can take calls, perhaps at once, or with why they will not.
  /// Dropping what is returned ends the wait; null: `done` was called.
  using nodes_waiter = std::function<void(fault const* failed)>;
  [[nodiscard]] virtual std::shared_ptr<void> when_nodes(std::size_t count, nodes_waiter done) = 0;

  /// Completes when the nodes that an embedded cluster starts itself have joined, at once elsewhere.
  virtual task<void> own_nodes_joined() = 0;

  /// Calls `done`, exactly once, with the nodes that could take a call like this one, now or later, busy and silent
  /// ones too. Null: it has; else what to cancel once no one waits.
  using nodes_taker = std::function<void(result<std::vector<listed_node>> nodes)>;
  virtual call_ptr list_nodes(call_record const& like, nodes_taker done) = 0;

  /// Where the node of this name joined from, `127.0.0.1:40112`; empty where that is not known here.
  virtual std::string address_of(std::string_view name) const = 0;

 protected:
  ~node_directory() = default;
};

}  // namespace dist
