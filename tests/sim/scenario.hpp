#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "customer.hpp"
#include "ledger.hpp"
#include "sim/simulation.hpp"
#include "trial.hpp"
#include "watcher.hpp"

namespace dist {
class dispatcher;
}

namespace dist::sim {

/// The outcome of one seed.
struct verdict_of_seed {
  std::uint64_t seed = 0;
  std::uint64_t trace = 0;  ///< hash of all log lines with their times: equal for equal seeds
  std::uint64_t faults = 0;
  std::uint64_t checks = 0;
  std::uint64_t calls = 0;
  std::uint64_t answers = 0;
  std::uint64_t handlers = 0;
  std::vector<std::string> problems;
};

/// One cluster, its calls and its faults, all derived from one seed.
class scenario {
 public:
  /// `trace` receives everything that happens, as text; null: nothing.
  scenario(std::uint64_t seed, std::ostream* trace);
  verdict_of_seed run();

 private:
  struct node_plan {
    std::string name;
    node_settings settings;
    bool wanted = true;  ///< the supervisor restarts it when it is gone
  };
  struct working {
    std::unique_ptr<customer> who;
    test::started<void> run;
    process* in;
  };

  // chaos.cpp: random faults
  void plan_faults();
  void one_fault(duration when);
  void fault_of_node(std::size_t index, duration when, duration lasts);
  void fault_of_master(duration when, duration lasts);
  void freeze_master(duration until);
  void suspend_master(duration until);
  void fault_of_job(duration when, duration lasts);
  void hurt(std::string const& node, duration until);
  void heal();

  // drills.cpp: one fault at a time
  enum class drill {
    none,
    resets,  ///< connections break, no process dies
    drains,  ///< nodes leave at their drain limit, with calls unanswered
    turns,   ///< nothing goes wrong; two jobs share the nodes
  };
  static drill drill_of(std::uint64_t seed);
  void prepare_drill();
  void run_drill();
  void call_while_it_drains();

  // scenario.cpp: the course of a run
  void build();
  void shape(process_network& of);
  void start_node(std::size_t index);
  void supervise();
  void look_at_ended(simulation::node_process& node);
  void start_customers();
  void add_customer(process& in, dist::cluster on, bool from_link, std::size_t count);
  void forget_customers_of(process const& dead);
  bool everybody_here();
  std::optional<watcher::standing> standing_of(std::string_view node);
  dispatcher& master_calls();
  void recover();
  void finish_calls();
  void probe();
  void expect_nothing_left();
  void check_leases();
  void said(std::string const& who, std::string_view line);
  void event(std::string_view what);
  duration some(duration most) { return duration(static_cast<duration::rep>(chance_.below(static_cast<std::uint64_t>(most.count()) + 1))); }

  std::uint64_t seed_;
  drill drill_ = drill_of(seed_);
  std::ostream* trace_;
  test::seeded_entropy chance_;
  ledger calls_;
  watcher watcher_;
  master_options options_;
  std::unique_ptr<simulation> world_;
  std::vector<node_plan> plans_;
  std::vector<working> customers_;
  bool master_wanted_ = true;
  duration master_frozen_until_{};
  duration length_{};  ///< faults and new calls end then
  std::size_t job_count_ = 0;
  std::function<bool()> watch_turns_;  ///< until it returns true
  std::map<std::string, std::uint64_t, std::less<>> sessions_;  ///< how often each node's process has joined
  std::set<std::string> joined_;  ///< nodes whose process has been in the cluster
  bool calm_ = false;  ///< so that every range of seeds contains some quiet runs
  bool rolling_ = false;  ///< nodes are drained and restarted, and nothing else happens
  bool slow_links_ = false;
  unsigned tight_ = 0;  ///< the size of pipes and pieces
  std::uint64_t latency_us_ = 0;
  std::uint64_t method_us_ = 0;
  std::uint64_t faults_ = 0;
  std::uint64_t steps_ = 0;
  std::uint64_t hash_ = 0xCBF2'9CE4'8422'2325U;
};

}  // namespace dist::sim
