#include "process/descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace dist {
namespace {

/// Enough for any cluster; programs that close all that they might have open get slow with a million.
constexpr rlim_t highest = 65'536;
/// For each node process: a pipe, its crash record, a handle and its session.
constexpr std::size_t for_each_process = 4;
/// For all else: the master's port, visitors, files of the job.
constexpr std::size_t for_others = 64;

rlimit current() noexcept {
  rlimit limit{1024, 1024};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit;
}

}  // namespace

void raise_descriptor_limit() noexcept {
  auto limit = current();
  auto const wanted = std::min(limit.rlim_max, highest);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t affordable_processes(std::size_t wanted) noexcept {
  auto const limit = descriptor_limit();
  auto const most = limit > for_others ? (limit - for_others) / for_each_process : 0;
  return std::clamp<std::size_t>(most, 1, std::max<std::size_t>(wanted, 1));
}

std::size_t descriptor_limit() noexcept { return static_cast<std::size_t>(current().rlim_cur); }

}  // namespace dist
