#include "master/master_log.hpp"

#include <chrono>

namespace dist {

void say(log const& to, ledger_note const& what, std::string const& method) {
  switch (what.what) {
    case ledger_note::kind::queued: return;
    case ledger_note::kind::waits_for: return to.warn(what.text + ": calls of " + method + " wait for one");
    case ledger_note::kind::copied:
      return to.debug([&] { return method + ": as well as on " + what.node + ", which is silent"; });
    case ledger_note::kind::lost:
      return to.debug([&] { return method + ": lost with " + what.node + ": " + what.text; });
    case ledger_note::kind::moved_home:
      return to.debug([&] { return method + ": no other than node " + what.node + ", which drains, can take it"; });
  }
}

void say(log const& to, liveness_change what, std::string const& node) {
  switch (what) {
    case liveness_change::became_suspect:
      return to.warn("node " + node + " is silent: it gets no new calls; its repeatable calls move to other nodes");
    case liveness_change::became_lost: return to.warn("node " + node + " is lost: silent for too long");
    case liveness_change::needed_again:
      return to.info("node " + node + " takes calls again: too few other nodes are available");
    case liveness_change::came_back: return to.info("node " + node + " is back");
  }
}

void say_set_aside(log const& to, std::string const& node, duration how_long, std::string const& method,
                   fault const& latest) {
  auto const ms = std::chrono::duration_cast<std::chrono::milliseconds>(how_long).count();
  to.warn("node " + node + " is set aside for " + std::to_string(ms) +
          " ms: its calls keep failing, the latest was " + method + ": " + latest.message);
}

}  // namespace dist
