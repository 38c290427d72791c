#pragma once

#include <string>

#include "ledger/call_ledger.hpp"

namespace dist {

/// For people: why a live call waits, or why it is where it is.
std::string why_text(call_standing const& now);
/// For people: details to append to where a call ended.
std::string story_text(call_story const& story, bool was_answered);
/// Several reasons in one line.
std::string joined_text(std::vector<std::string> const& reasons);

}  // namespace dist
