#include "process/node_processes.hpp"

#include <signal.h>
#include <unistd.h>

#include <asio/this_coro.hpp>
#include <chrono>
#include <dist/rpc/fault.hpp>
#include <dist/rpc/sleep.hpp>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "base/duration_text.hpp"
#include "base/terminal.hpp"
#include "call/alarm.hpp"
#include "call/listing.hpp"
#include "node/back_off.hpp"
#include "nodes/liveness.hpp"
#include "process/child_text.hpp"
#include "process/descriptor_limit.hpp"
#include "process/restart_policy.hpp"

namespace dist {
namespace {

std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string one; std::getline(file, one, '\0');) arguments.push_back(one);
  return arguments;
}

}  // namespace

node_processes::node_processes(seams const& world, std::size_t count, child_config common,
                               std::vector<std::string> arguments)
    : world_(world),
      count_(affordable_processes(count)),
      common_(std::move(common)),
      arguments_(arguments.empty() ? own_arguments() : std::move(arguments)),
      tasks_(world.io.get_executor()),
      kept_(count_) {
  common_.parent = ::getpid();
  if (count_ < count)
    world_.log.warn("only " + std::to_string(count_) + " of " + std::to_string(count) +
                    " node processes are started: the limit on open files is " + std::to_string(descriptor_limit()) +
                    "; raise it with ulimit -n");
}

node_processes::~node_processes() { forget_kill_timer(); }

task<void> node_processes::run() {
  for (std::size_t i = 0; i < count_ && !stopping_; ++i) tasks_.spawn(keep(i));
  co_await tasks_.join();
  forget_kill_timer();
}

void node_processes::stop(int signal, duration patience) noexcept {
  if (std::exchange(stopping_, true)) return;
  if (signal != 0)
    for (auto* child : children_) child->signal(signal);
  kill_timer_ = world_.clock.schedule(later(world_.clock.now(), patience), [this] {
    kill_timer_ = timer_id::none;
    for (auto* child : children_) child->signal(SIGKILL);
  });
  for (auto* pause : pauses_) pause->set();
}

task<void> node_processes::keep(std::size_t number) {
  auto given = common_;
  given.name += std::to_string(number + 1);
  restart_policy policy;
  std::string unsent;  ///< output of the previous process
  while (!stopping_) {
    auto const record = std::make_shared<crash_record>();
    given.black_box = record->descriptor();
    record->put_printed(unsent, is_beside_its_master());
    auto const started = world_.clock.now();
    auto const ended = co_await live(given, record);
    if (stopping_) break;
    unsent = record->take_printed().lines;
    auto const joined = record->incarnation() != 0;
    any_joined_ = any_joined_ || joined;
    if (record->left() == crash_record::farewell::drained && ended.is_success()) co_return stay_away(given.name);
    auto const answer = policy.after(ended, joined, world_.clock.now() - started);
    if (answer == restart_policy::answer::never) co_return give_up(given.name, ended);
    auto const time = answer == restart_policy::answer::at_once
                          ? duration::zero()
                          : duration(pause_before_retry(policy.failures(), world_.entropy));
    given.predecessor =
        ended.is_success() ? predecessor() : predecessor{record->incarnation(), to_text(ended), record->running()};
    auto const& running = given.predecessor.running;
    auto const line = "the process of node " + given.name + " ended: " + to_text(ended) +
                      (running.empty() ? "" : " while running " + running) + "; starting another" +
                      (time == duration::zero() ? "" : " in " + ms_text(time));
    ended.is_success() ? world_.log.info(line) : world_.log.warn(line);
    if (time != duration::zero()) co_await pause(time);
  }
}

/// Kills a child that has been silent as long as its master tolerates: it is stopped, or has closed its descriptors.
/// Its session is gone then, and no one else could replace it.
task<void> node_processes::watch(child_process& child, std::shared_ptr<crash_record> record, duration& unresponsive) {
  std::optional<liveness> rounds;
  pulse life;
  duration patience{};
  for (std::uint64_t known = 0;;) {
    co_await sleep_for(world_.clock, crash_record::beat_interval);
    if (record->incarnation() == 0) continue;
    auto const now = world_.clock.now();
    if (!rounds || patience != record->patience()) {
      patience = record->patience();
      rounds.emplace(liveness_settings{crash_record::beat_interval, 2, patience});
      life = {now, false};
    }
    if (auto const beats = record->beats(); std::exchange(known, beats) != beats) liveness::heard(life, now);
    rounds->begin_round(now);
    if (rounds->judge(life, now) != liveness_change::became_lost) continue;
    unresponsive = patience;
    child.signal(SIGKILL);
    co_return;
  }
}

/// Among the others, which all end together: one that is given up cancels those that live.
task<void> node_processes::hear(std::shared_ptr<child_text> text) { co_await text->run(); }

task<exit_report> node_processes::live(child_config given, std::shared_ptr<crash_record> record) {
  std::vector<int> inherited{record->descriptor()};
  if (given.secret >= 0) inherited.push_back(given.secret);
  std::shared_ptr<child_text> text;
  std::optional<child_process> child;
  exit_report ended;
  try {
    auto const show = [record, name = given.name, is_shown = is_beside_its_master()](std::string_view lines) {
      terminal::standard_error().write_lines(named_lines(name, lines));
      record->put_printed(lines, is_shown);
    };
    text = std::make_shared<child_text>(world_, show);
    child.emplace(world_.io, starter_, arguments_, std::vector{to_environment(given)}, text->writing_end(), inherited);
    text->close_writing_end();
  } catch (std::system_error const& e) {
    ended.code = exit_code::failed;
    ended.problem = e.what();
  }
  if (child) {
    listing const known(children_, *child);
    tasks_.spawn(hear(text));
    duration unresponsive{};
    task_group watching(world_.io.get_executor());
    watching.spawn(watch(*child, record, unresponsive));
    std::exception_ptr failed;
    try {
      ended = co_await child->wait();
    } catch (...) {
      failed = std::current_exception();
    }
    watching.stop();
    // A coroutine that was cancelled could not await any more.
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await watching.join();
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (failed) std::rethrow_exception(failed);
    // Before its end is logged.
    text->end();
    ended.unresponsive = unresponsive;
    ended.went_silently = record->left() == crash_record::farewell::none;
  }
  co_return ended;
}

/// Its master has drained it, so it must stay away.
void node_processes::stay_away(std::string const& name) {
  world_.log.warn("node " + name + " was drained by its master and stays away until this program is restarted");
  one_fewer();
}

void node_processes::one_fewer() {
  --kept_;
  if (tell_fewer_) tell_fewer_(kept_);
}

void node_processes::give_up(std::string const& name, exit_report const& ended) {
  auto const wrong_use = ended.signal == 0 && ended.code == exit_code::wrong_use;
  auto const line =
      "the process of node " + name + " ended: " + to_text(ended) + "; not restarting it: " +
      (wrong_use ? "it would end the same way"
                 : std::to_string(restart_policy::most_false_starts) + " in a row ended before they could join");
  one_fewer();
  if (kept_ > 0 && any_joined_) return world_.log.error(line);
  // None of the others has done better.
  throw call_error(make_fault(wrong_use ? errc::denied : errc::no_node, line));
}

void node_processes::forget_kill_timer() noexcept {
  if (kill_timer_ != timer_id::none) world_.clock.cancel(std::exchange(kill_timer_, timer_id::none));
}

/// Ends early when all stop.
task<void> node_processes::pause(duration time) {
  event over;
  alarm const end(world_.clock, time, over);
  listing const known(pauses_, over);
  co_await over.wait();
}

}  // namespace dist
