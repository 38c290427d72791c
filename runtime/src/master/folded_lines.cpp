#include "master/folded_lines.hpp"

namespace dist {

bool folded_lines::is_written(std::string_view kind, std::string_view line, time_point now) {
  auto const known = runs_.find(kind);
  auto& one = known != runs_.end() ? known->second : runs_.emplace(kind, run{now, 0, {}}).first->second;
  if (++one.count <= written_count) return true;
  one.last = line;
  return false;
}

std::vector<std::string> folded_lines::due(time_point now) {
  std::vector<std::string> lines;
  std::erase_if(runs_, [&](auto const& entry) {
    auto const& one = entry.second;
    if (now - one.since < period) return false;
    if (one.count > written_count)
      lines.push_back(std::to_string(one.count - written_count) +
                      " more lines of this kind were suppressed, the last: " + one.last);
    return true;
  });
  return lines;
}

}  // namespace dist
