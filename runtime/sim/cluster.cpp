#include <dist/sim/cluster.hpp>

#include <stdexcept>

#include "sim/simulation.hpp"

namespace dist::sim {

class cluster::impl {
 public:
  impl(service_list services, cluster_options const& how)
      : patience(how.patience_),
        shortest(how.shortest_),
        longest(how.longest_),
        world(how.seed_, [services](process&) { return services; }, settings_of(how, services)) {
    if (how.on_log_)
      world.listen([this, to = how.on_log_](std::string const& who, std::string_view line) { to(world.now(), who, line); });
    if (how.latency_ > duration::zero())
      world.shape_network = [this, most = how.latency_](process_network& of) {
        for (auto const& plan : {of.up, of.down}) {
          plan->time = &world.time;
          plan->delay = [this, most](std::size_t) { return some(duration::zero(), most); };
        }
      };
    world.start_master();
  }

  duration some(duration least, duration most) {
    auto const span = static_cast<std::uint64_t>((most - least).count());
    return least + duration(static_cast<duration::rep>(world.chance.below(span + 1)));
  }
  simulation::node_process& node(std::string const& name) {
    if (auto* const found = world.find(name)) return *found;
    throw std::invalid_argument("the simulated cluster has no node " + name);
  }

  duration patience;
  duration shortest;
  duration longest;
  simulation world;

 private:
  static master_options settings_of(cluster_options const& how, service_list const& services) {
    auto settings = how.master_;
    settings.services = services;
    return settings;
  }
};

cluster::cluster(service_list services, cluster_options options)
    : impl_(std::make_unique<impl>(std::move(services), options)) {}
cluster::~cluster() = default;

void cluster::add_node(std::string name, std::size_t slots) {
  auto& world = impl_->world;
  world.bury_ended();
  if (world.find(name)) throw std::invalid_argument("the simulated cluster has a node " + name + " already");
  node_settings how;
  how.name = std::move(name);
  how.slots = slots;
  if (impl_->longest > duration::zero())
    how.method_takes = [in = impl_.get()] { return in->some(in->shortest, in->longest); };
  world.start_node(std::move(how));
}

void cluster::add_nodes(std::size_t count, std::size_t slots) {
  for (std::size_t number = 1; count > 0; ++number) {
    auto name = "node" + std::to_string(number);
    if (impl_->world.find(name)) continue;
    add_node(std::move(name), slots);
    --count;
  }
}

void cluster::kill(std::string const& node, death how) { impl_->world.kill(impl_->node(node), how); }
void cluster::freeze(std::string const& node) { impl_->node(node).self.freeze(); }
void cluster::thaw(std::string const& node) { impl_->node(node).self.thaw(); }
void cluster::cut_off(std::string const& node) {
  auto& network = impl_->node(node).self.network;
  network.up->stall();
  network.down->stall();
}
void cluster::heal(std::string const& node) {
  auto& network = impl_->node(node).self.network;
  network.up->resume();
  network.down->resume();
}
void cluster::drain(std::string const& node) {
  auto& which = impl_->node(node);
  which.self.post([&which] { which.node.drain(); });
}
void cluster::freeze_master() { impl_->world.master().self.freeze(); }
void cluster::thaw_master() { impl_->world.master().self.thaw(); }

void cluster::at(duration when, std::function<void()> action) { impl_->world.at(when, std::move(action)); }
duration cluster::now() const { return impl_->world.now(); }
void cluster::pass(duration time) { impl_->world.pass(impl_->world.now() + time); }

dist::cluster cluster::calls() { return impl_->world.master().master.calls(); }

void cluster::run_to_end(task<void> job) {
  auto& world = impl_->world;
  auto running = test::start(world.master().self.io, std::move(job));
  if (world.run_until([&] { return running.done(); }, world.now() + impl_->patience)) return running.get();
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(impl_->patience).count();
  // Its frame lives in the master's process, which ends with this object.
  throw std::runtime_error("the job has not ended after " + std::to_string(seconds) + " s of simulated time; the master says " +
                           world.master().master.status_json());
}

}  // namespace dist::sim
