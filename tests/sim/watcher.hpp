#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "ledger.hpp"

namespace dist::sim {

/// Reads the master's log and compares it with what is known otherwise: calls go only to living nodes, and no healthy
/// node is given up.
class watcher {
 public:
  /// The state of this node in the master's registry.
  struct standing {
    bool takes_calls = false;
    time_point last_heard{};
  };
  using registry_look = std::function<std::optional<standing>(std::string_view node)>;

  watcher(ledger& calls, registry_look look) : calls_(calls), look_(std::move(look)) {}

  /// The node is healthy again from `until` on.
  void hurt(std::string const& node, duration until) {
    auto& last = hurt_until_[node];
    last = std::max(last, until);
  }
  /// A line of the master's log.
  void read(std::string_view line, duration now);
  /// Some node was called silent at some time.
  bool saw_silence() const noexcept { return !silent_.empty(); }

  duration lost_after{};  ///< a node that was healthy this long must not be lost

 private:
  void read_node(std::string_view name, std::string_view rest, duration now);

  ledger& calls_;
  registry_look look_;
  std::map<std::string, time_point, std::less<>> silent_;  ///< for silent nodes: when they were last heard
  std::map<std::string, duration, std::less<>> hurt_until_;
  unsigned nowhere_else_ = 0;  ///< the next call goes to a draining node, as it must
};

}  // namespace dist::sim
