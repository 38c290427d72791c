#include "scenario.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>

// Of registry and runtime: the simulation inspects the master.
#include "ledger/next_step.hpp"
#include "master/dispatcher.hpp"

namespace dist::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr auto between_looks = milliseconds(500);  ///< of the supervisor
constexpr auto patience = seconds(60);             ///< until everything has recovered
constexpr auto last_call = seconds(240);           ///< until every call has ended

}  // namespace

scenario::scenario(std::uint64_t seed, std::ostream* trace)
    : seed_(seed), trace_(trace), chance_(seed),
      watcher_(calls_, [this](std::string_view node) { return standing_of(node); }) {}

std::optional<watcher::standing> scenario::standing_of(std::string_view name) {
  for (auto const& node : master_calls().nodes().nodes())
    if (node.info->name == name)
      return watcher::standing{node.state == node_state::living || node.state == node_state::set_aside, node.last_heard};
  return std::nullopt;
}

dispatcher& scenario::master_calls() {
  return dispatcher_of(world_->master().master.calls());
}

void scenario::event(std::string_view what) { said("*", what); }

void scenario::said(std::string const& who, std::string_view line) {
  auto const mix = [this](std::string_view text) {
    for (char const c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x0000'0100'0000'01B3U;
  };
  auto const now = world_ ? world_->now() : duration::zero();
  mix(who);
  mix(line);
  hash_ = (hash_ ^ static_cast<std::uint64_t>(now.count())) * 0x0000'0100'0000'01B3U;
  if (trace_)
    *trace_ << std::fixed << std::setprecision(6) << std::setw(11) << std::chrono::duration<double>(now).count() << "  "
            << std::left << std::setw(8) << who << std::right << line << '\n';
  if (who == "master") watcher_.read(line, now);
  if (line.find(": joined the master at ") == line.npos) return;
  joined_.insert(who);
  ++sessions_[who];
}

void scenario::build() {
  calm_ = chance_.below(8) == 0;
  rolling_ = !calm_ && chance_.below(8) == 0;
  if (rolling_) calls_.expect_no_losses();
  tight_ = static_cast<unsigned>(chance_.below(4));
  slow_links_ = chance_.below(4) == 0;
  if (calm_ && !slow_links_) calls_.expect_cancels_within(seconds(1));
  latency_us_ = chance_.below(3) == 0 ? 0 : chance_.below(chance_.below(2) == 0 ? 200 : 20'000);
  method_us_ = chance_.below(3) == 0 ? 0 : chance_.below(30'000);
  length_ = milliseconds(300 + chance_.below(chance_.below(4) == 0 ? 12'000 : 3'000));
  options_.heartbeat = milliseconds(500);
  options_.lost_after = milliseconds(1500 + chance_.below(3000));
  options_.limits.handshake = milliseconds(2000);
  if (chance_.below(8) == 0) options_.limits.calls_per_connection = 3;
  prepare_drill();
  watcher_.lost_after = options_.lost_after + 3 * options_.heartbeat + seconds(2);
  auto made = std::make_shared<std::vector<std::shared_ptr<trial_site>>>();
  options_.services = services(Trial());
  world_ = std::make_unique<simulation>(
      chance_.next(),
      [this](process& self) {
        return services(Trial(std::make_shared<trial_site>(trial_site{calls_, self, world_->time, sessions_[self.name()]})));
      },
      options_);
  world_->listen([this](std::string const& who, std::string_view line) { said(who, line); });
  world_->shape_network = [this](process_network& of) { shape(of); };
  if (tight_ == 1) world_->network.pipe_bytes = 64 + static_cast<std::size_t>(chance_.below(4000));
  world_->start_master();
  auto const nodes = 1 + chance_.below(8);
  for (std::uint64_t i = 0; i < nodes; ++i) {
    node_plan plan;
    plan.name = "n" + std::to_string(i + 1);
    plan.settings.name = plan.name;
    plan.settings.slots = 1 + static_cast<std::size_t>(chance_.below(4));
    plan.settings.clock_ahead = chance_.below(2) == 0 ? duration::zero() : duration(some(seconds(100'000)));
    if (method_us_ > 0)
      plan.settings.method_takes = [this] { return microseconds(world_->chance.below(method_us_)); };
    plan.settings.options.drain_limit = rolling_ ? duration(seconds(20)) : some(seconds(3));
    if (drill_ == drill::drains) plan.settings.options.drain_limit = milliseconds(50);
    plan.settings.options.limits.handshake = options_.limits.handshake;
    plans_.push_back(std::move(plan));
    start_node(i);
  }
  job_count_ = static_cast<std::size_t>(chance_.below(3));
  if (drill_ == drill::turns) job_count_ = 2;
  for (std::size_t i = 0; i < job_count_; ++i)
    world_->start_job("job" + std::to_string(i + 1), chance_.below(2) == 0 ? duration::zero() : duration(some(seconds(50'000))));
  event("seed " + std::to_string(seed_) + ": " + std::to_string(nodes) + " nodes, " + std::to_string(job_count_) + " jobs");
}

void scenario::shape(process_network& of) {
  for (auto const& plan : {of.up, of.down}) {
    plan->time = &world_->time;
    auto const per_byte = slow_links_ ? chance_.below(2'000) : 0;  // ns
    if (latency_us_ > 0 || per_byte > 0)
      plan->delay = [this, per_byte](std::size_t bytes) {
        return microseconds(world_->chance.below(latency_us_ + 1)) + std::chrono::nanoseconds(per_byte * bytes);
      };
    if (tight_ == 2) {
      plan->max_read = 1 + static_cast<std::size_t>(chance_.below(100));
      plan->max_write = 1 + static_cast<std::size_t>(chance_.below(100));
    }
  }
}

void scenario::start_node(std::size_t index) {
  auto settings = plans_[index].settings;
  joined_.erase(settings.name);
  world_->start_node(std::move(settings));
}

/// A process is rejected only at first, while another lives under its name: never one that was in the cluster.
void scenario::look_at_ended(simulation::node_process& node) {
  if (!node.run.done()) return;
  std::string turned_away;
  try {
    node.run.get();
  } catch (std::exception const& e) {
    turned_away = e.what();
  }
  auto const& name = node.self.name();
  calls_.check(turned_away.empty() || !joined_.contains(name),
               [&] { return "node " + name + " was in the cluster and is turned away: " + turned_away; });
}

void scenario::supervise() {
  if (world_->has_master() && world_->master().run.done()) {
    forget_customers_of(world_->master().self);
    world_->kill_master(death::closed);
  }
  if (!world_->has_master() && master_wanted_) {
    event("start the master");
    world_->start_master();
    if (world_->now() < length_) add_customer(world_->master().self, world_->master().master.calls(), false, 5);
  }
  for (auto const& node : world_->nodes()) look_at_ended(*node);
  world_->bury_ended();
  for (std::size_t i = 0; i < plans_.size(); ++i)
    if (plans_[i].wanted && !world_->find(plans_[i].name)) {
      hurt(plans_[i].name, world_->now());
      event("start " + plans_[i].name);
      start_node(i);
    }
  world_->at(world_->now() + between_looks, [this] { supervise(); });
}

void scenario::add_customer(process& in, dist::cluster on, bool from_link, std::size_t count) {
  auto who = std::make_unique<customer>(in, std::move(on), calls_, chance_.next(), from_link, plans_.size(), world_->time);
  auto work = who->run(count, length_);
  auto run = test::start(in.io, std::move(work));
  customers_.push_back({std::move(who), run, &in});
}

void scenario::start_customers() {
  if (drill_ != drill::none) {
    // First all nodes join.
    world_->run_until([this] { return everybody_here(); }, world_->now() + patience);
    return run_drill();
  }
  auto const count = 5 + static_cast<std::size_t>(chance_.below(60));
  add_customer(world_->master().self, world_->master().master.calls(), false, count);
  for (auto const& job : world_->jobs()) add_customer(job->self, job->link.calls(), true, count / 2);
}

void scenario::forget_customers_of(process const& dead) {
  for (auto& one : customers_)
    if (one.in == &dead) one.in = nullptr;
}

bool scenario::everybody_here() {
  if (!world_->has_master() || master_calls().book().is_stopped()) return false;
  for (auto const& plan : plans_)
    if (auto const* const node = world_->find(plan.name); !node || node->is_leaving || !node->node.joined())
      return false;
  auto const counts = master_calls().nodes().counts();
  return counts.living + counts.set_aside == plans_.size() && counts.nodes == plans_.size();
}

void scenario::recover() {
  world_->pass(length_);
  heal();
  // Requests to processes that were not running take effect now.
  world_->pass(world_->now() + between_looks);
  auto const back = world_->run_until([this] { return everybody_here(); }, world_->now() + patience);
  calls_.check(back, [] { return std::string("not all nodes have come back although nothing is wrong any more"); });
}

void scenario::finish_calls() {
  auto const done = [this] {
    return std::ranges::all_of(customers_, [](working const& one) { return !one.in || one.run.done(); });
  };
  world_->run_until(done, world_->now() + last_call);
  for (auto& one : customers_)
    if (one.in && one.run.done()) {
      try {
        one.run.get();
      } catch (std::exception const& e) {
        calls_.wrong(std::string("a job's coroutine ended with ") + e.what());
      }
    }
}

/// Makes a call meant for each node.
void scenario::probe() {
  auto& master = world_->master();
  std::set<std::string> answered;
  std::vector<std::string> names;
  for (auto const& plan : plans_) names.push_back(plan.name);
  auto work = [](dist::cluster on, ledger& calls, std::vector<std::string> nodes, std::set<std::string>& by) -> task<void> {
    for (auto const& name : nodes) {
      call_facts about;
      about.kind = method_kind::waits;
      auto const tag = calls.open(about);
      auto call = start_trial(on, about.kind, tag, 1000, call_options().needs("node=" + name));
      auto const got = co_await std::move(call);
      if (got)
        calls.answered(tag, *got);
      else
        calls.failed(tag, got.error());
      if (auto const node = call.node()) by.insert(*node);
    }
  };
  auto run = test::start(master.self.io, work(master.master.calls(), calls_, names, answered));
  world_->run_until([&] { return run.done(); }, world_->now() + patience);
  calls_.check(run.done(), [] { return std::string("calls to a healthy cluster do not end"); });
  calls_.check(answered.size() == plans_.size(), [&] {
    return std::to_string(answered.size()) + " of " + std::to_string(plans_.size()) + " nodes answer";
  });
}

/// A slot is in use for each call that runs or is abandoned, and for no other. (No method here blocks its thread: one
/// that waits for nested calls releases its slot.)
void scenario::check_leases() {
  if (!world_->has_master()) return;
  auto const& calls = master_calls();
  for (auto const& node : calls.nodes().nodes()) {
    if (!calls.find(node.id)) continue;
    std::size_t holding = 0;
    calls.ledger().each_attempt(node.id, [&](call_id, attempt const& one) { holding += one.nested == 0; });
    calls_.check(node.in_use == holding, [&] {
      return "node " + node.info->name + " has " + std::to_string(node.in_use) + " slots in use for " +
             std::to_string(holding) + " calls";
    });
  }
}

void scenario::expect_nothing_left() {
  auto const& calls = master_calls();
  // Methods that ignore their cancellation may still run, and a job's progress report, which is also a call, may be on
  // its way.
  auto const at_rest = [&] {
    return calls.nodes().counts().in_use == 0 && std::ranges::all_of(world_->jobs(), [](auto const& job) {
             return job->link.calls().caller().live_count() == 0;
           });
  };
  world_->run_until(at_rest, world_->now() + patience);
  auto const counts = calls.nodes().counts();
  auto const none = [&](std::uint64_t count, char const* what) {
    calls_.check(count == 0, [&] { return std::to_string(count) + " " + what + " are left over"; });
  };
  none(counts.in_use, "leases");
  none(counts.abandoned, "abandoned leases");
  none(counts.queued, "queued calls");
  none(counts.queued_bytes, "queued bytes");
  none(calls.book().live_count(), "calls of the master");
  none(calls.ledger().live_calls(), "calls of the ledger");
  // Only copies of a silent node's calls may be counted as losses where nodes leave in good order.
  auto const& sent_again = calls.record().counted().issued_again;
  if (rolling_ && !watcher_.saw_silence())
    none(sent_again[static_cast<std::size_t>(issue_cost::loss)], "calls that drained nodes should have given back");
  for (auto const& job : world_->jobs()) none(job->link.calls().caller().live_count(), "calls of a job");
}

verdict_of_seed scenario::run() {
  build();
  // A wrong lease stays wrong for a while: not every step needs a check.
  world_->after_step = [this] {
    if (++steps_ % 4 == 0) check_leases();
    if (watch_turns_ && watch_turns_()) watch_turns_ = nullptr;
  };
  supervise();
  start_customers();
  plan_faults();
  recover();
  finish_calls();
  if (calls_.problems().empty()) expect_nothing_left();
  if (calls_.problems().empty()) probe();
  calls_.judge();
  verdict_of_seed verdict;
  verdict.handlers = world_->handlers();
  // The remaining processes end too; after a failed run, leftovers are not reported.
  auto const went_well = calls_.problems().empty();
  while (!world_->jobs().empty()) world_->kill(*world_->jobs().front(), death::closed);
  while (!world_->nodes().empty()) world_->kill(*world_->nodes().front(), death::closed);
  if (world_->has_master()) world_->kill_master(death::closed);
  for (auto const& left : world_->leftovers()) calls_.check(!went_well, [&] { return left; });
  customers_.clear();
  verdict.seed = seed_;
  verdict.trace = hash_;
  verdict.faults = faults_;
  verdict.checks = calls_.checks();
  verdict.calls = calls_.calls();
  verdict.answers = calls_.answers();
  verdict.problems = calls_.problems();
  return verdict;
}

}  // namespace dist::sim
