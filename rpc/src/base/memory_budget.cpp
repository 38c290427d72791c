#include <dist/rpc/memory_budget.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <sstream>

namespace dist {
namespace {

/// Empty if the file is missing or contains `max`.
void keep_least(std::uint64_t& least, std::string const& path) {
  std::ifstream file(path);
  std::string text;
  std::uint64_t value = 0;
  if (!(file >> text)) return;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) least = std::min(least, value);
}

/// A group's limit holds for those below it: each up to the root counts.
void keep_least_of_groups(std::uint64_t& least, std::string const& root, std::string group, char const* file) {
  for (;;) {
    while (!group.empty() && group.back() == '/') group.pop_back();
    keep_least(least, root + group + file);
    if (group.empty()) return;
    group.resize(group.rfind('/') == group.npos ? 0 : group.rfind('/'));
  }
}

void keep_least_of_cgroups(std::uint64_t& least) {
  std::ifstream groups("/proc/self/cgroup");
  // `id:controllers:path`; version 2 is the line without controllers.
  for (std::string line; std::getline(groups, line);) {
    std::istringstream parts(line);
    std::string id;
    std::string controllers;
    std::string path;
    if (!std::getline(parts, id, ':') || !std::getline(parts, controllers, ':') || !std::getline(parts, path)) continue;
    if (controllers.empty())
      keep_least_of_groups(least, "/sys/fs/cgroup", path, "/memory.max");
    else if (controllers == "memory")
      keep_least_of_groups(least, "/sys/fs/cgroup/memory", path, "/memory.limit_in_bytes");
  }
}

}  // namespace

memory_budget::memory_budget(limits const& bounds)
    : memory_budget(bounds.memory != 0 ? bounds.memory : default_memory_bytes()) {}

std::string memory_budget::no_room_text() const {
  return "it would exceed the limit (memory) of " + std::to_string(limit_bytes_) +
         " bytes for all peers together, of which " + std::to_string(held_bytes_) +
         " are in use; raise it there: --limit memory=SIZE";
}

std::size_t default_memory_bytes() {
  auto least = std::uint64_t{1} << 40;
  auto const pages = ::sysconf(_SC_PHYS_PAGES);
  auto const page = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && page > 0)
    least = std::min(least, static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page));
  keep_least_of_cgroups(least);
  rlimit space{};
  if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY)
    least = std::min<std::uint64_t>(least, space.rlim_cur);
  return static_cast<std::size_t>(least / 2);
}

}  // namespace dist
