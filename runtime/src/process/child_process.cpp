#include "process/child_process.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <system_error>

#include "base/duration_text.hpp"

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace dist {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

void check(int error, char const* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

int start(std::vector<std::string> arguments, std::vector<std::string> environment, int text,
          std::vector<int> const& inherited) {
  for (char** entry = environ; *entry; ++entry) environment.emplace_back(*entry);
  posix_spawn_file_actions_t actions;
  check(::posix_spawn_file_actions_init(&actions), "cannot start a process");
  // Onto itself: the copy is not closed by exec.
  for (int const one : inherited) ::posix_spawn_file_actions_adddup2(&actions, one, one);
  for (int const one : {STDOUT_FILENO, STDERR_FILENO}) ::posix_spawn_file_actions_adddup2(&actions, text, one);
  pid_t id = -1;
  auto argv = pointers_to(arguments);
  auto envp = pointers_to(environment);
  auto const error = ::posix_spawn(&id, "/proc/self/exe", &actions, nullptr, argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&actions);
  check(error, "cannot start a node process");
  return id;
}

/// Waits for its end, which takes a moment.
int on_thread_of(compute_pool& pool, std::function<int()> work) {
  std::packaged_task<int()> run(std::move(work));
  auto done = run.get_future();
  asio::post(pool.executor(), [&run] { run(); });
  return done.get();
}

int open_handle(int id) {
  auto const handle = static_cast<int>(::syscall(SYS_pidfd_open, id, 0));
  if (handle < 0) {
    auto const error = errno;
    ::kill(id, SIGKILL);
    int status = 0;
    ::waitpid(id, &status, 0);
    check(error, "cannot watch a node process (pidfd_open)");
  }
  return handle;
}

std::uint64_t memory_kills_so_far() {
  std::ifstream file("/proc/vmstat");
  return out_of_memory_kills(std::string(std::istreambuf_iterator<char>(file), {}));
}

std::string name_of(int signal) {
  auto const* const known = ::sigdescr_np(signal);
  std::string name = known ? known : "unknown";
  name.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(name.front())));
  return name;
}

}  // namespace

std::uint64_t out_of_memory_kills(std::string_view vmstat) {
  constexpr std::string_view name = "\noom_kill ";
  auto const at = vmstat.find(name);
  std::uint64_t count = 0;
  if (at != vmstat.npos) std::from_chars(vmstat.data() + at + name.size(), vmstat.data() + vmstat.size(), count);
  return count;
}

std::string to_text(exit_report const& report) {
  if (!report.problem.empty()) return report.problem;
  if (report.is_kill_after()) return "killed by kill_after";
  if (report.unresponsive != duration::zero())
    return "it did not respond for " + whole_seconds_text(report.unresponsive) + " and was killed";
  if (report.signal == 0) return "exit code " + std::to_string(report.code);
  auto text = "signal " + std::to_string(report.signal) + " (" + name_of(report.signal);
  if (report.out_of_memory) text += ", out of memory at " + std::to_string(report.peak_bytes / 1'000'000) + " MB";
  return text + ')';
}

child_process::child_process(asio::io_context& io, compute_pool& starter, std::vector<std::string> arguments,
                             std::vector<std::string> environment, int text, std::vector<int> const& inherited)
    : memory_kills_before_(memory_kills_so_far()),
      id_(on_thread_of(starter, [&] { return start(std::move(arguments), std::move(environment), text, inherited); })),
      handle_(io, open_handle(id_)) {}

child_process::~child_process() {
  if (ended_) return;
  ::kill(id_, SIGKILL);
  int status = 0;
  ::waitpid(id_, &status, 0);
}

task<exit_report> child_process::wait() {
  co_await handle_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  int status = 0;
  struct rusage used{};
  if (::wait4(id_, &status, 0, &used) < 0) check(errno, "wait4");
  ended_ = true;
  exit_report report;
  report.peak_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
  if (WIFSIGNALED(status))
    report.signal = WTERMSIG(status);
  else
    report.code = WEXITSTATUS(status);
  report.out_of_memory = report.signal == SIGKILL && memory_kills_so_far() > memory_kills_before_;
  co_return report;
}

void child_process::signal(int number) noexcept {
  if (!ended_) ::kill(id_, number);
}

}  // namespace dist
