#include "record/recent.hpp"

#include <dist/rpc/detail/value_error.hpp>

namespace dist {
namespace {

std::string kept(std::string_view text) { return shortened(text, past_failures::most_text_bytes - 3); }  // and its dots

}  // namespace

void past_failures::add(fault const& what, time_point at) {
  if (!entries_.empty()) {
    auto& last = entries_.front();
    if (last.what.code == what.code && last.what.method == what.method && last.what.node == what.node &&
        last.what.message == kept(what.message)) {
      ++last.count;
      last.at = at;
      return;
    }
  }
  auto& made = entries_.emplace_front();
  made.what = what;
  made.what.message = kept(what.message);
  made.what.cause = kept(what.cause);
  made.at = at;
  if (entries_.size() > most) entries_.pop_back();
}

}  // namespace dist
