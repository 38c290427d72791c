#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace dist {

/// The last lines of each node's output, also of nodes that have left; kept for the nodes that printed last.
/// Pure.
class node_logs {
 public:
  static constexpr std::size_t bytes_of_each = 64 * 1024;
  static constexpr std::size_t most_nodes = 1000;

  /// Keeps the lines, whole and escaped, and returns them so. Without any the node is known from here on.
  std::string add(std::string const& node, std::string_view lines);

  struct part {
    std::string lines;
    std::uint64_t next = 0;  ///< where later output begins
  };
  /// The node's output from `from` on, as far as it is kept; all that is kept if `from` is not yet reached. Empty: the
  /// node has never sent output, or long ago.
  std::optional<part> read(std::string const& node, std::uint64_t from) const;

 private:
  struct node_log {
    std::string kept;
    std::uint64_t end = 0;  ///< bytes so far
    std::list<std::string>::iterator turn;
  };

  node_log& log_of(std::string const& node);

  std::unordered_map<std::string, node_log> logs_;
  std::list<std::string> turns_;  ///< their names; the last one printed last
};

}  // namespace dist
