#include <boost/test/unit_test.hpp>

#include "ledger/next_step.hpp"

namespace {

using namespace dist;
using kind = next_step::kind;

ended_try lost() {
  ended_try now;
  now.how = try_end::lost;
  now.code = errc::connection_lost;
  now.may = remedy::if_repeatable;
  now.repeatable = true;
  return now;
}
ended_try refused(errc code, remedy may) {
  ended_try now;
  now.how = try_end::not_begun;
  now.code = code;
  now.may = may;
  return now;
}
ended_try failed(errc code) {
  ended_try now;
  now.code = code;
  now.repeatable = true;
  return now;
}
template <class Change>
ended_try with(ended_try now, Change change) {
  change(now);
  return now;
}

struct row {
  char const* about;
  ended_try now;
  next_step then;
};

}  // namespace

BOOST_AUTO_TEST_CASE(next_step_follows_the_failure_contract) {
  row const table[] = {
      {"a repeatable call goes elsewhere", lost(), {kind::issue, issue_cost::loss}},
      {"another one ends", with(lost(), [](auto& t) { t.repeatable = false; }), {kind::fail}},
      {"the caller's options narrow it", with(lost(), [](auto& t) { t.once = true; }), {kind::fail}},
      {"it was for this node only", with(lost(), [](auto& t) { t.pinned = true; }), {kind::fail}},
      {"another node has it", with(lost(), [](auto& t) { t.elsewhere = true; }), {kind::stay}},
      {"whatever it is", with(lost(), [](auto& t) { t.elsewhere = t.once = true; }), {kind::stay}},
      {"two deaths", with(lost(), [](auto& t) { t.blamed = verdict::alone; }), {kind::issue, issue_cost::loss, true}},
      {"three deaths", with(lost(), [](auto& t) { t.blamed = verdict::poisoned; }), {kind::poisoned}},
      {"a death tells of no call that may not move",
       with(lost(), [](auto& t) { t.blamed = verdict::poisoned, t.repeatable = false; }),
       {kind::fail}},

      {"a drain", refused(errc::draining, remedy::elsewhere), {kind::issue}},
      {"a drain of a call that may run once only",
       with(refused(errc::draining, remedy::elsewhere), [](auto& t) { t.once = true; }),
       {kind::issue}},
      {"never written", refused(errc::connection_lost, remedy::elsewhere), {kind::issue}},
      {"a drain, and another node has it",
       with(refused(errc::draining, remedy::elsewhere), [](auto& t) { t.elsewhere = true; }),
       {kind::stay}},
      {"full", refused(errc::overloaded, remedy::elsewhere), {kind::issue}},
      {"full again",
       with(refused(errc::overloaded, remedy::elsewhere), [](auto& t) { t.been_here = true; }),
       {kind::issue_later}},
      {"full again, and no other try can help",
       with(refused(errc::overloaded, remedy::never), [](auto& t) { t.been_here = true; }),
       {kind::fail}},
      {"refused by three",
       with(refused(errc::overloaded, remedy::elsewhere), [](auto& t) { t.refusals = 3; }),
       {kind::issue}},
      {"refused by a fourth",
       with(refused(errc::overloaded, remedy::elsewhere), [](auto& t) { t.refusals = 4; }),
       {kind::issue_later}},
      {"the fourth that drains",
       with(refused(errc::draining, remedy::elsewhere), [](auto& t) { t.refusals = 4; }),
       {kind::issue_later}},
      {"unknown there",
       with(refused(errc::unknown_method, remedy::never), [](auto& t) { t.others_have_it = true; }),
       {kind::issue}},
      {"unknown everywhere", refused(errc::unknown_method, remedy::never), {kind::fail}},
      {"arguments that do not fit", refused(errc::bad_arguments, remedy::never), {kind::fail}},
      {"arguments for a Go node, and there are others",
       with(refused(errc::bad_arguments, remedy::elsewhere), [](auto& t) { t.others_have_it = true; }),
       {kind::issue}},
      {"arguments for a Go node, and there are no others",
       refused(errc::bad_arguments, remedy::elsewhere),
       {kind::fail_for_all}},
      {"cancelled before it began", refused(errc::cancelled, remedy::never), {kind::fail}},

      {"the method threw", failed(errc::method_failed), {kind::fail}},
      {"and another node has the call",
       with(failed(errc::method_failed), [](auto& t) { t.elsewhere = true; }),
       {kind::fail}},
      {"it asks for another try", failed(errc::transient), {kind::issue_later, issue_cost::retry}},
      {"which needs no repeatability",
       with(failed(errc::transient), [](auto& t) { t.repeatable = false; }),
       {kind::issue_later, issue_cost::retry}},
      {"the last one",
       with(failed(errc::transient), [](auto& t) { t.retries = 2; }),
       {kind::issue_later, issue_cost::retry}},
      {"one too many", with(failed(errc::transient), [](auto& t) { t.retries = 3; }), {kind::fail}},
      {"retry(0)", with(failed(errc::transient), [](auto& t) { t.most_retries = 0; }), {kind::fail}},
      {"once", with(failed(errc::transient), [](auto& t) { t.once = true; }), {kind::fail}},
  };
  for (auto const& one : table) BOOST_TEST_CONTEXT(one.about) BOOST_TEST(decide(one.now) == one.then);
}
