#pragma once

#include <deque>
#include <dist/dist.hpp>
#include <dist/rpc/detail/compute_pool.hpp>
#include <string>
#include <vector>

#include "sim/world/memory_network.hpp"
#include "sim/world/run.hpp"
#include "sim/world/seeded_entropy.hpp"
#include "sim/world/virtual_clock.hpp"

namespace dist::test {

/// One host's access to the memory network, with faults of its own.
class host_network final : public network {
 public:
  host_network(memory_network& all, std::string host) : all_(all), host_(std::move(host)) {}
  task<std::unique_ptr<stream>> connect(address to) override { return all_.connect_with(std::move(to), up, down, host_); }
  std::unique_ptr<listener> listen(address at) override { return all_.listen(std::move(at)); }

  /// Nothing from or to this host arrives until resume(), as if its process were suspended.
  void freeze() noexcept {
    up->stall();
    down->stall();
  }
  void resume() {
    up->resume();
    down->resume();
  }
  /// Everything this host writes is lost, including its close.
  void half_open() noexcept {
    up->drop_writes();
    down->drop_writes();
  }
  void cut() { up->cut(); }

  std::shared_ptr<fault_plan> up = std::make_shared<fault_plan>();    ///< of this host's ends
  std::shared_ptr<fault_plan> down = std::make_shared<fault_plan>();  ///< of the other ends

 private:
  memory_network& all_;
  std::string host_;
};

/// Methods on the I/O thread that start only when the test allows it.
class held_compute final : public compute_threads {
 public:
  held_compute(asio::io_context& io, std::size_t slots) : inner_(io, slots) {}
  asio::any_io_executor executor() override { return inner_.executor(); }
  void post(work_ptr work) override {
    if (holding_)
      held_.push_back(std::move(work));
    else
      inner_.post(std::move(work));
  }
  std::size_t slots() const noexcept override { return inner_.slots(); }

  void hold() noexcept { holding_ = true; }
  void release() {
    holding_ = false;
    for (auto& work : std::exchange(held_, {})) inner_.post(std::move(work));
  }
  std::size_t held_count() const noexcept { return held_.size(); }

 private:
  inline_compute inner_;
  bool holding_ = false;
  std::vector<work_ptr> held_;
};

/// A master and its nodes in one thread, on a network in memory and in virtual time. The production code runs in it
/// unchanged; only the seams differ.
class memory_cluster {
 public:
  /// A node and the process around it.
  struct member_node {
    member_node(memory_cluster& in, node_options options, std::size_t slots, service_list const& services)
        : network(in.network, options.name),
          compute(in.io, slots),
          node({in.io, in.clock, network, compute, in.chance_, in.log_}, std::move(options), services),
          run(start(in.io, node.run())) {}

    host_network network;
    held_compute compute;
    dist::node node;
    started<void> run;
  };
  /// A job on another host that uses this cluster's master.
  struct connected_job {
    connected_job(memory_cluster& in, link_options options)
        : network(in.network, options.name),
          link({in.io, in.clock, network, in.compute_, in.chance_, in.log_}, std::move(options)) {}

    host_network network;
    master_link link;
    std::optional<started<void>> run;
  };

  explicit memory_cluster(service_list services, master_options options = {}, std::uint64_t seed = 1)
      : services_(std::move(services)), options_(std::move(options)), chance_(seed) {
    options_.services = services_;
    if (options_.listen.host == "localhost") options_.listen = {"master", 3000};
    options_.insecure = true;
    start_master();
  }
  ~memory_cluster() {
    if (!stopped_) stop();
  }

  seams world() { return {io, clock, network, compute_, chance_, log_}; }

