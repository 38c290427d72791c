#include "base/cpu_count.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

namespace dist {
namespace {

constexpr std::string_view cgroup_root = "/sys/fs/cgroup";

std::optional<long long> number(std::string_view text) {
  long long value = 0;
  auto const end = text.data() + text.size();
  auto const [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || (stop != end && *stop != '\n' && *stop != ' ')) return std::nullopt;
  return value;
}

std::optional<double> ratio(std::optional<long long> quota, std::optional<long long> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

void keep_least(std::optional<double>& least, std::optional<double> other) {
  if (other && (!least || *other < *least)) least = other;
}

/// A group's limit holds for those below it, so each from `group` up to the root counts.
template <class QuotaOf>
std::optional<double> least_up_to_root(std::string const& root, std::string group, QuotaOf quota_of) {
  std::optional<double> least;
  while (!group.empty() && group.back() == '/') group.pop_back();
  for (;;) {
    keep_least(least, quota_of(root + group));
    if (group.empty()) return least;
    auto const slash = group.rfind('/');
    group.resize(slash == std::string::npos ? 0 : slash);
  }
}

bool lists(std::string_view controllers, std::string_view wanted) {
  while (!controllers.empty()) {
    auto const comma = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, comma) == wanted) return true;
    controllers.remove_prefix(std::min(comma + 1, controllers.size()));
  }
  return false;
}

std::optional<std::string> read_file(std::string const& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// The mask's size is not known beforehand: the kernel refuses one that is too small.
std::size_t affinity_count() {
  for (std::size_t processors = 1024; processors <= std::size_t{1} << 20; processors *= 2) {
    std::vector<cpu_set_t> mask((processors + CPU_SETSIZE - 1) / CPU_SETSIZE);
    auto const bytes = mask.size() * sizeof(cpu_set_t);
    if (::sched_getaffinity(0, bytes, mask.data()) == 0)
      return static_cast<std::size_t>(CPU_COUNT_S(bytes, mask.data()));
  }
  return std::thread::hardware_concurrency();
}

}  // namespace

std::optional<double> quota_from_cpu_max(std::string_view text) {
  auto const space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return ratio(number(text.substr(0, space)), number(text.substr(space + 1)));
}

std::optional<double> cgroup_cpu_quota(file_reader const& read) {
  auto const version_2 = [&](std::string const& folder) -> std::optional<double> {
    auto const text = read(folder + "/cpu.max");
    return text ? quota_from_cpu_max(*text) : std::nullopt;
  };
  auto const version_1 = [&](std::string const& folder) -> std::optional<double> {
    auto const quota = read(folder + "/cpu.cfs_quota_us");
    auto const period = read(folder + "/cpu.cfs_period_us");
    return quota && period ? ratio(number(*quota), number(*period)) : std::nullopt;
  };

  std::optional<double> least;
  std::string const root(cgroup_root);
  auto const groups = read("/proc/self/cgroup").value_or("");
  for (std::string_view rest = groups; !rest.empty();) {
    auto const line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    // `id:controllers:path`; version 2 is the line without controllers.
    auto const first = line.find(':');
    auto const second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    auto const controllers = line.substr(first + 1, second - first - 1);
    std::string const path(line.substr(second + 1));
    if (controllers.empty())
      keep_least(least, least_up_to_root(root, path, version_2));
    else if (lists(controllers, "cpu"))
      keep_least(least, least_up_to_root(root + "/cpu", path, version_1));
  }
  return least;
}

std::size_t slots_for(std::size_t affinity, std::optional<double> quota) noexcept {
  auto slots = std::max<std::size_t>(affinity, 1);
  if (quota && *quota < static_cast<double>(slots)) slots = static_cast<std::size_t>(std::ceil(*quota));
  return std::max<std::size_t>(slots, 1);
}

std::size_t default_slots() { return slots_for(affinity_count(), cgroup_cpu_quota(read_file)); }

}  // namespace dist
