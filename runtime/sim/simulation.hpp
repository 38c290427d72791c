#pragma once

#include <deque>
#include <dist/dist.hpp>
#include <dist/runtime/master_link.hpp>
#include <dist/runtime/node.hpp>
#include <dist/sim/cluster.hpp>
#include <string>
#include <vector>

#include "sim/process.hpp"
#include "sim/world/run.hpp"

namespace dist::sim {

/// Makes the services of a node's process.
using service_maker = std::function<service_list(process&)>;

struct node_settings {
  std::string name;
  std::size_t slots = 1;
  duration clock_ahead{};
  std::function<duration()> method_takes;
  node_options options;  ///< but the master's address and the name
};

/// A master, its nodes and other jobs, each in a process of its own, in one thread: one seed decides everything.
class simulation {
 public:
  struct node_process {
    node_process(simulation& in, process_settings how, node_options options, service_maker const& services)
        : self(in.time, in.network, std::move(how)),
          node(self.world(), std::move(options), services(self)),
          run(test::start(self.io, node.run())) {}
    /// Its calls end, then the process.
    void drain() {
      is_leaving = true;
      self.post([this] { node.drain(); });
    }

    process self;
    dist::node node;
    test::started<void> run;
    bool is_leaving = false;  ///< it was told to drain, and has perhaps not heard it yet
  };
  struct master_process {
    master_process(simulation& in, process_settings how, master_options options)
        : self(in.time, in.network, std::move(how)),
          master(self.world(), std::move(options)),
          run(test::start(self.io, master.run())) {}
    process self;
    dist::master master;
    test::started<void> run;
  };
  struct job_process {
    job_process(simulation& in, process_settings how, link_options options)
        : self(in.time, in.network, std::move(how)), link(self.world(), std::move(options)) {}
    process self;
    master_link link;
    std::optional<test::started<void>> run;
  };
  /// Called with every log line: its process and its text.
  using listener = std::function<void(std::string const& who, std::string_view line)>;

  simulation(std::uint64_t seed, service_maker services, master_options options);
  ~simulation();
  simulation(simulation const&) = delete;
  simulation& operator=(simulation const&) = delete;

  void start_master();
  /// A process of that name must have ended before.
  node_process& start_node(node_settings how);
  job_process& start_job(std::string name, duration clock_ahead = {});
  node_process* find(std::string const& name);

  master_process& master() { return *master_; }
  bool has_master() const noexcept { return master_ != nullptr; }
  std::deque<std::unique_ptr<node_process>>& nodes() noexcept { return nodes_; }
  std::deque<std::unique_ptr<job_process>>& jobs() noexcept { return jobs_; }

  // Faults; each outside of every process, such as from at().

  void kill(node_process& which, death how);
  void kill_master(death how);
  void kill(job_process& which, death how);
  /// Takes away node processes that have ended by themselves.
  void bury_ended();

  /// Runs `action` when so much time has passed since the beginning.
  void at(duration when, std::function<void()> action) { time.schedule(begin_ + when, std::move(action)); }
  duration now() const noexcept { return time.now() - begin_; }

  /// One handler of one process, or, if none is ready, the next moment at which something happens. False when nothing
  /// ever will, or only after `until`, which is where time stands then.
  bool step(duration until = duration::max()) {
    auto const more = step_once(until);
    if (after_step) after_step();
    return more;
  }
  /// Steps until `done()`; false if no event is left, or it takes longer than `until`.
  bool run_until(std::function<bool()> const& done, duration until);
  void pass(duration until) {
    while (step(until)) {
    }
  }

  /// Leftovers of processes that ended.
  std::vector<std::string> const& leftovers() const noexcept { return leftovers_; }
  std::uint64_t handlers() const noexcept { return handlers_; }
  void listen(listener to) { listener_ = std::move(to); }
  void say(std::string const& who, std::string_view line) {
    if (listener_) listener_(who, line);
  }

  test::virtual_clock time;
  test::memory_network network;
  test::seeded_entropy chance;
  /// Called after each step.
  std::function<void()> after_step;
  /// Of every connection that is made from now on.
  std::function<void(process_network&)> shape_network;

 private:
  bool step_once(duration until);
  process_settings settings_for(std::string name);
  void end_network(process_network& of, death how);
  void note(std::string problem) {
    if (!problem.empty()) leftovers_.push_back(std::move(problem));
  }

  service_maker services_;
  master_options options_;
  time_point begin_;
  std::unique_ptr<master_process> master_;
  std::deque<std::unique_ptr<node_process>> nodes_;
  std::deque<std::unique_ptr<job_process>> jobs_;
  std::vector<process*> running_;  ///< all of them, in the order of their start
  std::vector<std::string> leftovers_;
  std::uint64_t handlers_ = 0;
  std::size_t turn_ = 0;
  listener listener_;
};

}  // namespace dist::sim
