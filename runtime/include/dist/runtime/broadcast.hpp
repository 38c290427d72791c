#pragma once

#include <dist/runtime/map.hpp>
#include <string>
#include <utility>
#include <vector>

namespace dist {

/// How a broadcast's call ended on one node.
template <class R>
struct node_result {
  std::string node;  ///< its name
  result<R> value;
};

/// The same call to each of these nodes, and to no other in its place. `like` was not started.
fan_out_plan plan_for_nodes(cluster on, call_ptr like, std::vector<listed_node> const& nodes);
/// Throws call_error.
task<std::vector<listed_node>> nodes_of_broadcast(cluster on, call_ptr like);

template <class R>
task<std::vector<node_result<R>>> broadcast_here(cluster on, call_ptr like) {
  auto const nodes = co_await nodes_of_broadcast(on, like);
  std::vector<node_result<R>> results;
  auto take = [&](indexed_result<R> one) {
    auto const& name = nodes[one.index].name;
    if (!one.value.has_error()) return results.push_back({name, std::move(one.value)});
    auto what = std::move(one.value).error();
    what.node = name;
    results.push_back({name, std::move(what)});
  };
  auto work = spread<R>(plan_for_nodes(std::move(on), std::move(like), nodes), std::move(take));
  co_await std::move(work);
  co_return results;
}

/// Starts one call on each node.
struct for_each_node {
  template <class R>
  using yields = task<std::vector<node_result<R>>>;
  template <class R>
  static yields<R> start(cluster const& on, call_ptr call) {
    auto const where = on.get_executor();
    auto work = broadcast_here<R>(on, std::move(call));
    return run_on(where, std::move(work));
  }
};

/// Calls the method once on every node that has joined and has it, for example to load data for later calls:
/// `auto loaded = co_await dist::broadcast<&Prices::load>(cluster, path);`
///
/// Shape    the method's arguments, then perhaps call_options: `needs` chooses among the nodes, `within` holds for all
///          of it. They are encoded before this returns; the calls start when it is awaited. A node_result for each
///          node, in the order of their names. Nodes that join later are not called: wait for those that must be there,
///          cluster.wait_for_nodes(n) or --min-nodes N. A busy node is waited for.
/// Errors   a node on which the call fails, or that leaves meanwhile, is a result with a fault; nothing is tried
///          elsewhere. Thrown as call_error: errc::no_node when no node is there, bad_arguments.
/// Cancel   terminal; the calls are cancelled with it.
/// Runs on  any executor; code without coroutines passes it to block_on.
template <auto Method, class Serving = class_of_method<Method>>
inline constexpr method_call_of<for_each_node, Method, Serving> broadcast{};

}  // namespace dist
