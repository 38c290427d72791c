#include "ledger.hpp"

#include <sstream>

namespace dist::sim {

char const* to_text(method_kind kind) noexcept {
  constexpr char const* names[] = {"plain", "plain_writes", "waits",    "wait_writes", "brief", "fails",
                                   "transient", "large",    "stubborn", "nests",       "nests_writing"};
  return names[static_cast<std::size_t>(kind)];
}

call_tag ledger::open(call_facts about) {
  entries_.emplace_back().about = about;
  ++open_;
  return entries_.size();
}

std::string ledger::name_of(call_tag tag, entry const& one) const {
  std::string text = "call " + std::to_string(tag) + " (" + to_text(one.about.kind);
  if (one.about.once) text += ", once";
  if (one.about.nested) text += ", nested";
  if (one.about.pinned) text += ", pinned";
  if (one.about.from_link) text += ", of a connected job";
  text += ")";
  return text;
}

void ledger::began(call_tag tag, std::string const& node) {
  check(tag > 0 && tag <= entries_.size(), [&] { return "a call that was never made began: " + std::to_string(tag); });
  if (tag == 0 || tag > entries_.size()) return;
  auto& one = entries_[tag - 1];
  one.begun.push_back(node);
  if (one.about.pinned)
    check(one.about.pinned_to == node, [&] { return name_of(tag, one) + " is for " + one.about.pinned_to + " and began on " + node; });
  auto const at_most_once = one.about.once || !is_repeatable(one.about.kind);
  check(!at_most_once || one.begun.size() == 1, [&] {
    return name_of(tag, one) + " began " + std::to_string(one.begun.size()) + " times, on " + one.begun.front() +
           " and on " + node;
  });
}

void ledger::ran_through(call_tag tag, time_point now) {
  auto const& one = entries_[tag - 1];
  if (!cancel_bound_ || one.unwanted_since == time_point::max()) return;
  check(now <= one.unwanted_since + *cancel_bound_, [&] { return name_of(tag, one) + " ran on after it was cancelled"; });
}

std::size_t ledger::begins(call_tag tag) const { return entries_[tag - 1].begun.size(); }

void ledger::end(call_tag tag, entry& one) {
  check(++one.ends == 1, [&] { return name_of(tag, one) + " ended " + std::to_string(one.ends) + " times"; });
  if (one.ends == 1 && !one.forgotten) --open_;
}

void ledger::answered(call_tag tag, std::uint64_t value) {
  auto& one = entries_[tag - 1];
  end(tag, one);
  one.good = true;
  ++answers_;
  check(value == answer_to(tag), [&] { return name_of(tag, one) + " got the answer of another call"; });
}

void ledger::failed(call_tag tag, fault const& what) {
  auto& one = entries_[tag - 1];
  end(tag, one);
  one.failure = what;
}

void ledger::failed_somewhere(call_tag tag, fault what) {
  what.known = progress::unknown;
  failed(tag, what);
}

void ledger::forgotten(call_tag tag) {
  auto& one = entries_[tag - 1];
  if (one.ends == 0 && !one.forgotten) --open_;
  one.forgotten = true;
}

void ledger::judge() {
  for (std::size_t i = 0; i < entries_.size(); ++i) judge(i + 1, entries_[i]);
}

void ledger::judge(call_tag tag, entry const& one) {
  check(one.forgotten || one.ends == 1, [&] {
    return name_of(tag, one) + " has not ended; it began " + std::to_string(one.begun.size()) + " times";
  });
  if (one.forgotten) return;
  if (one.good)
    check(!one.begun.empty(), [&] { return name_of(tag, one) + " has an answer and never began"; });
  if (one.failure) judge_fault(tag, one);
}

void ledger::judge_fault(call_tag tag, entry const& one) {
  auto const& what = *one.failure;
  auto const said = [&] {
    return name_of(tag, one) + ", which began " + std::to_string(one.begun.size()) + " times, failed: " + to_text(what);
  };
  // A failed nested call is its caller's failure too, whatever the caller did.
  bool const own = one.about.kind != method_kind::nests && one.about.kind != method_kind::nests_writing;
  if (own) {
    check(what.known != progress::not_started || one.begun.empty(), [&] { return "not_started is not true: " + said(); });
    check(what.known != progress::executed || !one.begun.empty(), [&] { return "executed is not true: " + said(); });
  }
  auto const at_most_once = one.about.once || !is_repeatable(one.about.kind);
  bool expected = false;
  if (what.code == errc::method_failed) expected = one.about.kind == method_kind::fails || !own;
  if (what.code == errc::transient) expected = one.about.kind == method_kind::transient;
  if (what.code == errc::deadline_exceeded) expected = one.about.has_deadline || one.about.nested || !own;
  if (what.code == errc::cancelled) expected = one.about.may_cancel || one.about.nested || !own;
  if (what.code == errc::connection_lost || what.code == errc::node_lost)
    expected = !no_losses_ &&
               (one.about.nested || !own || at_most_once || one.about.pinned || one.about.from_link);
  if (what.code == errc::poisoned) expected = deaths_ >= 3;
  if (what.code == errc::no_node) expected = one.about.gives_up || one.about.pinned || one.about.nested || !own;
  if (what.code == errc::stopped) expected = true;
  if (what.code == errc::overloaded) expected = true;
  check(expected, [&] { return "unexpected: " + said(); });
}

}  // namespace dist::sim
