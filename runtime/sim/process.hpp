#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <deque>
#include <dist/rpc/detail/compute.hpp>
#include <dist/rpc/detail/timer_heap.hpp>
#include <dist/rpc/network.hpp>
#include <dist/rpc/seams.hpp>
#include <functional>
#include <memory>
#include <string>

#include "sim/world/memory_network.hpp"
#include "sim/world/seeded_entropy.hpp"
#include "sim/world/virtual_clock.hpp"

namespace dist::sim {

/// One process' clock: virtual time, shifted by what its machine's clock differs from the others'.
class process_clock final : public clock {
 public:
  process_clock(test::virtual_clock& all, duration ahead) : all_(all), ahead_(ahead) {}

  time_point now() const noexcept override { return all_.now() + ahead_; }
  timer_id schedule(time_point when, std::function<void()> action) override {
    return timers_.add(when, std::move(action));
  }
  void cancel(timer_id timer) noexcept override { timers_.cancel(timer); }
  std::size_t timer_count() const noexcept override { return timers_.size(); }

  /// When the next timer expires, in common time.
  std::optional<time_point> next_due() const noexcept {
    auto const due = timers_.next_due();
    return due ? std::optional(*due - ahead_) : std::nullopt;
  }
  void run_due();
  /// For a process that is no longer observed: its time runs on without the others'.
  void skip_to_next();

 private:
  test::virtual_clock& all_;
  duration ahead_;
  timer_heap timers_;
};

/// Threads that compute, without threads: each method of a slot begins when the one before has ended, and a plain one
/// takes as long as `takes` returns.
class process_compute final : public compute_threads {
 public:
  process_compute(asio::io_context& io, clock& time, std::size_t slots, std::function<duration()> takes)
      : io_(io), time_(time), slots_(slots), takes_(std::move(takes)) {}

  asio::any_io_executor executor() override { return io_.get_executor(); }
  void post(work_ptr work) override;
  std::size_t slots() const noexcept override { return slots_; }

 private:
  void begin();

  asio::io_context& io_;
  clock& time_;
  std::size_t slots_;
  std::function<duration()> takes_;
  std::size_t busy_ = 0;
  std::deque<work_ptr> waiting_;
};

/// One process' way into the network, with faults of its own.
class process_network final : public network {
 public:
  process_network(test::memory_network& all, std::string host) : all_(all), host_(std::move(host)) {}
  task<std::unique_ptr<stream>> connect(address to) override { return all_.connect_with(std::move(to), up, down, host_); }
  std::unique_ptr<listener> listen(address at) override { return all_.listen(std::move(at)); }

  std::shared_ptr<test::fault_plan> up = std::make_shared<test::fault_plan>();    ///< of its own ends
  std::shared_ptr<test::fault_plan> down = std::make_shared<test::fault_plan>();  ///< of the other ends

 private:
  test::memory_network& all_;
  std::string host_;
};

struct process_settings {
  std::string name;
  std::uint64_t seed = 1;
  duration clock_ahead{};
  std::size_t slots = 1;
  std::function<duration()> method_takes;  ///< null: no time
  log::sink said;
};

/// The system's view of one process. While it is stopped nothing in it runs, and time goes on; when it is dead
/// nothing ever runs in it again.
class process {
 public:
  process(test::virtual_clock& all, test::memory_network& network, process_settings how);
  process(process const&) = delete;
  process& operator=(process const&) = delete;

  seams world() { return {io, clock, network, compute, chance, log}; }
  std::string const& name() const noexcept { return name_; }

  /// Whether its timers or arrived data come first when it continues is random.
  void freeze();
  void thaw() noexcept {
    frozen_ = false;
    thawed_at_ = clock.now();
  }
  /// When it last began to run again, on its own clock.
  time_point thawed_at() const noexcept { return thawed_at_; }
  bool runs() const noexcept { return !frozen_ && !dead_; }
  bool frozen() const noexcept { return frozen_; }
  bool dead() const noexcept { return dead_; }

  /// Runs one handler; false when none is ready.
  bool run_one();
  /// Runs `action` inside of the process, as soon as it runs.
  void post(std::function<void()> action);
  /// The process ended: destroys its objects, unobserved, until `ended()`. Anything left over then is
  /// answered, nothing if all is well.
  std::string bury(std::function<void()> stop, std::function<bool()> const& ended);

  asio::io_context io;
  process_clock clock;
  process_network network;
  process_compute compute;
  test::seeded_entropy chance;
  dist::log log;

 private:
  void post_timers();

  std::string name_;
  time_point thawed_at_{};
  bool frozen_ = false;
  bool dead_ = false;
  bool timers_posted_ = false;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> stays_;
  test::virtual_clock& all_;
};

}  // namespace dist::sim
