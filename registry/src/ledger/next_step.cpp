#include "ledger/next_step.hpp"

#include <ostream>

namespace dist {
namespace {

using kind = next_step::kind;

next_step after_loss(ended_try const& now) noexcept {
  if (now.once || now.pinned || !now.repeatable) return {kind::fail};
  if (now.blamed == verdict::poisoned) return {kind::poisoned};
  return {kind::issue, issue_cost::loss, now.blamed == verdict::alone};
}

next_step after_refusal(ended_try const& now) noexcept {
  // A node that refuses without having begun has done no harm: another may take the call.
  auto const unknown_only_here = now.code == errc::unknown_method && now.others_have_it;
  if (now.may != remedy::elsewhere && !unknown_only_here) return {kind::fail};
  // No other kind of node is left for these arguments.
  if (now.code == errc::bad_arguments && !now.others_have_it) return {kind::fail_for_all};
  // At once it would only be refused again.
  if ((now.code == errc::overloaded && now.been_here) || now.refusals >= most_refusals) return {kind::issue_later};
  return {kind::issue};
}

}  // namespace

next_step decide(ended_try const& now) noexcept {
  switch (now.how) {
    case try_end::not_begun:
      // What this node did not begin is no answer while another may give one.
      return now.elsewhere ? next_step{kind::stay} : after_refusal(now);
    case try_end::lost: return now.elsewhere ? next_step{kind::stay} : after_loss(now);
    case try_end::failed:
      // It ran: the method itself asks for another try, or this is how the call ends, whoever else has it.
      if (now.code == errc::transient && !now.once && now.retries < now.most_retries)
        return {kind::issue_later, issue_cost::retry};
      return {kind::fail};
  }
  return {kind::fail};
}

std::string_view to_text(next_step::kind what) noexcept {
  switch (what) {
    case kind::stay: return "stay";
    case kind::fail: return "fail";
    case kind::fail_for_all: return "fail for all";
    case kind::poisoned: return "poisoned";
    case kind::issue: return "issue";
    case kind::issue_later: return "issue later";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, next_step const& step) {
  constexpr std::string_view costs[] = {"", ", from the losses' budget", ", from the retries' budget"};
  return out << to_text(step.what) << costs[static_cast<std::size_t>(step.cost)] << (step.alone ? ", alone" : "");
}

}  // namespace dist
