#pragma once

#include <dist/rpc/task_group.hpp>
#include <dist/runtime/master.hpp>
#include <dist/runtime/node.hpp>
#include <string>
#include <utility>

#include "master/dispatcher.hpp"

namespace dist {

/// Master and node in one process and one thread: a debugger sees everything.
class in_process_cluster {
 public:
  in_process_cluster(seams const& world, master_options options, service_list const& services)
      : secret_(options.secret),
        limits_(options.limits),
        master_(world, std::move(options)),
        node_(world, node_of(master_), services),
        tasks_(world.io.get_executor()) {
    own_nodes_of(master_).expect(1);
  }

  task<void> run() {
    tasks_.spawn(master_.run());
    tasks_.spawn(node_.run());
    co_await tasks_.join();
  }
  void stop() noexcept {
    node_.stop();
    master_.stop();
  }
  cluster calls() const { return master_.calls(); }

 private:
  node_options node_of(master const& of) const {
    node_options options;
    options.master = of.local_address();
    options.name = "inline";
    options.secret = secret_;
    options.limits = limits_;
    return options;
  }

  std::string secret_;
  dist::limits limits_;
  master master_;
  node node_;
  task_group tasks_;
};

}  // namespace dist
