#include "scenario.hpp"

namespace dist::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

death some_death(test::seeded_entropy& chance) { return static_cast<death>(chance.below(3)); }

char const* to_text(death how) {
  constexpr char const* names[] = {"closed", "reset", "vanished"};
  return names[static_cast<std::size_t>(how)];
}

}  // namespace

void scenario::hurt(std::string const& node, duration until) { watcher_.hurt(node, until); }

void scenario::plan_faults() {
  if (calm_) return;
  auto const count = 1 + chance_.below(10);
  for (std::uint64_t i = 0; i < count; ++i) one_fault(some(length_));
}

void scenario::one_fault(duration when) {
  // Mostly short ones, and some longer than any time limit.
  auto lasts = some(chance_.below(4) == 0 ? seconds(8) : milliseconds(800));
  ++faults_;
  if (rolling_) return fault_of_node(static_cast<std::size_t>(chance_.below(plans_.size())), when, lasts);
  switch (chance_.below(8)) {
    case 0: return fault_of_master(when, lasts);
    case 1: return fault_of_job(when, lasts);
    default: return fault_of_node(static_cast<std::size_t>(chance_.below(plans_.size())), when, lasts);
  }
}

void scenario::fault_of_node(std::size_t index, duration when, duration lasts) {
  auto const name = plans_[index].name;
  constexpr std::uint64_t drain = 8;
  auto const kind = rolling_ ? drain : chance_.below(11);
  auto const how = some_death(chance_);
  world_->at(when, [=, this] {
    auto* const node = world_->find(name);
    if (!node) return;
    auto& net = node->self.network;
    auto const until = world_->now() + lasts;
    hurt(name, until);
    // By then another process may have the name: this fault was not meant for it.
    auto const then = [=, this](auto undo) {
      world_->at(until, [=, this] {
        if (auto* const same = world_->find(name); same == node) undo(*same);
      });
    };
    using node_process = simulation::node_process;
    switch (kind) {
      case 0:
      case 1:
        event("kill " + name + " (" + to_text(how) + ")");
        plans_[index].wanted = false;
        calls_.node_died();
        world_->kill(*node, how);
        return world_->at(until, [=, this] { plans_[index].wanted = true; });
      case 2:
        event("freeze " + name);
        node->self.freeze();
        return then([](node_process& one) { one.self.thaw(); });
      case 3:
        event("cut off " + name);
        net.up->stall();
        net.down->stall();
        return then([](node_process& one) {
          one.self.network.up->resume();
          one.self.network.down->resume();
        });
      case 4:
        event("nothing arrives from " + name);
        net.up->stall();
        return then([](node_process& one) { one.self.network.up->resume(); });
      case 5:
        event("nothing arrives at " + name);
        net.down->stall();
        return then([](node_process& one) { one.self.network.down->resume(); });
      case 6:
        event("reset the connection of " + name);
        calls_.node_died();
        return net.up->cut();
      case 7:
        event("half open: " + name);
        calls_.node_died();
        (how == death::closed ? net.up : net.down)->drop_writes();
        return then([](node_process& one) {
          // A stream with missing bytes cannot go on.
          if (!one.self.network.up->dropping() && !one.self.network.down->dropping()) return;
          one.self.network.up->cut();
          one.self.network.up->deliver_writes();
          one.self.network.down->deliver_writes();
        });
      case drain:
        event("drain " + name);
        if (rolling_) call_while_it_drains();
        return node->drain();
      case 9:
        // The master believes the old session to be alive when the same process rejoins.
        event("the path of " + name + " is lost");
        return net.up->lose_path();
      default:
        event("one byte at a time: " + name);
        net.up->max_read = net.up->max_write = 1 + static_cast<std::size_t>(lasts.count() % 7);
        return then([](node_process& one) { one.self.network.up->max_read = one.self.network.up->max_write = 4096; });
    }
  });
}

/// Lasts until the last overlapping freeze is over: one that ends earlier must not resume a machine that is still
/// frozen.
void scenario::freeze_master(duration until) {
  world_->master().self.freeze();
  master_frozen_until_ = std::max(master_frozen_until_, until);
  world_->at(until, [this, until] {
    if (world_->has_master() && until >= master_frozen_until_) world_->master().self.thaw();
  });
}

/// Freezes its whole machine: what was sent meanwhile arrives a moment after it resumes, and its timers fire first.
void scenario::suspend_master(duration until) {
  event("suspend the master");
  freeze_master(until);
  for (auto const& one : world_->nodes()) one->self.network.up->stall();
  world_->at(until + milliseconds(20), [this] {
    for (auto const& one : world_->nodes()) one->self.network.up->resume();
  });
}

void scenario::fault_of_master(duration when, duration lasts) {
  auto const kind = chance_.below(4);
  auto const how = some_death(chance_);
  world_->at(when, [=, this] {
    if (!world_->has_master()) return;
    auto const until = world_->now() + lasts;
    if (kind == 0) return suspend_master(until);
    if (kind == 1) {
      event("freeze the master");
      return freeze_master(until);
    }
    for (auto const& plan : plans_) hurt(plan.name, until);
    event(kind == 2 ? "stop the master" : std::string("kill the master (") + to_text(how) + ")");
    calls_.node_died();
    master_wanted_ = false;
    world_->at(until, [this] { master_wanted_ = true; });
    if (kind == 2) return world_->master().self.post([this] { world_->master().master.stop(); });
    forget_customers_of(world_->master().self);
    world_->kill_master(how);
  });
}

void scenario::fault_of_job(duration when, duration lasts) {
  auto const which = chance_.below(4);
  auto const kind = chance_.below(5);
  auto const how = some_death(chance_);
  world_->at(when, [=, this] {
    if (which >= world_->jobs().size()) return;
    auto* const job = world_->jobs()[which].get();
    auto const name = job->self.name();
    auto const again = [=, this](auto undo) {
      world_->at(world_->now() + lasts, [=, this] {
        for (auto const& one : world_->jobs())
          if (one.get() == job) return undo(*one);
      });
    };
    switch (kind) {
      case 0:
        event("kill " + name);
        forget_customers_of(job->self);
        return world_->kill(*job, how);
      case 1:
        event("freeze " + name);
        job->self.freeze();
        return again([](simulation::job_process& one) { one.self.thaw(); });
      case 2:
        event("reset the connection of " + name);
        return job->self.network.up->cut();
      case 3:
        event("the path of " + name + " is lost");
        return job->self.network.up->lose_path();
      default:
        event("cut off " + name);
        job->self.network.up->stall();
        job->self.network.down->stall();
        return again([](simulation::job_process& one) {
          one.self.network.up->resume();
          one.self.network.down->resume();
        });
    }
  });
}

void scenario::heal() {
  event("everything heals");
  for (auto& plan : plans_) plan.wanted = true;
  auto const mend = [](process& one) {
    one.thaw();
    for (auto const& plan : {one.network.up, one.network.down}) {
      if (plan->dropping()) {
        plan->cut();
        plan->deliver_writes();
      }
      if (plan->stalled()) plan->resume();
    }
  };
  for (auto const& one : world_->nodes()) mend(one->self);
  for (auto const& one : world_->jobs()) mend(one->self);
  if (world_->has_master()) world_->master().self.thaw();
  master_frozen_until_ = duration::zero();
  master_wanted_ = true;
}

}  // namespace dist::sim
