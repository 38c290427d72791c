#include "ledger/post_mortems.hpp"

#include <algorithm>
#include <utility>

namespace dist {
namespace {

/// How long to wait for word of how a supervised process ended: its supervisor starts another within a fraction of that.
constexpr duration longest_post_mortem = std::chrono::seconds(2);

}  // namespace

verdict post_mortems::died(call_no call, bool was_alone, ledger_node const& node, time_point now) {
  auto const certain_at = later(now, node.is_supervised ? longest_post_mortem : lost_after_);
  auto const judged = deaths_.died(call, node.name, node.incarnation, certain_at);
  // Its node may have died of another call as long as it was not alone there.
  return judged == verdict::poisoned && !was_alone ? verdict::alone : judged;
}

std::vector<post_mortems::relieved> post_mortems::lives(std::uint64_t incarnation) {
  std::vector<relieved> told;
  for (auto const call : deaths_.lives(incarnation)) {
    auto const waiting = open_.find(call);
    auto const goes_on = waiting != open_.end() && waiting->second.poisoned;
    if (goes_on) open_.erase(waiting);
    told.push_back({call, deaths_.runs_alone(call), goes_on});
  }
  return told;
}

time_point post_mortems::open(call_no call, bool poisoned, fault what, std::uint64_t incarnation, time_point now) {
  open_.insert_or_assign(call, post_mortem{++last_order_, std::move(what), incarnation, poisoned, {}, {}});
  return poisoned ? std::max(now, deaths_.certain_at(call)) : later(now, longest_post_mortem);
}

std::vector<post_mortems::finding> post_mortems::explain(std::uint64_t incarnation, std::string const& end,
                                                         std::string const& running, time_point now) {
  deaths_.explain(incarnation, end);
  std::vector<std::pair<std::uint64_t, finding>> found;
  for (auto& [call, one] : open_) {
    if (one.incarnation == incarnation) {
      one.end = end;
      one.running = running;
    }
    if (one.poisoned) {
      // A list of nodes that died waits for the last of them.
      auto const until = deaths_.certain_at(call);
      found.push_back({one.order, {call, until <= now, until}});
    } else if (!one.end.empty()) {
      found.push_back({one.order, {call, true, now}});
    }
  }
  std::ranges::sort(found, {}, [](auto const& one) { return one.first; });
  std::vector<finding> told;
  for (auto const& [order, one] : found) told.push_back(one);
  return told;
}

fault post_mortems::close(call_no call, std::string const& method) {
  auto const at = open_.find(call);
  auto one = std::move(at->second);
  open_.erase(at);
  auto what = one.poisoned ? deaths_.poisoned(call, method) : std::move(one.what);
  if (!one.poisoned && !one.end.empty()) what.message = "its process ended: " + one.end;
  if (!one.running.empty())
    what.message += (what.code == errc::poisoned ? "; the last was running " : " while running ") + one.running;
  return what;
}

std::string const* post_mortems::node_of(call_no call) const noexcept {
  auto const at = open_.find(call);
  return at == open_.end() ? nullptr : &at->second.what.node;
}

void post_mortems::forget(call_no call) noexcept {
  if (deaths_.size() > 0) deaths_.ended(call);
  if (!open_.empty()) open_.erase(call);
}

}  // namespace dist