  /// Adds a node with its own compute; it joins as time passes.
  member_node& add(std::string name, std::size_t slots = 1) {
    node_options made;
    made.name = std::move(name);
    made.name_is_default = false;
    made.secret = options_.secret;
    return add(std::move(made), slots, services_);
  }
  member_node& add(node_options options, std::size_t slots, service_list const& services) {
    options.master = {"master", 3000};
    return *nodes_.emplace_back(std::make_unique<member_node>(*this, std::move(options), slots, services));
  }
  node& add_node(std::string name, std::size_t slots = 1) { return add(std::move(name), slots).node; }
  /// Kills the node's process: its connections end silently.
  void kill_node(std::size_t index) { nodes_[index]->node.stop(); }
  member_node& node_at(std::size_t index) { return *nodes_[index]; }

  /// Opens another job's connection; it is open when this returns.
  connected_job& connect(std::string name, limits const& bounds = {}) {
    link_options options;
    options.master = {"master", 3000};
    options.name = std::move(name);
    options.limits = bounds;
    options.secret = options_.secret;
    auto& made = *jobs_.emplace_back(std::make_unique<connected_job>(*this, std::move(options)));
    run(made.link.open());
    made.run = start(io, made.link.run());
    return made;
  }

  dist::cluster cluster() { return master_->calls(); }
  dist::master& master() { return *master_; }
  /// Ends the master, in good order unless its host has been cut off.
  void stop_master() {
    master_->stop();
    if (!drive(io, clock, [this] { return master_run_.done(); })) throw std::logic_error("the master does not end");
  }
  void restart_master() {
    stop_master();
    start_master();
  }

  /// Runs a coroutine to its end, advancing time whenever nothing else is ready.
  template <class T>
  T run(task<T> work) {
    return test::run<T>(io, clock, std::move(work), leftovers::allowed);
  }
  /// Both sides know when this returns.
  void wait_for_nodes(std::size_t count) {
    run(cluster().wait_for_nodes(count));
    run_until_idle(io);
  }
  bool drive_until(std::function<bool()> done) { return drive(io, clock, std::move(done)); }
  /// Runs everything due within `time`, in order.
  void pass(duration time) {
    auto const until = clock.now() + time;
    for (run_until_idle(io); clock.next_due() && *clock.next_due() <= until; run_until_idle(io)) clock.advance_to_next();
    clock.advance_to(until);
    run_until_idle(io);
  }

  /// Ends everything; no timer and no coroutine may be left.
  void stop() {
    stopped_ = true;
    for (auto& one : jobs_) one->link.stop();
    for (auto& one : nodes_) {
      one->compute.release();
      one->node.stop();
    }
    master_->stop();
    drive(io, clock, [this] {
      return master_run_.done() && std::ranges::all_of(nodes_, [](auto const& one) { return one->run.done(); }) &&
             std::ranges::all_of(jobs_, [](auto const& one) { return one->run->done(); });
    });
  }
  std::string const& logged() const noexcept { return logged_; }
  std::size_t count_logged(std::string_view what) const {
    std::size_t count = 0;
    for (auto at = logged_.find(what); at != std::string::npos; at = logged_.find(what, at + 1)) ++count;
    return count;
  }
  bool has_logged(std::string_view what) const { return count_logged(what) > 0; }

  asio::io_context io;
  virtual_clock clock;
  memory_network network;
  std::function<void(std::string_view)> on_log;  ///< of all of them

 private:
  void start_master() {
    master_.reset();
    master_.emplace(world(), options_);
    master_run_ = start(io, master_->run());
  }

  service_list services_;
  master_options options_;
  seeded_entropy chance_;
  inline_compute compute_{io};
  std::string logged_;
  log log_{log_level::debug, [this](log_level, std::string_view line) {
             logged_.append(line).push_back('\n');
             if (on_log) on_log(line);
           }};
  std::optional<dist::master> master_;
  started<void> master_run_;
  std::deque<std::unique_ptr<member_node>> nodes_;
  std::deque<std::unique_ptr<connected_job>> jobs_;
  bool stopped_ = false;
};

}  // namespace dist::test
