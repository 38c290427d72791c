#include <dist/registry/blame.hpp>

#include <algorithm>
#include <iterator>
#include <ostream>

namespace dist {

verdict blame::died(call_ref call, std::string node, std::uint64_t incarnation) {
  auto& deaths = deaths_[call];
  deaths.push_back({std::move(node), incarnation, {}, false});
  if (deaths.size() < deaths_until_alone) return verdict::again;
  return deaths.size() == deaths_until_alone ? verdict::alone : verdict::poisoned;
}

std::vector<call_ref> blame::lives(std::uint64_t incarnation) {
  std::vector<call_ref> relieved;
  if (incarnation == 0) return relieved;
  for (auto at = deaths_.begin(); at != deaths_.end();) {
    auto& deaths = at->second;
    auto const alone = deaths.size() >= deaths_until_alone;
    std::erase_if(deaths, [&](death const& one) { return one.incarnation == incarnation; });
    if (alone && deaths.size() < deaths_until_alone) relieved.push_back(at->first);
    at = deaths.empty() ? deaths_.erase(at) : std::next(at);
  }
  return relieved;
}

void blame::expect_end(call_ref call) {
  if (auto const found = deaths_.find(call); found != deaths_.end()) found->second.back().end_expected = true;
}

bool blame::is_explained(call_ref call) const noexcept {
  auto const found = deaths_.find(call);
  return found == deaths_.end() || std::ranges::none_of(found->second, &death::end_expected);
}

void blame::explain(std::uint64_t incarnation, std::string const& end) {
  for (auto& [call, deaths] : deaths_)
    for (auto& one : deaths)
      if (one.incarnation == incarnation) {
        one.end = end;
        one.end_expected = false;
      }
}

bool blame::runs_alone(call_ref call) const noexcept {
  auto const found = deaths_.find(call);
  return found != deaths_.end() && found->second.size() >= deaths_until_alone;
}

fault blame::poisoned(call_ref call, std::string method) const {
  std::string text = "the processes of these nodes died while they executed it:";
  if (auto const found = deaths_.find(call); found != deaths_.end()) {
    for (char const* separator = " "; auto const& one : found->second) {
      text += separator + one.node;
      if (!one.end.empty()) text += ": " + one.end;
      separator = ", ";
    }
  }
  auto why = make_fault(errc::poisoned, std::move(text));
  why.method = std::move(method);
  why.phase = "running";
  return why;
}

std::string_view to_text(verdict what) noexcept {
  switch (what) {
    case verdict::again:
      return "again";
    case verdict::alone:
      return "alone";
    case verdict::poisoned:
      return "poisoned";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, verdict what) { return out << to_text(what); }

}  // namespace dist
