#pragma once

#include <concepts>
#include <cstdint>
#include <dist/dist.hpp>
#include <dist/runtime/master.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace dist::sim {

/// How a node's process dies, as the others see it.
enum class death {
  closed,    ///< its system closes its connections: peers know at once
  reset,     ///< its connections break, and data in flight is lost
  vanished,  ///< its machine vanishes: peers notice only its silence
};

/// How a simulated cluster is; setters can be chained.
class cluster_options {
 public:
  cluster_options() {}

  /// Everything that is left to chance follows from it: the same seed, the same run. Default 1.
  cluster_options& seed(std::uint64_t number) noexcept {
    seed_ = number;
    return *this;
  }
  /// Bytes are on their way for up to this long. Default: no time.
  cluster_options& latency(duration most) noexcept {
    latency_ = most;
    return *this;
  }
  /// A plain method takes this long. Default: no time. Coroutine methods take as long as what
  /// they await.
  cluster_options& method_time(duration each) noexcept { return method_time(each, each); }
  cluster_options& method_time(duration shortest, duration longest) noexcept {
    shortest_ = shortest;
    longest_ = longest;
    return *this;
  }
  /// The master's settings, such as its heartbeat and how long a silent node is waited for. Where it listens and which
  /// services there are is the simulation's.
  cluster_options& master(master_options settings) {
    master_ = std::move(settings);
    return *this;
  }
  /// A job that has not ended after so much simulated time is taken for stuck. Default an hour.
  cluster_options& patience(duration longest) noexcept {
    patience_ = longest;
    return *this;
  }
  /// Receives every log line: when, which process ("master", or the node's name), what.
  cluster_options& on_log(std::function<void(duration when, std::string const& who, std::string_view line)> to) {
    on_log_ = std::move(to);
    return *this;
  }

 private:
  friend class cluster;
  std::uint64_t seed_ = 1;
  duration latency_{};
  duration shortest_{};
  duration longest_{};
  duration patience_ = std::chrono::hours(1);
  master_options master_;
  std::function<void(duration, std::string const&, std::string_view)> on_log_;
};

/// A master and its nodes for tests: each a process of its own, all in this thread, in simulated time and on a
/// simulated network. The code that runs in it is the one that runs outside. No ports, no sleeps; a minute passes in a
/// millisecond.
///
/// Errors   std::invalid_argument for an unknown node or a duplicate name.
/// Lives    its nodes' services end with it.
/// Threads  one. Jobs and methods await; block_on and std::future would deadlock here.
class cluster {
 public:
  /// Starts with the master only, without nodes. Each node makes its own objects of `services`.
  explicit cluster(service_list services, cluster_options options = {});
  ~cluster();
  cluster(cluster const&) = delete;
  cluster& operator=(cluster const&) = delete;

  /// Starts a node's process; it joins as time goes on. A name may be used again once its process has died.
  void add_node(std::string name, std::size_t slots = 1);
  /// The same for `node1`, `node2`, ...
  void add_nodes(std::size_t count, std::size_t slots = 1);

  // Faults, effective now. In a job's code call these through at(), not from inside a method.

  /// The process is gone, and all that ran in it.
  void kill(std::string const& node, death how = death::closed);
  /// Nothing in the process runs, its timers neither, until thaw().
  void freeze(std::string const& node);
  void thaw(std::string const& node);
  /// No byte passes between the node and the master until heal(); data sent meanwhile arrives then.
  void cut_off(std::string const& node);
  void heal(std::string const& node);
  /// As by SIGTERM: it takes no new calls, finishes its own and leaves.
  void drain(std::string const& node);
  void freeze_master();
  void thaw_master();

  /// Runs `action` when so much simulated time has passed since the beginning, between two steps of the processes.
  void at(duration when, std::function<void()> action);
  /// Simulated time since the beginning.
  duration now() const;
  /// Lets time pass without a job.
  void pass(duration time);

  /// For calls of a job in the master's process; run() hands it to the job.
  dist::cluster calls();
  /// Runs a job's coroutine to its end; returns its result or throws its exception. std::runtime_error when it does not
  /// end, with the reason why its calls wait.
  template <class T>
  T run(task<T> job) {
    if constexpr (std::is_void_v<T>) {
      run_to_end(std::move(job));
    } else {
      std::optional<T> result;
      run_to_end(keep(std::move(job), result));
      return std::move(*result);
    }
  }
  /// The same for a job as dist::run takes it: `task<T> job(dist::cluster&)`.
  template <std::invocable<dist::cluster&> Job>
  auto run(Job job) {
    auto handle = calls();
    return run(job(handle));
  }

 private:
  template <class T>
  static task<void> keep(task<T> job, std::optional<T>& result) {
    result.emplace(co_await std::move(job));
  }
  void run_to_end(task<void> job);

  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace dist::sim
