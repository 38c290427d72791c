#include <algorithm>

#include "master/dispatcher.hpp"

namespace dist {

namespace {

std::string joined_text(std::vector<std::string> const& reasons) {
  std::string text;
  for (auto const& reason : reasons) text += (text.empty() ? "" : "; ") + reason;
  return text;
}

/// `, 1 of 2 slots in use`, the call's own among them.
std::string slots_then(placed_call const& call) {
  return call.in_use_then > call.slots_then
             ? ", " + std::to_string(call.in_use_then - call.slots_then) + " ahead of a free slot"
             : ", " + std::to_string(call.in_use_then) + " of " + std::to_string(call.slots_then) + " slots in use";
}

std::string seconds_text(duration time) {
  auto const whole = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  return std::to_string(std::max<std::int64_t>(0, whole)) + " s";
}

}  // namespace

std::string dispatcher::why_waiting() const { return joined_text(registry_.why_waiting()); }

std::string dispatcher::why_without_node() const { return joined_text(registry_.why_without_node()); }

std::string dispatcher::how_it_went(call_record const& record) const {
  auto const& call = static_cast<placed_call const&>(record);
  if (call.issues == 0) return "; it went to no node";
  std::string text;
  if (call.answered_by()) text = call.needs.pin != no_node_id ? ", which it was for" : ", the least used that could take it";
  text += slots_then(call);
  if (call.waited >= std::chrono::seconds(1)) text += "; it waited " + seconds_text(call.waited) + " in the queue";
  if (call.issues > 1) text += "; it was issued " + std::to_string(call.issues) + " times";
  if (!call.moved_because.empty()) text += "; before that " + call.moved_because;
  return text;
}

std::string dispatcher::why(call_record const& record) const {
  auto const& call = static_cast<placed_call const&>(record);
  std::string text;
  for (auto const& place : call.places) text += (text.empty() ? "went to node " : " and to node ") + place.on->name;
  if (!call.places.empty()) {
    if (call.needs.pin != no_node_id)
      text += ", which it is for";
    else
      text += ": the least used of " + std::to_string(registry_.able(call.needs)) + " that can take it";
    text += slots_then(call);
  }
  if (call.queued) {
    text += (text.empty() ? "waits for " : "; waits for ") + seconds_text(beat_at_ - call.queued_at) + ": " +
            registry_.why_waiting(call.queued);
  } else if (find_unexplained(call) != unexplained_.end()) {
    text += "ends with its node, as soon as it is known how that ended";
  } else if (call.again_timer != timer_id::none) {
    text += (text.empty() ? "" : "; ") + std::string("waits for a moment before it is issued again");
  }
  if (text.empty()) text = "is on its way";
  if (!call.moved_because.empty()) text += "; before that " + call.moved_because;
  return text;
}

}  // namespace dist
