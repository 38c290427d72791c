#include "process/process_usage.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace dist {

process_usage process_usage::read() {
  process_usage used;
  std::error_code none;
  std::filesystem::directory_iterator open("/proc/self/fd", none);
  if (!none) used.descriptors = static_cast<std::uint64_t>(std::distance(begin(open), end(open)));
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) used.most_descriptors = limit.rlim_cur;
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  if (std::ifstream("/proc/self/statm") >> pages >> resident)
    used.resident_bytes = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    auto const seconds = [](timeval const& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    used.processor_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }
  return used;
}

}  // namespace dist
