#include "record/why_text.hpp"

#include "base/duration_text.hpp"

namespace dist {
namespace {

/// `, 1 of 2 slots in use`, the call's own among them.
std::string slots_then(call_story const& story) {
  return story.in_use > story.slots
             ? ", " + std::to_string(story.in_use - story.slots) + " ahead of a free slot"
             : ", " + std::to_string(story.in_use) + " of " + std::to_string(story.slots) + " slots in use";
}

}  // namespace

std::string joined_text(std::vector<std::string> const& reasons) {
  std::string text;
  for (auto const& reason : reasons) text += (text.empty() ? "" : "; ") + reason;
  return text;
}

std::string story_text(call_story const& story, bool was_answered) {
  if (story.attempts == 0) return "; it was not sent to a node";
  std::string text;
  if (was_answered) text = story.pinned ? ", to which it was pinned" : ", the least loaded that could take it";
  text += slots_then(story);
  if (story.waited >= std::chrono::seconds(1)) text += "; it waited " + whole_seconds_text(story.waited) + " in the queue";
  if (story.attempts > 1) text += "; it was issued " + std::to_string(story.attempts) + " times";
  if (story.moved_because) text += "; before that " + *story.moved_because;
  return text;
}

std::string why_text(call_standing const& now) {
  std::string text;
  for (auto const& node : now.on) text += (text.empty() ? "sent to node " : " and to node ") + node;
  if (!now.on.empty()) {
    if (now.story.pinned)
      text += ", to which it is pinned";
    else
      text += ": the least loaded of " + std::to_string(now.able) + " that can take it";
    text += slots_then(now.story);
  }
  if (!now.waits.empty())
    text += (text.empty() ? "waits for " : "; waits for ") + whole_seconds_text(now.queued_for) + ": " + now.waits;
  else if (now.waits_for_death)
    text += "fails as soon as the cause of its node's end is known";
  else if (now.pauses)
    text += (text.empty() ? "" : "; ") + std::string("waits before the next attempt");
  if (text.empty()) text = "is on its way";
  if (now.story.moved_because) text += "; before that " + *now.story.moved_because;
  return text;
}

}  // namespace dist
