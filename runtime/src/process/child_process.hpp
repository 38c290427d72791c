#pragma once

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/detail/compute_pool.hpp>
#include <dist/rpc/task.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "program/exit_code.hpp"

namespace dist {

/// How a process ended.
struct exit_report {
  int code = 0;
  int signal = 0;                ///< 0: it ended by itself
  bool out_of_memory = false;    ///< the system killed a process for its memory meanwhile, most likely this one
  std::uint64_t peak_bytes = 0;  ///< of memory
  std::string problem;           ///< why it could not be started at all
  bool went_silently = false;    ///< a method ended it, not the node: by exit(0), for example
  duration unresponsive{};       ///< how long it was unresponsive before its parent killed it; zero: not killed

  bool is_success() const noexcept { return code == 0 && signal == 0 && !went_silently; }
  /// A call requested it.
  bool is_kill_after() const noexcept { return code == exit_code::kill_after && signal == 0; }
};

/// `exit code 3`, `by kill_after`, `signal 9 (killed)`, `signal 9 (killed, out of memory at 812 MB)`, `it did not respond
/// for 32 s and was killed`.
std::string to_text(exit_report const& report);

/// How many processes the system has killed for their memory, from the text of /proc/vmstat; 0 if unknown.
std::uint64_t out_of_memory_kills(std::string_view vmstat);

/// This program, started again. A child is signalled when the thread that started it ends, as if its parent had ended:
/// so one thread, which lives as long as all of them, starts them.
///
/// Errors   the constructor throws std::system_error when the process cannot be started.
/// Lives    its destructor kills a process that still runs.
class child_process {
 public:
  /// `environment` is added to ours; `text` is the child's stdout and stderr; descriptors in `inherited` stay open in
  /// the child under its own number.
  child_process(asio::io_context& io, compute_pool& starter, std::vector<std::string> arguments,
                std::vector<std::string> environment, int text, std::vector<int> const& inherited);
  ~child_process();
  child_process(child_process const&) = delete;
  child_process& operator=(child_process const&) = delete;

  int id() const noexcept { return id_; }
  /// Completes when it has ended. Cancel: terminal.
  task<exit_report> wait();
  void signal(int number) noexcept;

 private:
  std::uint64_t memory_kills_before_;
  int id_ = -1;
  asio::posix::stream_descriptor handle_;  ///< a pidfd: readable once the process has ended
  bool ended_ = false;
};

}  // namespace dist
