#include "watcher.hpp"

#include <utility>

namespace dist::sim {

void watcher::read(std::string_view line, duration now) {
  if (line.starts_with("node ")) {
    line.remove_prefix(5);
    auto const end = line.find(' ');
    if (end != line.npos) read_node(line.substr(0, end), line.substr(end + 1), now);
    return;
  }
  if (line.starts_with("Trial.") && line.ends_with(", which drains, can take it")) ++nowhere_else_;
  constexpr std::string_view sent = ": to ";
  auto const at = line.find(sent);
  if (!line.starts_with("Trial.") || at == line.npos) return;
  auto const node = line.substr(at + sent.size());
  auto const now_there = look_(node);
  calls_.check(now_there && (now_there->takes_calls || (nowhere_else_ > 0 && nowhere_else_-- > 0)),
               [&] { return "sent to a node that takes no calls: " + std::string(line); });
  auto const silent = silent_.find(node);
  calls_.check(!now_there || silent == silent_.end() || silent->second != now_there->last_heard,
               [&] { return "sent to a node that was called silent and said nothing since: " + std::string(line); });
}

void watcher::read_node(std::string_view name, std::string_view rest, duration now) {
  if (rest.starts_with("is silent"))
    if (auto const there = look_(name)) silent_[std::string(name)] = there->last_heard;
  if (!rest.starts_with("is lost")) return;
  auto const hurt = hurt_until_.find(name);
  calls_.check(hurt != hurt_until_.end() && now <= hurt->second + lost_after,
               [&] { return "node " + std::string(name) + " is well and was given up"; });
}

}  // namespace dist::sim
