#include <dist/runtime/local_cluster.hpp>

#include <unistd.h>

#include <chrono>
#include <dist/rpc/limits.hpp>
#include <dist/rpc/task_group.hpp>

#include "base/cpu_count.hpp"
#include "base/hex.hpp"
#include "master/dispatcher.hpp"
#include "process/node_processes.hpp"

namespace dist {
namespace {

/// How long node processes may take to end after their master's goodbye.
constexpr auto patience = std::chrono::seconds(2);

std::string make_secret(entropy& chance) {
  std::byte bytes[32];
  chance.fill(bytes);
  return to_hex(bytes);
}

}  // namespace

class local_cluster::impl {
 public:
  impl(seams const& world, local_options options)
      : tasks_(world.io.get_executor()),
        secret_(make_secret(world.entropy)),
        secret_descriptor_(make_secret_descriptor(secret_)),
        master_(world, for_master(options.master)),
        nodes_(world, options.processes ? options.processes : default_slots(), for_nodes(options), options.arguments) {
    expect_nodes(nodes_.count());
    nodes_.when_fewer([this](std::size_t left) { expect_nodes(left); });
  }
  ~impl() { ::close(secret_descriptor_); }

  task<void> run() {
    tasks_.spawn(master_.run());
    tasks_.spawn(nodes_.run());
    co_await tasks_.join();
  }
  void stop() noexcept {
    // Its goodbye ends the nodes.
    master_.stop();
    nodes_.stop(0, patience);
  }
  dist::master& master() noexcept { return master_; }
  std::size_t process_count() const noexcept { return nodes_.count(); }

 private:
  void expect_nodes(std::size_t count) { own_nodes_of(master_).expect(count); }
  master_options for_master(master_options made) const {
    made.listen = {"127.0.0.1", 0};
    made.secret = secret_;
    // The user has no way to know it.
    made.loopback_may_look = true;
    return made;
  }
  child_config for_nodes(local_options const& options) const {
    child_config made;
    made.master = to_text(master_.local_address());
    made.name = "local";
    made.slots = static_cast<std::uint32_t>(options.slots);
    made.labels = options.labels;
    made.log_level = static_cast<int>(options.log_level);
    made.spin_us = static_cast<std::uint32_t>(options.spin.count());
    made.limits = changed_limits(options.master.limits);
    made.secret = secret_descriptor_;
    return made;
  }

  task_group tasks_;
  std::string secret_;
  int secret_descriptor_;
  dist::master master_;
  node_processes nodes_;
};

local_cluster::local_cluster(seams const& world, local_options options)
    : impl_(std::make_unique<impl>(world, std::move(options))) {}
local_cluster::~local_cluster() = default;
task<void> local_cluster::run() { return impl_->run(); }
void local_cluster::stop() noexcept { impl_->stop(); }
cluster local_cluster::calls() const { return impl_->master().calls(); }
std::size_t local_cluster::process_count() const noexcept { return impl_->process_count(); }

}  // namespace dist
