#include "recent.hpp"

namespace dist {
namespace {

std::string_view shortened(std::string_view text) { return text.substr(0, past_failures::most_text_bytes); }

}  // namespace

void past_failures::add(fault const& what, time_point at) {
  if (!entries_.empty()) {
    auto& last = entries_.front();
    if (last.what.code == what.code && last.what.method == what.method && last.what.node == what.node &&
        last.what.message == shortened(what.message)) {
      ++last.count;
      last.at = at;
      return;
    }
  }
  auto& made = entries_.emplace_front();
  made.what = what;
  made.what.message = shortened(what.message);
  made.what.cause = shortened(what.cause);
  made.at = at;
  if (entries_.size() > most) entries_.pop_back();
}

}  // namespace dist
