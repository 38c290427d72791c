#include "ledger/death_record.hpp"

#include <algorithm>
#include <iterator>
#include <ostream>

namespace dist {

namespace {

verdict verdict_of(std::size_t deaths) noexcept {
  if (deaths < death_record::deaths_until_alone) return verdict::again;
  return deaths == death_record::deaths_until_alone ? verdict::alone : verdict::poisoned;
}

}  // namespace

verdict death_record::died(call_no call, std::string node, std::uint64_t incarnation, time_point certain_at) {
  auto& deaths = deaths_[call];
  deaths.push_back({std::move(node), incarnation, certain_at, {}});
  return verdict_of(deaths.size());
}

std::vector<call_no> death_record::lives(std::uint64_t incarnation) {
  std::vector<call_no> judged_anew;
  if (incarnation == 0) return judged_anew;
  for (auto at = deaths_.begin(); at != deaths_.end();) {
    auto& deaths = at->second;
    auto const before = verdict_of(deaths.size());
    std::erase_if(deaths, [&](death const& one) { return one.incarnation == incarnation; });
    if (verdict_of(deaths.size()) != before) judged_anew.push_back(at->first);
    at = deaths.empty() ? deaths_.erase(at) : std::next(at);
  }
  return judged_anew;
}

time_point death_record::certain_at(call_no call) const noexcept {
  auto latest = time_point::min();
  if (auto const found = deaths_.find(call); found != deaths_.end())
    for (auto const& one : found->second) latest = std::max(latest, one.certain_at);
  return latest;
}

void death_record::explain(std::uint64_t incarnation, std::string const& end) {
  for (auto& [call, deaths] : deaths_)
    for (auto& one : deaths)
      if (one.incarnation == incarnation) {
        one.end = end;
        one.certain_at = time_point::min();
      }
}

std::size_t death_record::count(call_no call) const noexcept {
  auto const found = deaths_.find(call);
  return found == deaths_.end() ? 0 : found->second.size();
}

fault death_record::poisoned(call_no call, std::string method) const {
  std::string text = "the processes of these nodes died while running it:";
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
