#include "sim/simulation.hpp"

#include <algorithm>

namespace dist::sim {

namespace {

/// Handlers that a process runs before another gets its turn.
constexpr std::uint64_t longest_turn = 8;

}  // namespace

simulation::simulation(std::uint64_t seed, service_maker services, master_options options)
    : chance(seed), services_(std::move(services)), options_(std::move(options)), begin_(time.now()) {
  options_.listen = {"master", 3000};
  options_.insecure = true;
}

simulation::~simulation() {
  while (!jobs_.empty()) kill(*jobs_.front(), death::closed);
  while (!nodes_.empty()) kill(*nodes_.front(), death::closed);
  if (master_) kill_master(death::closed);
}

process_settings simulation::settings_for(std::string name) {
  process_settings made;
  made.seed = chance.next();
  made.said = [this, name](log_level, std::string_view line) { say(name, line); };
  made.name = std::move(name);
  return made;
}

void simulation::start_master() {
  auto options = options_;
  process_settings how = settings_for("master");
  master_ = std::make_unique<master_process>(*this, std::move(how), std::move(options));
  running_.push_back(&master_->self);
}

simulation::node_process& simulation::start_node(node_settings how) {
  auto settings = settings_for(how.name);
  settings.slots = how.slots;
  settings.clock_ahead = how.clock_ahead;
  settings.method_takes = std::move(how.method_takes);
  how.options.master = {"master", 3000};
  how.options.name = how.name;
  how.options.name_is_default = false;
  how.options.secret = options_.secret;
  auto& made = *nodes_.emplace_back(
      std::make_unique<node_process>(*this, std::move(settings), std::move(how.options), services_));
  if (shape_network) shape_network(made.self.network);
  running_.push_back(&made.self);
  return made;
}

simulation::job_process& simulation::start_job(std::string name, duration clock_ahead) {
  auto settings = settings_for(name);
  settings.clock_ahead = clock_ahead;
  link_options options;
  options.master = {"master", 3000};
  options.name = std::move(name);
  options.secret = options_.secret;
  auto& made = *jobs_.emplace_back(std::make_unique<job_process>(*this, std::move(settings), std::move(options)));
  if (shape_network) shape_network(made.self.network);
  running_.push_back(&made.self);
  made.run = test::start(made.self.io, made.link.run());
  return made;
}

simulation::node_process* simulation::find(std::string const& name) {
  for (auto const& node : nodes_)
    if (node->self.name() == name) return node.get();
  return nullptr;
}

void simulation::end_network(process_network& of, death how) {
  switch (how) {
    case death::closed: return of.up->end();
    case death::reset: return of.up->cut();
    case death::vanished: return of.up->drop_writes();
  }
}

void simulation::kill(node_process& which, death how) {
  end_network(which.self.network, how);
  note(which.self.bury([&which] { which.node.stop(); }, [&which] { return which.run.done(); }));
  std::erase(running_, &which.self);
  std::erase_if(nodes_, [&](auto const& one) { return one.get() == &which; });
}

void simulation::kill(job_process& which, death how) {
  end_network(which.self.network, how);
  note(which.self.bury([&which] { which.link.stop(); }, [&which] { return which.run->done(); }));
  std::erase(running_, &which.self);
  std::erase_if(jobs_, [&](auto const& one) { return one.get() == &which; });
}

void simulation::kill_master(death how) {
  auto const end = [how](process_network& of) {
    switch (how) {
      case death::closed: return of.down->end();
      case death::reset: return of.down->cut();
      case death::vanished: return of.down->drop_writes();
    }
  };
  for (auto const& one : nodes_) end(one->self.network);
  for (auto const& one : jobs_) end(one->self.network);
  note(master_->self.bury([this] { master_->master.stop(); }, [this] { return master_->run.done(); }));
  std::erase(running_, &master_->self);
  master_.reset();
  if (how != death::vanished) return;
  for (auto const& one : nodes_) one->self.network.down->deliver_writes();
  for (auto const& one : jobs_) one->self.network.down->deliver_writes();
}

void simulation::bury_ended() {
  for (std::size_t i = 0; i < nodes_.size();) {
    auto& node = *nodes_[i];
    if (node.run.done())
      kill(node, death::closed);
    else
      ++i;
  }
}

bool simulation::step_once(duration until) {
  auto const count = running_.size();
  if (count > 0) {
    turn_ = static_cast<std::size_t>(chance.below(count));
    for (std::size_t i = 0; i < count; ++i) {
      auto& one = *running_[(turn_ + i) % count];
      if (!one.runs() || !one.run_one()) continue;
      ++handlers_;
      for (auto more = chance.below(longest_turn); more > 0 && one.run_one(); --more) ++handlers_;
      return true;
    }
  }
  auto next = time.next_due();
  for (auto* one : running_)
    if (auto const due = one->runs() ? one->clock.next_due() : std::nullopt; due && (!next || *due < *next)) next = due;
  auto const last = until == duration::max() ? time_point::max() : begin_ + until;
  if (!next || *next > last) {
    if (last != time_point::max()) time.advance_to(last);
    return false;
  }
  if (*next > time.now()) {
    time.advance_to(*next);
  } else {
    time.advance_to_next();
  }
  return true;
}

bool simulation::run_until(std::function<bool()> const& done, duration until) {
  while (!done())
    if (!step(until)) return done();
  return true;
}

}  // namespace dist::sim
