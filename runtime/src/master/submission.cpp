#include "master/submission.hpp"

#include <algorithm>

namespace dist {

submitted submission(call_record const& call, method_ref method) {
  submitted asked;
  asked.call = call.number();
  asked.method = method;
  asked.callers_word = call.method->repeatable;
  asked.once = call.once;
  asked.again = call.again;
  asked.caller = static_cast<caller_ref>(call.origin);
  asked.parent = call.parent;
  asked.parent_blocks = call.parent_blocks;
  asked.bytes = static_cast<std::uint32_t>(std::min<std::size_t>(call.arguments.size(), UINT32_MAX));
  asked.node_wait = call.node_wait;
  asked.deadline = call.deadline.at();
  if (auto const& options = call.options) {
    asked.labels = options->needs;
    asked.retries = options->retries;
    if (options->kill_after_us) asked.kill_after_us = patience_to_wire(*options->kill_after_us);
  }
  return asked;
}

}  // namespace dist
