#pragma once

#include <deque>
#include <dist/dist.hpp>
#include <dist/rpc/compute_pool.hpp>
#include <string>
#include <vector>

#include "memory_network.hpp"
#include "run.hpp"
#include "seeded_entropy.hpp"
#include "virtual_clock.hpp"

namespace dist::test {

/// A master and its nodes in one thread, on a network in memory and in virtual time. The production code runs in it as
/// it is; only the seams are others.
class memory_cluster {
 public:
  explicit memory_cluster(service_list services, master_options options = {}, std::uint64_t seed = 1)
      : services_(std::move(services)), chance_(seed) {
    options.services = services_;
    if (options.listen.host == "localhost") options.listen = {"master", 3000};
    options.insecure = true;
    master_.emplace(world(), std::move(options));
    master_run_ = start(io, master_->run());
  }
  ~memory_cluster() {
    if (!stopped_) stop();
  }

  seams world() { return {io, clock, network, compute_, chance_, log_}; }

  /// Adds a node with its own compute; it joins as the time goes on.
  node& add_node(std::string name, std::size_t slots = 1, std::string secret = {}) {
    auto& made = nodes_.emplace_back(std::make_unique<member_node>(*this, std::move(name), slots, std::move(secret)));
    return made->node;
  }
  /// The node's process dies: its connections end without a word.
  void kill_node(std::size_t index) { nodes_[index]->node.stop(); }

  dist::cluster cluster() { return master_->calls(); }
  dist::master& master() { return *master_; }

  /// Runs a coroutine to its end, moving time whenever nothing else is ready.
  template <class T>
  T run(task<T> work) {
    return test::run<T>(io, clock, std::move(work), leftovers::allowed);
  }
  void wait_for_nodes(std::size_t count) { run(cluster().wait_for_nodes(count)); }
  bool drive_until(std::function<bool()> done) { return drive(io, clock, std::move(done)); }

  /// Everything ends, and nothing may be left: no timer, no coroutine.
  void stop() {
    stopped_ = true;
    for (auto& one : nodes_) one->node.stop();
    master_->stop();
    drive(io, clock, [this] {
      return master_run_.done() && std::ranges::all_of(nodes_, [](auto const& one) { return one->run.done(); });
    });
  }
  std::string const& logged() const noexcept { return logged_; }

  asio::io_context io;
  virtual_clock clock;
  memory_network network;

 private:
  struct member_node {
    member_node(memory_cluster& in, std::string name, std::size_t slots, std::string secret)
        : compute(in.io, slots),
          node({in.io, in.clock, in.network, compute, in.chance_, in.log_}, options(std::move(name), std::move(secret)),
               in.services_),
          run(start(in.io, node.run())) {}
    static node_options options(std::string name, std::string secret) {
      node_options made;
      made.master = {"master", 3000};
      made.name = std::move(name);
      made.name_is_default = false;
      made.secret = std::move(secret);
      return made;
    }
    inline_compute compute;
    dist::node node;
    started<void> run;
  };

  service_list services_;
  seeded_entropy chance_;
  inline_compute compute_{io};
  std::string logged_;
  log log_{log_level::debug, [this](log_level, std::string_view line) { logged_.append(line).push_back('\n'); }};
  std::optional<dist::master> master_;
  started<void> master_run_;
  std::deque<std::unique_ptr<member_node>> nodes_;
  bool stopped_ = false;
};

}  // namespace dist::test
