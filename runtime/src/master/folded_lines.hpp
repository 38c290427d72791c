#pragma once

#include <cstddef>
#include <dist/rpc/deadline.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dist {

/// Log lines that any peer can cause: the first few of a kind are written, the others are counted and
/// named in one line. Pure.
class folded_lines {
 public:
  static constexpr std::size_t written_count = 5;  ///< of a kind, within `period`
  static constexpr auto period = std::chrono::seconds(10);

  /// Whether to write this line. There are few kinds: no text of a peer is one.
  bool is_written(std::string_view kind, std::string_view line, time_point now);

  /// One line for each kind whose period is over and of which some were not written.
  std::vector<std::string> due(time_point now);

 private:
  struct run {
    time_point since;
    std::size_t count = 0;
    std::string last;  ///< of those that were not written
  };

  std::map<std::string, run, std::less<>> runs_;
};

}  // namespace dist
