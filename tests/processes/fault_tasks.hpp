#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <dist/dist.hpp>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

/// The result of a nap: its tag and its real duration.
struct nap_report {
  std::int64_t tag = 0;
  std::int64_t microseconds = 0;
};
BOOST_DESCRIBE_STRUCT(nap_report, (), (tag, microseconds))

/// Appends the line `TAG PID` to the file `log`, if named: which calls started, how often and where, independent of
/// what the program reports.
inline void note(std::int64_t tag, std::string const& log) {
  if (log.empty()) return;
  auto const line = std::to_string(tag) + ' ' + std::to_string(::getpid()) + '\n';
  auto const file = ::open(log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  // One write: lines stay whole even if other processes write or this one is killed.
  if (file < 0 || ::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(70);
  ::close(file);
}

/// Whether a call with this tag has started.
inline bool has_noted(std::int64_t tag, std::string const& log) {
  std::ifstream lines(log);
  for (std::int64_t one = 0, pid = 0; lines >> one >> pid;)
    if (one == tag) return true;
  return false;
}

inline nap_report take_nap(std::int64_t tag, std::int64_t microseconds, std::string const& log) {
  using clock = std::chrono::steady_clock;
  auto const begun = clock::now();
  note(tag, log);
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  return {tag, std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - begun).count()};
}

/// Never ends and ignores its cancellation.
inline nap_report sleep_for_ever(std::int64_t tag, std::string const& log) {
  note(tag, log);
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

/// Methods that take time but no processor, and are repeatable.
struct Tasks {
  nap_report nap(std::int64_t tag, std::int64_t microseconds, std::string const& log) const {
    return take_nap(tag, microseconds, log);
  }
  nap_report forever(std::int64_t tag, std::int64_t, std::string const& log) const { return sleep_for_ever(tag, log); }
  /// Returns the bytes in reverse order.
  std::vector<std::uint8_t> mirror(std::vector<std::uint8_t> const& bytes) const { return {bytes.rbegin(), bytes.rend()}; }
};
BOOST_DESCRIBE_STRUCT(Tasks, (), (nap, forever, mirror))

/// Methods that are not repeatable, in a class of their own: while one runs, its object is busy.
struct Deeds {
  nap_report nap(std::int64_t tag, std::int64_t microseconds, std::string const& log) {
    return take_nap(tag, microseconds, log);
  }
  nap_report forever(std::int64_t tag, std::int64_t, std::string const& log) { return sleep_for_ever(tag, log); }
};
BOOST_DESCRIBE_STRUCT(Deeds, (), (nap, forever))
