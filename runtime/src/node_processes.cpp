#include "node_processes.hpp"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <dist/rpc/fault.hpp>
#include <dist/rpc/screen.hpp>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "alarm.hpp"
#include "back_off.hpp"
#include "child_text.hpp"
#include "listing.hpp"
#include "restart_policy.hpp"

namespace dist {
namespace {

std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string one; std::getline(file, one, '\0');) arguments.push_back(one);
  return arguments;
}

std::string ms_text(duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
}

}  // namespace

node_processes::node_processes(seams const& world, std::size_t count, orders common, std::vector<std::string> arguments)
    : world_(world),
      count_(count),
      common_(std::move(common)),
      arguments_(arguments.empty() ? own_arguments() : std::move(arguments)),
      tasks_(world.io.get_executor()),
      kept_(count) {
  common_.parent = ::getpid();
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
  kill_timer_ = world_.clock.schedule(world_.clock.now() + patience, [this] {
    kill_timer_ = timer_id::none;
    for (auto* child : children_) child->signal(SIGKILL);
  });
  for (auto* pause : pauses_) pause->set();
}

task<void> node_processes::keep(std::size_t number) {
  auto given = common_;
  given.name += std::to_string(number + 1);
  restart_policy policy;
  std::string unsent;  ///< of what the process before has printed
  while (!stopping_) {
    auto const box = std::make_shared<black_box>();
    given.black_box = box->descriptor();
    box->put_printed(unsent, is_beside_its_master());
    auto const started = world_.clock.now();
    auto const ended = co_await live(given, box);
    if (stopping_) break;
    unsent = box->take_printed().lines;
    auto const joined = box->incarnation() != 0;
    any_joined_ = any_joined_ || joined;
    auto const answer = policy.after(ended, joined, world_.clock.now() - started);
    if (answer == restart_policy::answer::never) co_return give_up(given.name, ended);
    auto const time = answer == restart_policy::answer::at_once
                          ? duration::zero()
                          : duration(pause_before_retry(policy.failures(), world_.entropy));
    given.predecessor =
        ended.is_success() ? predecessor() : predecessor{box->incarnation(), to_text(ended), box->running()};
    auto const& running = given.predecessor.running;
    auto const line = "the process of node " + given.name + " ended: " + to_text(ended) +
                      (running.empty() ? "" : " while running " + running) + "; starting another" +
                      (time == duration::zero() ? "" : " in " + ms_text(time));
    ended.is_success() ? world_.log.info(line) : world_.log.warn(line);
    if (time != duration::zero()) co_await pause(time);
  }
}

/// Among the others, which all end together: one that is given up cancels those that live.
task<void> node_processes::hear(std::shared_ptr<child_text> text) { co_await text->run(); }

task<exit_report> node_processes::live(orders given, std::shared_ptr<black_box> box) {
  std::vector<int> inherited{box->descriptor()};
  if (given.secret >= 0) inherited.push_back(given.secret);
  std::shared_ptr<child_text> text;
  std::optional<child_process> child;
  exit_report ended;
  try {
    auto const show = [box, name = given.name, is_shown = is_beside_its_master()](std::string_view lines) {
      screen::standard_error().write_lines(named_lines(name, lines));
      box->put_printed(lines, is_shown);
    };
    text = std::make_shared<child_text>(world_, show);
    child.emplace(world_.io, arguments_, std::vector{to_environment(given)}, text->writing_end(), inherited);
    text->close_writing_end();
  } catch (std::system_error const& e) {
    ended.code = exit_code::failed;
    ended.problem = e.what();
  }
  if (child) {
    listing const known(children_, *child);
    tasks_.spawn(hear(text));
    ended = co_await child->wait();
    // Before anything is said of its end.
    text->end();
  }
  co_return ended;
}

void node_processes::give_up(std::string const& name, exit_report const& ended) {
  auto const wrong_use = ended.signal == 0 && ended.code == exit_code::wrong_use;
  auto const line =
      "the process of node " + name + " ended: " + to_text(ended) + "; it is not started again: " +
      (wrong_use ? "another would end the same way"
                 : std::to_string(restart_policy::most_false_starts) + " in a row have ended before they could join");
  if (--kept_ > 0 && any_joined_) return world_.log.error(line);
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
