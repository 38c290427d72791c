#include "record/account.hpp"

#include <algorithm>

#include "base/duration_text.hpp"
#include "record/count_text.hpp"

namespace dist {
namespace {

std::string counted(std::uint64_t number, std::string const& one, std::string const& many) {
  return grouped(number) + ' ' + (number == 1 ? one : many);
}

/// `3 h 12 min`, `4 min 5 s`, `12.3 s`.
std::string time_text(duration time) {
  auto const tenths = to_ms(time) / 100;
  if (tenths < 600) return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " s";
  return short_text(std::chrono::seconds(tenths / 10));
}

std::string failed_text(account::counts const& of) {
  std::string text;
  if (of.cancelled > 0) text += ", " + grouped(of.cancelled) + " cancelled";
  if (of.failed > 0)
    text += ", " + grouped(of.failed) + " failed" + (of.failure_file.empty() ? "" : ": see " + of.failure_file);
  return text;
}

}  // namespace

void account::lost(std::string name, std::uint64_t incarnation, std::string why) {
  ++losses_;
  if (named_.size() < most_named) named_.push_back({std::move(name), incarnation, std::move(why)});
}

void account::explain(std::uint64_t incarnation, std::string const& why) {
  if (incarnation == 0) return;
  for (auto& one : named_)
    if (one.incarnation == incarnation) one.why = why;
}

std::string account::text(counts const& of) const {
  auto text = counted(of.calls, "call", "calls") + " on " + counted(nodes_.size(), "node", "nodes") + " in " + time_text(of.elapsed);
  if (there_ > 0) {
    auto const used = used_ + std::chrono::duration<double>(of.under_way).count();
    // The clocks of several machines: a method may seem to have run longer than its slot was there.
    text += ", busy " + std::to_string(static_cast<int>(100 * std::min(1.0, used / there_) + 0.5)) + " %";
  }
  if (of.issued_again > 0) text += ", " + grouped(of.issued_again) + " retried";
  if (losses_ > 0) {
    text += ", " + counted(losses_, "node", "nodes") + " lost (";
    auto separator = "";
    for (auto const& one : named_) {
      text += separator + one.name + ": " + one.why;
      separator = "; ";
    }
    if (losses_ > named_.size()) text += "; " + grouped(losses_ - named_.size()) + " more";
    text += ')';
  }
  return text + failed_text(of);
}

std::string account::text_at_master(counts const& of, std::uint64_t connections_lost) {
  auto text = counted(of.calls, "call", "calls") + " at the master in " + time_text(of.elapsed);
  if (of.issued_again > 0) text += ", " + grouped(of.issued_again) + " retried";
  if (connections_lost > 0) text += ", " + counted(connections_lost, "connection", "connections") + " lost";
  return text + failed_text(of);
}

}  // namespace dist
