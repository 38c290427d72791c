#include "sim/process.hpp"

#include <asio/post.hpp>

namespace dist::sim {

void process_clock::run_due() {
  // Timers that an action schedules for now run with the next call.
  for (auto left = timers_.size(); left > 0; --left) {
    auto const action = timers_.take_due(now());
    if (!action) return;
    action();
  }
}

void process_clock::skip_to_next() {
  if (auto const due = timers_.next_due(); due && *due > now()) ahead_ += *due - now();
}

void process_compute::post(work_ptr work) {
  waiting_.push_back(std::move(work));
  begin();
}

void process_compute::begin() {
  while (busy_ < slots_ && !waiting_.empty()) {
    ++busy_;
    // The clock's actions can be copied.
    auto run = [this, work = std::make_shared<work_ptr>(std::move(waiting_.front()))] {
      dist::run(std::move(*work));
      --busy_;
      begin();
    };
    waiting_.pop_front();
    auto const takes = takes_ ? takes_() : duration::zero();
    if (takes > duration::zero())
      time_.schedule(time_.now() + takes, std::move(run));
    else
      asio::post(io_, std::move(run));
  }
}

process::process(test::virtual_clock& all, test::memory_network& net, process_settings how)
    : clock(all, how.clock_ahead),
      network(net, how.name),
      compute(io, clock, how.slots, std::move(how.method_takes)),
      chance(how.seed),
      log(log_level::debug, std::move(how.said)),
      name_(std::move(how.name)),
      stays_(asio::make_work_guard(io)),
      all_(all) {}

void process::freeze() {
  frozen_ = true;
  // Ahead of all that arrives from here on.
  if (chance.below(2) == 0) post_timers();
}

void process::post_timers() {
  if (std::exchange(timers_posted_, true)) return;
  asio::post(io, [this] {
    timers_posted_ = false;
    clock.run_due();
  });
}

bool process::run_one() {
  if (auto const due = clock.next_due(); due && *due <= all_.now()) post_timers();
  return io.poll_one() > 0;
}

void process::post(std::function<void()> action) { asio::post(io, std::move(action)); }

std::string process::bury(std::function<void()> stop, std::function<bool()> const& ended) {
  dead_ = true;
  post(std::move(stop));
  constexpr std::size_t most_timers = 100'000;
  for (std::size_t timers = 0;;) {
    while (run_one()) {
    }
    if (!clock.next_due()) break;
    if (++timers > most_timers) return name_ + ": its timers never end";
    clock.skip_to_next();
  }
  if (!ended()) return name_ + ": its coroutine does not end when it is stopped";
  stays_.reset();
  io.restart();
  io.poll();
  if (!io.stopped()) return name_ + ": work is left over";
  return {};
}

}  // namespace dist::sim
