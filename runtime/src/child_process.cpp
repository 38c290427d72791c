#include "child_process.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio/use_awaitable.hpp>
#include <cstring>
#include <system_error>

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

int start(std::vector<std::string> arguments, std::vector<std::string> environment, int inherited) {
  for (char** entry = environ; *entry; ++entry) environment.emplace_back(*entry);
  posix_spawn_file_actions_t actions;
  check(::posix_spawn_file_actions_init(&actions), "cannot start a process");
  // Onto itself: the copy is not closed by exec.
  ::posix_spawn_file_actions_adddup2(&actions, inherited, inherited);
  ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t id = -1;
  auto argv = pointers_to(arguments);
  auto envp = pointers_to(environment);
  auto const error = ::posix_spawn(&id, "/proc/self/exe", &actions, nullptr, argv.data(), envp.data());
  ::posix_spawn_file_actions_destroy(&actions);
  check(error, "cannot start a node process");
  return id;
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

}  // namespace

std::string to_text(exit_report const& report) {
  if (report.signal != 0)
    return "signal " + std::to_string(report.signal) + " (" + ::strsignal(report.signal) + ")";
  return "exit code " + std::to_string(report.code);
}

child_process::child_process(asio::io_context& io, std::vector<std::string> arguments,
                             std::vector<std::string> environment, int inherited)
    : id_(start(std::move(arguments), std::move(environment), inherited)), handle_(io, open_handle(id_)) {}

child_process::~child_process() {
  if (ended_) return;
  ::kill(id_, SIGKILL);
  int status = 0;
  ::waitpid(id_, &status, 0);
}

task<exit_report> child_process::wait() {
  co_await handle_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  int status = 0;
  if (::waitpid(id_, &status, 0) < 0) check(errno, "waitpid");
  ended_ = true;
  exit_report report;
  if (WIFSIGNALED(status))
    report.signal = WTERMSIG(status);
  else
    report.code = WEXITSTATUS(status);
  co_return report;
}

void child_process::signal(int number) noexcept {
  if (!ended_) ::kill(id_, number);
}

}  // namespace dist
