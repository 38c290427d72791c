#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dist {

/// The text of a file, nothing when there is none.
using file_reader = std::function<std::optional<std::string>(std::string const& path)>;

/// How many processors a cgroup lets this process use at once, 1.5 for 150 ms in each 100 ms; nothing when it sets no
/// limit. Reads /proc/self/cgroup, then cpu.max (version 2) of that group and those above it, or cpu.cfs_quota_us
/// (version 1).
std::optional<double> cgroup_cpu_quota(file_reader const& read);

/// cpu.max of version 2: "150000 100000", or "max 100000" for no limit. Unreadable text means no limit.
std::optional<double> quota_from_cpu_max(std::string_view text);

/// The processors by affinity, cut to the quota, which is rounded up; at least 1.
std::size_t slots_for(std::size_t affinity_count, std::optional<double> quota) noexcept;

/// How many slots this process should offer: by its affinity and its cgroup.
std::size_t default_slots();

}  // namespace dist
