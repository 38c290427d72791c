// docs/failures.md, line by line: each line of its table that concerns a call of a master has cases here, which
// tests/hygiene/contract.py checks. The numbers are those of a call's transitions.
//
// Lines that are about a job's own connection, its memory or its process, and the tests that show them:
// "the master of `--local` or `--master` dies": `processes.deaths`: node_processes_die_with_their_parent
// "the job blocks its process's I/O thread": `processes.deaths`: blocked_io_thread_is_reported
// "a result or arguments beyond what the master may hold for all peers": `runtime.memory_limit`: oversized_result_is_one_fault_and_the_node_stays, oversized_arguments_are_rejected_and_the_connection_stays
// "a job or a JSON caller does not read its replies": `runtime.slow_caller`: replies_to_a_job_that_does_not_read_are_limited, job_that_does_not_read_is_not_read_from
// "the master of a `--connect` job dies or is stopped": `runtime.reconnect`: repeatable_calls_are_sent_again, calls_that_are_not_repeatable_end, calls_of_a_stopped_master_wait_for_the_next
// "more calls wait for the master of a `--connect` job than may wait": `runtime.reconnect`: lost_calls_wait_even_beyond_the_limit
// "a `--connect` job is denied by its master, or stops": `runtime.deadline`: call_waiting_for_a_connection_ends_with_its_link
#include "registry/ledger_stage.hpp"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

using namespace std::chrono_literals;
using dist::departure;
using dist::errc;
using dist::issue_cost;
using dist::progress;
using dist::test::ledger_stage;
using dist::test::outcome;
using dist::test::test_call;

namespace {

/// How the call ends that a case is about.
struct ending {
  enum class kind { waits, answered, fails };
  kind what = kind::waits;
  std::string by;  ///< node
  errc code = errc::method_failed;
  progress known = progress::unknown;
};

ending waits() { return {}; }
ending answered(std::string by) { return {ending::kind::answered, std::move(by)}; }
ending fails(errc code, progress known) { return {ending::kind::fails, {}, code, known}; }

/// One way to come to a line of docs/failures.md.
struct row_case {
  char const* row;  ///< the line's first cell
  char const* about;
  void (*script)(ledger_stage& on);
  ending then;
};

test_call needs(std::vector<std::string> labels) {
  test_call asked;
  asked.labels = std::move(labels);
  return asked;
}
test_call once() {
  test_call asked;
  asked.once = true;
  return asked;
}
test_call retries(unsigned most) {
  test_call asked;
  asked.retries = most;
  return asked;
}
test_call wait_for_node(dist::duration time) {
  test_call asked;
  asked.node_wait = time;
  return asked;
}
test_call made_by(dist::call_id parent, bool blocks = false) {
  test_call asked;
  asked.parent = parent;
  asked.parent_blocks = blocks;
  return asked;
}

std::uint32_t in_use(ledger_stage const& on) { return static_cast<std::uint32_t>(on.ledger.nodes().counts().in_use); }
std::size_t queued(ledger_stage const& on) { return on.ledger.nodes().counts().queued; }

/// A repeatable call on a, which is silent, and its copy on b.
std::pair<dist::test::stage_node&, dist::test::stage_node&> on_two_nodes(ledger_stage& on) {
  auto& a = on.add("a");
  on.start("Work.read", {}, &on.got);
  auto& b = on.add("b");
  on.goes_silent(a);
  BOOST_REQUIRE(b.attempts.size() == 1U);
  return {a, b};
}

/// Loses a thousand calls over and over, until none of them may go out again at once.
void use_up_losses(ledger_stage& on) {
  for (int n = 0; n < 1000; ++n) on.start("Work.read");
  for (;;) {
    auto& large = on.add("large", 1000);
    auto const left = large.attempts.size();
    on.leave(large, departure::left);
    if (left == 0) return;
  }
}

row_case const cases[] = {
    // A node's process ends.
    {"a node's process is killed or crashes, or a method calls `exit(0)`",
     "a repeatable call goes to another node at once",  // 27
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       auto& b = on.add("b");
       on.leave(a);
       BOOST_TEST(on.issued_again(issue_cost::loss) == 1U);
       on.answer(b);
     },
     answered("b")},
    {"a node's process is killed or crashes, or a method calls `exit(0)`",
     "it goes ahead of calls that have not been sent",  // 27
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       auto& b = on.add("b");
       on.start("Work.write");
       on.start("Work.write");
       on.leave(a);
       on.answer(b);
       BOOST_REQUIRE(b.sent.size() == 2U);
       BOOST_TEST(b.sent.back() == "Work.read");
       on.answer(b);
     },
     answered("b")},
    {"a node's process is killed or crashes, or a method calls `exit(0)`",
     "others fail",  // 29
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       auto& b = on.add("b");
       on.leave(a);
       BOOST_TEST(b.sent.empty());
       BOOST_REQUIRE(on.got.failed);
       BOOST_TEST(on.got.failed->node == "a");
       BOOST_TEST(on.got.failed->phase == "running");
     },
     fails(errc::connection_lost, progress::unknown)},
    {"a node's process is killed or crashes, or a method calls `exit(0)`",
     "so does a repeatable one that is to be sent once",  // 29
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", once(), &on.got);
       on.add("b");
       on.leave(a);
     },
     fails(errc::connection_lost, progress::unknown)},
    {"a node's process is killed or crashes, or a method calls `exit(0)`",
     "a call that had not been written moves in any case, at no cost",  // 26
     [](ledger_stage& on) {
       auto& a = on.add("a");
       auto asked = once();
       on.start("Work.write", asked, &on.got);
       auto& b = on.add("b");
       a.attempts[0].written = false;
       on.leave(a);
       BOOST_TEST(on.issued_again(issue_cost::nothing) == 1U);
       BOOST_TEST(on.issued_again(issue_cost::loss) == 0U);
       on.answer(b);
     },
     answered("b")},
    {"a node's process is killed or crashes, or a method calls `exit(0)`",
     "a later fault says what the first cause was",  // 27, 19
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       auto& b = on.add("b");
       on.leave(a);
       on.refuse(b, errc::method_failed);
       BOOST_REQUIRE(on.got.failed);
       BOOST_TEST(on.got.failed->cause.find("its connection ended") != std::string::npos);
     },
     fails(errc::method_failed, progress::executed)},
    {"a node's process is killed or crashes, or a method calls `exit(0)`",
     "a refusal behind a loss does not hide that it may have run",  // 16
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       auto& b = on.add("b");
       on.leave(a);
       on.refuse(b, errc::bad_arguments);
     },
     fails(errc::bad_arguments, progress::unknown)},
    {"a node's process is killed or crashes, or a method calls `exit(0)`",
     "while its budget is empty a lost call pauses, and does not fail",  // 20, 27
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       use_up_losses(on);
       on.leave(a);
       auto& b = on.add("b", 2000);
       BOOST_TEST(b.attempts.empty());
       on.pass(60s);
       BOOST_TEST(b.attempts.size() == 1001U);
       while (!b.attempts.empty()) on.answer(b);
     },
     answered("b")},

    // Silence.
    {"a node is silent: stopped, frozen, cable pulled",
     "after two missed beats a repeatable call is sent to one other node, and the first reply counts",  // 21, 23, 12
     [](ledger_stage& on) {
       auto [a, b] = on_two_nodes(on);
       on.add("c");
       on.pass(10s);
       BOOST_TEST(on.issued_again(issue_cost::loss) == 1U);
       on.answer(b);
       BOOST_TEST(a.attempts[0].abandoned);
     },
     answered("b")},
    {"a node is silent: stopped, frozen, cable pulled",
     "both nodes have it until one replies",  // 12
     [](ledger_stage& on) {
       auto [a, b] = on_two_nodes(on);
       on.heard(a);
       BOOST_TEST(!b.attempts[0].abandoned);
       on.answer(a);
       BOOST_TEST(b.attempts[0].abandoned);
     },
     answered("a")},
    {"a node is silent: stopped, frozen, cable pulled",
     "a failure of one ends the call for both",  // 19
     [](ledger_stage& on) {
       auto [a, b] = on_two_nodes(on);
       on.refuse(b, errc::method_failed);
       BOOST_TEST(a.attempts[0].abandoned);
     },
     fails(errc::method_failed, progress::executed)},
    {"a node is silent: stopped, frozen, cable pulled",
     "a refusal of one leaves it to the other",  // 17
     [](ledger_stage& on) {
       auto [a, b] = on_two_nodes(on);
       on.heard(a);
       on.refuse(b, errc::bad_arguments);
       BOOST_TEST(!on.got.ended);
       on.answer(a);
     },
     answered("a")},
    {"a node is silent: stopped, frozen, cable pulled",
     "never to the same node, also when no other comes",  // 23
     [](ledger_stage& on) {
       auto& a = on.add("a", 4);
       on.start("Work.read", {}, &on.got);
       on.goes_silent(a);
       BOOST_TEST(queued(on) == 1U);
       on.heard(a);
       on.pass(10s);
       BOOST_TEST(a.sent.size() == 1U);
     },
     waits()},
    {"a node is silent: stopped, frozen, cable pulled",
     "not even a call of one of its methods, while it drains and no other node is there",  // 23, 7
     [](ledger_stage& on) {
       auto& a = on.add("a", 2);
       on.start("Work.read");
       on.start("Work.read", made_by(a.attempts[0].id), &on.got);
       on.drain(a);
       on.goes_silent(a);
       BOOST_TEST(queued(on) == 2U);
       BOOST_TEST(a.sent.size() == 2U);
       on.heard(a);
       on.answer(a, 1);
     },
     answered("a")},
    {"a node is silent: stopped, frozen, cable pulled",
     "others are lost with it",  // 22, 29
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       auto& b = on.add("b");
       on.goes_silent(a);
       on.pass(25s);
       BOOST_TEST(!on.got.ended);
       on.pass(5s);
       BOOST_TEST(b.sent.empty());
     },
     fails(errc::node_lost, progress::unknown)},
    {"a node is silent: stopped, frozen, cable pulled",
     "a call that is to be sent once keeps waiting for it",  // 22
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", once(), &on.got);
       auto& b = on.add("b");
       on.goes_silent(a);
       on.pass(20s);
       BOOST_TEST(b.sent.empty());
     },
     waits()},
    {"a node is silent: stopped, frozen, cable pulled",
     "so does a call that is for this node only",  // 22
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", needs({"node=a"}), &on.got);
       on.goes_silent(a);
       BOOST_TEST(queued(on) == 0U);
       on.heard(a);
       on.answer(a);
     },
     answered("a")},
    {"a node is silent: stopped, frozen, cable pulled",
     "without a budget for it the copy pauses; a refusal of the silent node then leaves it to a new attempt",  // AP: 17
     [](ledger_stage& on) {
       auto& a = on.add("a");
       auto const call = on.start("Work.read", {}, &on.got);
       use_up_losses(on);
       on.goes_silent(a);
       for (int rounds = 0; rounds < 5 && !on.ledger.standing(call).pauses; ++rounds) {
         on.heard(a);
         on.goes_silent(a);
       }
       BOOST_REQUIRE(on.ledger.standing(call).pauses);
       BOOST_TEST(on.ledger.standing(call).on.size() == 1U);
       on.refuse(a, errc::draining);
       BOOST_TEST(!on.ledger.standing(call).pauses);
       BOOST_TEST(!on.ledger.standing(call).waits.empty());
     },
     waits()},
    {"a node is silent: stopped, frozen, cable pulled",
     "what is lost of two attempts does not matter while the other lives",  // 25
     [](ledger_stage& on) {
       auto [a, b] = on_two_nodes(on);
       on.pass(30s);
       BOOST_TEST(!on.got.ended);
       on.answer(b);
       BOOST_TEST(!a.has({}));
     },
     answered("b")},
    {"a node is silent: stopped, frozen, cable pulled",
     "a copy that waits is all there is of it when the silent node goes",  // AQ: 27
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       on.goes_silent(a);
       on.pass(30s);
       BOOST_TEST(queued(on) == 1U);
       auto& b = on.add("b");
       on.answer(b);
       BOOST_TEST(on.issued_again(issue_cost::loss) == 1U);
     },
     answered("b")},
    {"a silent node resumes before it is lost",
     "its reply counts",  // 12
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       on.goes_silent(a);
       on.pass(20s);
       on.heard(a);
       on.answer(a);
     },
     answered("a")},
    {"a silent node resumes before it is lost",
     "calls that no other node has yet stay with it, and their budget is whole again",  // 24
     [](ledger_stage& on) {
       auto& a = on.add("a", 300);
       on.start("Work.read", {}, &on.got);
       for (int n = 1; n < 300; ++n) on.start("Work.read");
       for (int rounds = 0; rounds < 5; ++rounds) {
         on.goes_silent(a);
         // None of them pauses for want of a budget.
         BOOST_TEST(queued(on) == 300U);
         on.heard(a);
         BOOST_TEST(queued(on) == 0U);
       }
       BOOST_TEST(on.issued_again(issue_cost::loss) == 0U);
       on.answer(a);
     },
     answered("a")},
    {"a silent node resumes before it is lost",
     "nor is one sent elsewhere later that had to wait for its budget",  // 24
     [](ledger_stage& on) {
       auto& a = on.add("a");
       auto const call = on.start("Work.read", {}, &on.got);
       use_up_losses(on);
       for (int rounds = 0; rounds < 5 && !on.ledger.standing(call).pauses; ++rounds) {
         on.heard(a);
         on.goes_silent(a);
       }
       BOOST_REQUIRE(on.ledger.standing(call).pauses);
       on.heard(a);
       BOOST_TEST(!on.ledger.standing(call).pauses);
       auto& b = on.add("b", 2000);
       on.pass(60s);
       BOOST_TEST(!b.has(call));
       on.answer(a);
     },
     answered("a")},
    {"a link is cut for less than `--lost-after`",
     "a call that must not run twice ends as if nothing had been",
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       on.goes_silent(a);
       on.pass(24s);
       on.heard(a);
       on.pass(60s);
       BOOST_TEST(a.sent.size() == 1U);
       on.answer(a);
     },
     answered("a")},
    {"a process of `--procs` or `--local` is stopped, or a method closes its connections",
     "a repeatable call is sent elsewhere, and once its parent has killed it that is all",  // 21, 25
     [](ledger_stage& on) {
       auto& a = on.add_supervised("a");
       on.start("Work.read", {}, &on.got);
       auto& b = on.add("b");
       on.goes_silent(a);
       on.leave(a);
       on.answer(b);
     },
     answered("b")},
    {"a process of `--procs` or `--local` is stopped, or a method closes its connections",
     "others say how the process ended",  // 29, 30
     [](ledger_stage& on) {
       auto& a = on.add("a", 1, 7, true);
       on.start("Work.write", {}, &on.got);
       on.goes_silent(a);
       on.leave(a);
       BOOST_TEST(!on.got.ended);
       on.tell_end(7, "it did not respond for 32 s and was killed");
       BOOST_REQUIRE(on.got.failed);
       BOOST_TEST(on.got.failed->message == "its process ended: it did not respond for 32 s and was killed");
     },
     fails(errc::connection_lost, progress::unknown)},
    {"a connection is cut, the process lives",
     "the third time is no more to blame than the first",  // 27, 28, 31
     [](ledger_stage& on) {
       on.start("Work.read", {}, &on.got);
       for (int times = 0; times < 4; ++times) {
         auto& a = on.add("a", 1, 7);
         BOOST_REQUIRE(a.attempts.size() == 1U);
         on.leave(a);
       }
       on.pass(60s);
       BOOST_TEST(!on.got.ended);
       auto& a = on.add("a", 1, 7);
       on.answer(a);
     },
     answered("a")},
    {"a connection is cut, the process lives",
     "a call that waits for a node of its own does so no more once one of its processes is back",  // 32
     [](ledger_stage& on) {
       on.start("Work.read", {}, &on.got);
       on.leave(on.add("a", 1, 7));
       on.leave(on.add("b", 1, 8));
       auto& a = on.add("a", 2, 7);
       BOOST_REQUIRE(a.attempts.size() == 1U);
       on.start("Work.write");
       BOOST_TEST(a.attempts.size() == 2U);
       on.answer(a);
     },
     answered("a")},

    // What a method does.
    {"a method hangs while its process beats",
     "the call waits",
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       on.add("b");
       on.pass(std::chrono::hours(2));
       BOOST_TEST(a.attempts.size() == 1U);
     },
     waits()},
    {"a method hangs while its process beats",
     "once it is cancelled its node is told when to end the process",  // 33
     [](ledger_stage& on) {
       auto& a = on.add("a");
       test_call asked;
       asked.kill_after_us = 5'000'000;
       auto const call = on.start("Work.read", asked, &on.got);
       BOOST_TEST(on.give_up(call).has_value());
       BOOST_TEST(a.attempts[0].abandoned);
       BOOST_TEST(a.attempts[0].kill_after_us == 5'000'000U);
     },
     waits()},
    {"the master of a `--connect` job dies or is stopped",
     "a call that may have run is not sent to a node that lists its method as not repeatable",
     [](ledger_stage& on) {
       auto& a = on.add("a");
       test_call asked;
       asked.again = true;
       on.start("Work.write", asked, &on.got);
       BOOST_TEST(a.sent.empty());
       BOOST_TEST(in_use(on) == 0U);
     },
     fails(errc::connection_lost, progress::unknown)},
    {"the master of a `--connect` job dies or is stopped",
     "a repeatable one is, and a refusal does not hide that it may have run",  // 2, 16
     [](ledger_stage& on) {
       auto& a = on.add("a");
       test_call asked;
       asked.again = true;
       on.start("Work.read", asked, &on.got);
       on.refuse(a, errc::bad_arguments);
     },
     fails(errc::bad_arguments, progress::unknown)},
    {"a node drains (Ctrl-C, SIGTERM, `dist drain`)",
     "a call that runs there ends there, and new ones go elsewhere",
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       on.drain(a);
       on.start("Work.read");
       BOOST_TEST(queued(on) == 1U);
       BOOST_TEST(a.sent.size() == 1U);
       on.answer(a);
     },
     answered("a")},
    {"a node drains (Ctrl-C, SIGTERM, `dist drain`)",
     "a call that has not started moves at once, at no cost",  // 15
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       auto& b = on.add("b");
       on.drain(a);
       on.refuse(a, errc::draining);
       BOOST_TEST(on.issued_again(issue_cost::nothing) == 1U);
       on.answer(b);
     },
     answered("b")},
    {"a node drains (Ctrl-C, SIGTERM, `dist drain`)",
     "at the limit it is as for a killed node, and nobody is blamed",  // 27, 29
     [](ledger_stage& on) {
       on.start("Work.read", {}, &on.got);
       for (int n = 0; n < 6; ++n) {
         auto& node = on.add("a", 2);
         BOOST_REQUIRE(node.attempts.size() == 1U);
         on.drain(node);
         on.leave(node, departure::left);
       }
       // Not even alone: the last one has room for others.
       auto& a = on.add("a", 2);
       on.start("Work.write");
       BOOST_TEST(a.attempts.size() == 2U);
       on.answer(a);
     },
     answered("a")},
    {"a node drains (Ctrl-C, SIGTERM, `dist drain`)",
     "its methods' own calls come to it when nobody else can take them, beyond its slots",  // 7
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read");
       on.drain(a);
       on.start("Work.read", made_by(a.attempts[0].id), &on.got);
       BOOST_REQUIRE(a.attempts.size() == 2U);
       on.answer(a, 1);
     },
     answered("a")},
    {"the method throws",
     "never again",  // 19
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       auto& b = on.add("b");
       on.refuse(a, errc::method_failed);
       BOOST_TEST(b.sent.empty());
       BOOST_REQUIRE(on.got.failed);
       BOOST_TEST(on.got.failed->node == "a");
     },
     fails(errc::method_failed, progress::executed)},
    {"the method throws `dist::transient`",
     "up to three more times after pauses, repeatable or not",  // 18, 20
     [](ledger_stage& on) {
       on.add("a");
       on.start("Work.write", {}, &on.got);
       for (int n = 0; n < 3; ++n) {
         BOOST_REQUIRE(on.holder());
         on.refuse(*on.holder(), errc::transient);
         BOOST_TEST(!on.holder());
         on.pass(1s);
       }
       BOOST_TEST(on.issued_again(issue_cost::retry) == 3U);
       BOOST_REQUIRE(on.holder());
       on.refuse(*on.holder(), errc::transient);
     },
     fails(errc::transient, progress::executed)},
    {"the method throws `dist::transient`",
     "the caller may say how often",  // 18
     [](ledger_stage& on) {
       on.add("a");
       on.start("Work.write", retries(1), &on.got);
       on.refuse(*on.holder(), errc::transient);
       on.pass(1s);
       on.refuse(*on.holder(), errc::transient);
     },
     fails(errc::transient, progress::executed)},
    {"the method throws `dist::transient`",
     "never where it is to be sent once",  // 19
     [](ledger_stage& on) {
       on.add("a");
       on.start("Work.read", once(), &on.got);
       on.refuse(*on.holder(), errc::transient);
     },
     fails(errc::transient, progress::executed)},
    {"the method throws `dist::transient`",
     "nor where the pause would end behind the deadline",  // 19
     [](ledger_stage& on) {
       on.add("a");
       test_call asked;
       asked.deadline = on.now();
       on.start("Work.read", asked, &on.got);
       on.refuse(*on.holder(), errc::transient);
     },
     fails(errc::transient, progress::executed)},
    {"the method throws `dist::transient`",
     "a refusal behind the pause does not hide that it ran",  // 18, 16
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       on.refuse(a, errc::transient);
       on.pass(1s);
       on.refuse(a, errc::bad_arguments);
     },
     fails(errc::bad_arguments, progress::unknown)},
    {"the method throws `dist::transient`",
     "of two attempts the other is cancelled",  // 18
     [](ledger_stage& on) {
       auto [a, b] = on_two_nodes(on);
       on.refuse(b, errc::transient);
       BOOST_TEST(a.attempts[0].abandoned);
       BOOST_TEST(!on.got.ended);
       on.pass(1s);
       BOOST_REQUIRE(b.attempts.size() == 1U);
       on.answer(b);
     },
     answered("b")},
    {"the method throws `dist::transient`",
     "retries have a budget of their own, which delays them only",  // 20
     [](ledger_stage& on) {
       auto& a = on.add("a", 60);
       on.start("Work.read", {}, &on.got);
       for (int n = 1; n < 60; ++n) on.start("Work.read");
       auto const before = on.now();
       while (!a.attempts.empty()) on.refuse(a, errc::transient);
       on.pass(500ms);
       // Ten at once, a fifth of the sixty calls, and ten a second; the losses' budget, which has sixty, does not help.
       BOOST_TEST(a.attempts.size() <= 10U + 12U + 5U);
       while (a.attempts.size() < 60) on.pass(100ms);
       BOOST_TEST((on.now() - before > 2s));
       while (!a.attempts.empty()) on.answer(a);
       BOOST_TEST(on.issued_again(issue_cost::loss) == 0U);
     },
     answered("a")},

    // The caller.
    {"a deadline passes",
     "a call that waits for a node has not started",  // 33
     [](ledger_stage& on) {
       auto const call = on.start("Work.read", {}, &on.got);
       auto const left = on.give_up(call);
       BOOST_REQUIRE(left);
       BOOST_TEST(left->known == progress::not_started);
       BOOST_TEST(left->phase == "queueing");
       BOOST_TEST(queued(on) == 0U);
       auto& a = on.add("a");
       BOOST_TEST(a.sent.empty());
     },
     waits()},
    {"a deadline passes",
     "of a call that has been sent nothing is known; its node is notified",  // 33
     [](ledger_stage& on) {
       auto& a = on.add("a");
       auto const call = on.start("Work.read", {}, &on.got);
       auto const left = on.give_up(call);
       BOOST_REQUIRE(left);
       BOOST_TEST(left->known == progress::unknown);
       BOOST_TEST(left->phase == "running");
       BOOST_TEST(left->node == "a");
       BOOST_TEST(a.attempts[0].abandoned);
     },
     waits()},
    {"a deadline passes",
     "of one that was lost and waits again it is known that it may have run, and why it waits",  // 33
     [](ledger_stage& on) {
       auto& a = on.add("a");
       auto const call = on.start("Work.read", {}, &on.got);
       on.leave(a);
       auto const left = on.give_up(call);
       BOOST_REQUIRE(left);
       BOOST_TEST(left->known == progress::unknown);
       BOOST_TEST(left->phase == "queueing");
       BOOST_TEST(left->cause.find("its connection ended") != std::string::npos);
     },
     waits()},
    {"a deadline passes",
     "while it is found out how its node ended, the call was running there",  // 33, M
     [](ledger_stage& on) {
       auto& a = on.add_supervised("a");
       auto const call = on.start("Work.write", {}, &on.got);
       on.leave(a);
       auto const left = on.give_up(call);
       BOOST_REQUIRE(left);
       BOOST_TEST(left->known == progress::unknown);
       BOOST_TEST(left->phase == "running");
       on.pass(10s);
     },
     waits()},
    {"a call is cancelled, or its `pending` dropped",
     "both of its nodes are notified",  // 33
     [](ledger_stage& on) {
       auto& a = on.add("a");
       auto const call = on.start("Work.read", {}, &on.got);
       auto& b = on.add("b");
       on.goes_silent(a);
       BOOST_TEST(on.give_up(call).has_value());
       BOOST_TEST(a.attempts[0].abandoned);
       BOOST_TEST(b.attempts[0].abandoned);
     },
     waits()},
    {"a call is cancelled, or its `pending` dropped",
     "while it pauses it goes out no more",  // 33
     [](ledger_stage& on) {
       auto& a = on.add("a");
       auto const call = on.start("Work.read", {}, &on.got);
       on.refuse(a, errc::transient);
       BOOST_TEST(on.give_up(call).has_value());
       on.pass(10s);
       BOOST_TEST(a.sent.size() == 1U);
     },
     waits()},
    {"a method keeps running after its call has ended",
     "it holds its slot until it returns",  // 33, 13
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.give_up(on.start("Work.write"));
       BOOST_TEST(on.ledger.nodes().counts().abandoned == 1U);
       on.start("Work.read", {}, &on.got);
       BOOST_TEST(queued(on) == 1U);
       on.pass(60s);
       BOOST_TEST(a.attempts.size() == 1U);
       on.answer(a);
       BOOST_TEST(on.ledger.nodes().counts().abandoned == 0U);
       on.answer(a);
     },
     answered("a")},
    {"a late reply",
     "it is dropped, and frees its slot",  // 13
     [](ledger_stage& on) {
       auto [a, b] = on_two_nodes(on);
       on.answer(b);
       on.heard(a);
       on.answer(a);
       BOOST_TEST(!on.last_end.is_awaited);
       BOOST_TEST(in_use(on) == 0U);
     },
     answered("b")},
    {"a late reply",
     "so is a late fault",  // 13
     [](ledger_stage& on) {
       auto [a, b] = on_two_nodes(on);
       on.answer(b);
       on.refuse(a, errc::method_failed);
       BOOST_TEST(!on.last_end.is_awaited);
       BOOST_TEST(in_use(on) == 0U);
     },
     answered("b")},
    {"a call kills its node three times",
     "the third attempt runs alone",  // 27, 28, 30
     [](ledger_stage& on) {
       on.start("Work.read", {}, &on.got);
       for (auto const* name : {"a", "b"}) on.leave(on.add(name, 2));
       auto& c = on.add("c", 2);
       on.start("Work.write");
       BOOST_TEST(c.attempts.size() == 1U);
       on.leave(c);
       on.pass(31s);
       BOOST_REQUIRE(on.got.failed);
       for (auto const* name : {"a", "b", "c"})
         BOOST_TEST(on.got.failed->message.find(name) != std::string::npos);
       // The other one is not affected.
       auto& d = on.add("d");
       BOOST_TEST(d.sent == std::vector<std::string>{"Work.write"});
     },
     fails(errc::poisoned, progress::unknown)},
    {"a call kills its node three times",
     "it is reported once it is known how all of them died",  // 30
     [](ledger_stage& on) {
       on.start("Work.read", {}, &on.got);
       for (std::uint64_t process = 1; process <= 3; ++process) {
         on.leave(on.add("n" + std::to_string(process), 1, process, true));
         if (process < 3) on.tell_end(process, "signal 6 (aborted)");
       }
       BOOST_TEST(!on.got.ended);
       on.tell_end(3, "signal 11", "Work.read([13])");
       BOOST_REQUIRE(on.got.failed);
       BOOST_TEST(on.got.failed->message.ends_with("n1: signal 6 (aborted), n2: signal 6 (aborted), n3: signal 11; the last "
                                                   "was running Work.read([13])"));
     },
     fails(errc::poisoned, progress::unknown)},
    {"a call kills its node three times",
     "a call that only waited at a node which died is not blamed",  // 27
     [](ledger_stage& on) {
       // Once it has been measured, a call of a quick method may wait at a node behind one of a slow method.
       auto& first = on.add("z");
       for (int n = 0; n < 64; ++n) {
         on.start("Work.read");
         on.answer_after(first, 200);
         on.start("Work.slow");
         on.answer_after(first, 2'000'000);
       }
       on.give_up(on.start("Work.slow"));
       on.start("Work.read", {}, &on.got);
       BOOST_REQUIRE(first.attempts.size() == 2U);
       on.leave(first);
       for (auto const* name : {"a", "b"}) on.leave(on.add(name));
       on.pass(60s);
       auto& c = on.add("c");
       on.answer(c);
     },
     answered("c")},
    {"a call kills its node three times",
     "one of its processes reconnects and so turns out not to have died",  // 31
     [](ledger_stage& on) {
       on.start("Work.read", {}, &on.got);
       for (std::uint64_t process = 1; process <= 3; ++process)
         on.leave(on.add("n" + std::to_string(process), 1, process));
       on.pass(20s);
       auto& back = on.add("n2", 1, 2);
       BOOST_REQUIRE(back.attempts.size() == 1U);
       on.answer(back);
     },
     answered("n2")},
    {"a call kills its node three times",
     "a call that is not repeatable fails at the first death",  // 29
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       on.leave(a);
     },
     fails(errc::connection_lost, progress::unknown)},

    // Limits.
    {"the master's queue is full",
     "a new call is refused",  // 2
     [](ledger_stage& on) {
       on.start("Work.read");
       on.start("Work.read");
       on.start("Work.read", {}, &on.got);
       BOOST_TEST(queued(on) == 2U);
     },
     fails(errc::overloaded, progress::not_started)},
    {"the master's queue is full",
     "one that comes back is not",  // 27
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       on.start("Work.write");
       on.start("Work.write");
       BOOST_TEST(queued(on) == 2U);
       on.leave(a);
       BOOST_TEST(queued(on) == 3U);
       auto& b = on.add("b");
       on.answer(b);
     },
     answered("b")},
    {"a node is full",
     "the call goes to another",  // 15
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       auto& b = on.add("b");
       on.refuse(a, errc::overloaded);
       on.answer(b);
     },
     answered("b")},
    {"a node is full",
     "or to the same one: at first at once, then after a pause",  // 14
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       on.refuse(a, errc::overloaded);
       BOOST_REQUIRE(a.attempts.size() == 1U);
       on.refuse(a, errc::overloaded);
       BOOST_TEST(a.attempts.empty());
       on.pass(1s);
       BOOST_REQUIRE(a.attempts.size() == 1U);
       on.answer(a);
     },
     answered("a")},
    {"a node is full",
     "after four rejections in a row always after a pause, and four more may follow",  // 14
     [](ledger_stage& on) {
       for (int n = 0; n < 6; ++n) on.add(std::string(1, static_cast<char>('a' + n)));
       on.start("Work.write", {}, &on.got);
       for (int rounds = 0; rounds < 2; ++rounds) {
         int refusals = 0;
         while (on.holder()) {
           on.refuse(*on.holder(), errc::draining);
           ++refusals;
         }
         BOOST_TEST(refusals == 4);
         on.pass(1s);
       }
       BOOST_REQUIRE(on.holder());
       auto const name = on.holder()->name;
       on.answer(*on.holder());
       on.got.by = on.got.by == name ? "the last" : "";
     },
     answered("the last")},
    {"a node is full",
     "where the fault says that no other node can help, the call fails",  // 16
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       on.add("b");
       auto what = dist::make_fault(errc::overloaded, "larger than any node takes");
       what.may = dist::remedy::never;
       on.refuse(a, std::move(what));
     },
     fails(errc::overloaded, progress::not_started)},
    {"the arguments cannot be sent to a Go node",
     "they go to a node of another kind, however busy",  // 15
     [](ledger_stage& on) {
       auto& go = on.add_go("go");
       on.start("Work.write", {}, &on.got);
       auto& a = on.add("a");
       on.start("Work.write");
       on.cannot_tell(go);
       BOOST_TEST(queued(on) == 1U);
       BOOST_TEST(go.attempts.empty());
       on.answer(a);
       on.answer(a);
     },
     answered("a")},
    {"the arguments cannot be sent to a Go node",
     "where there is none the call fails",  // 16
     [](ledger_stage& on) {
       on.add_go("go");
       on.add_go("go2");
       on.start("Work.write", {}, &on.got);
       on.cannot_tell(*on.holder());
       BOOST_TEST(!on.holder());
     },
     fails(errc::bad_arguments, progress::not_started)},
    {"a node of another build",
     "a method that it turns out not to have gets no more calls there",  // 15
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       auto& b = on.add("b");
       on.refuse(a, errc::unknown_method);
       BOOST_REQUIRE(b.attempts.size() == 1U);
       on.start("Work.write");
       BOOST_TEST(queued(on) == 1U);
       on.answer(b);
     },
     answered("b")},
    {"a node of another build",
     "also where the other nodes that have it are silent at the moment",  // 15
     [](ledger_stage& on) {
       auto& a = on.add("a");
       auto& b = on.add("b");
       on.goes_silent(b);
       on.start("Work.write", {}, &on.got);
       on.refuse(a, errc::unknown_method);
       BOOST_TEST(!on.got.ended);
       on.heard(b);
       BOOST_REQUIRE(b.attempts.size() == 1U);
       on.answer(b);
     },
     answered("b")},
    {"a node of another build",
     "where no node has it the call fails",  // 16
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", {}, &on.got);
       on.refuse(a, errc::unknown_method);
     },
     fails(errc::unknown_method, progress::not_started)},
    {"a node of another build",
     "a call that may have run does not go to one that says it must not run twice",  // 27
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       auto& b = on.add_listing("b", {"Work.read"});
       on.leave(a);
       BOOST_TEST(b.sent.empty());
       BOOST_TEST(in_use(on) == 0U);
     },
     fails(errc::connection_lost, progress::unknown)},
    {"a node of another build",
     "where a third says that it may, the call waits for that one",  // 27
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       auto& b = on.add("b");
       auto const other = on.start("Work.read");
       auto& c = on.add_listing("c", {"Work.read"});
       on.leave(a);
       on.pass(30s);
       BOOST_TEST(c.sent.empty());
       BOOST_TEST(!on.got.ended);
       BOOST_TEST(in_use(on) == 1U);
       BOOST_REQUIRE(b.attempts.front().call == other);
       on.answer(b);
       on.pass(10s);
       on.answer(b);
       BOOST_TEST(on.issued_again(issue_cost::loss) == 1U);
     },
     answered("b")},
    {"a node of another build",
     "and fails once that one has gone too",  // 27
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       auto& b = on.add("b");
       on.start("Work.read");
       on.add_listing("c", {"Work.read"});
       on.leave(a);
       on.pass(2s);
       BOOST_TEST(!on.got.ended);
       on.drain(b);
       on.pass(10s);
     },
     fails(errc::connection_lost, progress::unknown)},
    {"a node of another build",
     "nor does the copy for a silent node: the call stays there",  // 23
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", {}, &on.got);
       auto& b = on.add_listing("b", {"Work.read"});
       on.goes_silent(a);
       on.pass(10s);
       BOOST_TEST(b.sent.empty());
       BOOST_TEST(!on.got.ended);
       on.heard(a);
       on.answer(a);
       BOOST_TEST(in_use(on) == 0U);
     },
     answered("a")},
    {"no available node has the method or the label",
     "the call waits",  // 5
     [](ledger_stage& on) {
       on.add("a");
       on.start("Work.read", needs({"gpu=1"}), &on.got);
       on.pass(std::chrono::hours(1));
       BOOST_TEST(std::ranges::count(on.notes, dist::ledger_note::kind::waits_for, &dist::ledger_note::what) == 1);
       // Said once for each reason.
       on.start("Work.read", needs({"gpu=1"}));
       BOOST_TEST(std::ranges::count(on.notes, dist::ledger_note::kind::waits_for, &dist::ledger_note::what) == 1);
     },
     waits()},
    {"no available node has the method or the label",
     "also before the first node has come",  // 5, 6
     [](ledger_stage& on) {
       on.start("Work.read", {}, &on.got);
       on.pass(60s);
       on.answer(on.add("a"));
     },
     answered("a")},
    {"no available node has the method or the label",
     "`.wait_for_node` limits that",  // 10
     [](ledger_stage& on) {
       on.start("Work.read", wait_for_node(5s), &on.got);
       on.pass(4900ms);
       BOOST_TEST(!on.got.ended);
       on.pass(200ms);
     },
     fails(errc::no_node, progress::not_started)},
    {"no available node has the method or the label",
     "only time without a living node counts",  // 9
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write");
       on.start("Work.read", wait_for_node(5s), &on.got);
       for (int rounds = 0; rounds < 4; ++rounds) {
         on.goes_silent(a);
         on.heard(a);
         on.pass(10s);
       }
       BOOST_TEST(!on.got.ended);
       on.answer(a);
       on.answer(a);
     },
     answered("a")},
    {"no available node has the method or the label",
     "a method that nobody has declared, and of which every node lists others, fails",  // 1, 8
     [](ledger_stage& on) {
       outcome first;
       on.start("Work.unheard", {}, &first);
       BOOST_TEST(!first.ended);
       on.add("a");
       BOOST_REQUIRE(first.failed);
       BOOST_TEST(first.failed->code == errc::unknown_method);
       on.start("Work.unheard", {}, &on.got);
     },
     fails(errc::unknown_method, progress::not_started)},
    {"no available node has the method or the label",
     "one that a silent Go node may have is waited for",  // 5
     [](ledger_stage& on) {
       auto& go = on.add_go("go");
       on.add("a");
       on.goes_silent(go);
       on.start("Arith.unheard", {}, &on.got);
       BOOST_TEST(!on.got.ended);
       on.heard(go);
       BOOST_REQUIRE(go.attempts.size() == 1U);
       on.answer(go);
     },
     answered("go")},
    {"no available node has the method or the label",
     "a method that nobody has declared fails when the last Go node has left the others",  // 8
     [](ledger_stage& on) {
       auto& go = on.add_go("go");
       on.start("Arith.held", {}, nullptr);
       on.start("Arith.unheard", {}, &on.got);
       on.add("a");
       BOOST_TEST(!on.got.ended);
       on.leave(go);
     },
     fails(errc::unknown_method, progress::not_started)},
    {"no available node has the method or the label",
     "or has said that it does not know it",  // 8, 16
     [](ledger_stage& on) {
       auto& go = on.add_go("go");
       on.start("Arith.unheard");
       on.start("Arith.unheard", {}, &on.got);
       on.refuse(go, errc::unknown_method);
     },
     fails(errc::unknown_method, progress::not_started)},
    {"no available node has the method or the label",
     "where it was the only node, the next one decides",  // 8
     [](ledger_stage& on) {
       auto& go = on.add_go("go");
       on.start("Arith.held", {}, nullptr);
       on.start("Arith.unheard", {}, &on.got);
       on.leave(go);
       BOOST_TEST(!on.got.ended);
       on.add("a");
     },
     fails(errc::unknown_method, progress::not_started)},
    {"no available node has the method or the label",
     "a method under its Go spelling is found once a node lists it",  // 8
     [](ledger_stage& on) {
       on.start("Work.CheckIt", {}, &on.got);
       on.answer(on.add_listing("a", {"Work.check_it"}));
     },
     answered("a")},
    {"no available node has the method or the label",
     "also where it is for just this node",  // 8, 11
     [](ledger_stage& on) {
       on.start("Work.CheckIt", needs({"node=a"}), &on.got);
       auto& a = on.add_listing("a", {"Work.check_it"});
       BOOST_REQUIRE(a.attempts.size() == 1U);
       BOOST_TEST(!on.got.ended);
       on.answer(a);
     },
     answered("a")},
    {"no available node has the method or the label",
     "labels that nobody can read are an error",  // 2
     [](ledger_stage& on) { on.start("Work.read", needs({"=1"}), &on.got); },
     fails(errc::bad_arguments, progress::not_started)},
    {"the only node for a call dies (`broadcast`, `.needs(\"node=NAME\")`)",
     "a call that it had is lost",  // 29
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", needs({"node=a"}), &on.got);
       on.add("b");
       on.leave(a);
     },
     fails(errc::connection_lost, progress::unknown)},
    {"the only node for a call dies (`broadcast`, `.needs(\"node=NAME\")`)",
     "by silence too",  // 29
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", needs({"node=a"}), &on.got);
       on.add("b");
       on.goes_silent(a);
       on.pass(30s);
     },
     fails(errc::node_lost, progress::unknown)},
    {"the only node for a call dies (`broadcast`, `.needs(\"node=NAME\")`)",
     "a call that waited for it has no node any more",  // 11
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write");
       on.start("Work.read", needs({"node=a"}), &on.got);
       on.add("b");
       on.leave(a);
     },
     fails(errc::no_node, progress::not_started)},
    {"the only node for a call dies (`broadcast`, `.needs(\"node=NAME\")`)",
     "so has one that had not been written to it",  // 26, 2
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read", needs({"node=a"}), &on.got);
       a.attempts[0].written = false;
       on.leave(a);
     },
     fails(errc::no_node, progress::not_started)},
    {"the only node for a call dies (`broadcast`, `.needs(\"node=NAME\")`)",
     "one for a node without the label is refused",  // 2
     [](ledger_stage& on) {
       on.add("a");
       on.start("Work.read", needs({"node=a", "gpu=1"}), &on.got);
     },
     fails(errc::no_node, progress::not_started)},
    {"the only node for a call dies (`broadcast`, `.needs(\"node=NAME\")`)",
     "one that waits for a node which turns out not to have the method fails",  // 11
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.write", needs({"node=a"}));
       on.start("Work.write", needs({"node=a"}), &on.got);
       on.refuse(a, errc::unknown_method);
     },
     fails(errc::unknown_method, progress::not_started)},

    {"calls fail quickly on one node but not on others",
     "after five failures in a row it gets no more, and is tried again after a while",
     [](ledger_stage& on) {
       auto& a = on.add("a");
       auto& b = on.add("b");
       auto& c = on.add("c");
       // Each of the others is busy, so that a gets all calls until it is set aside.
       on.start("Work.slow");
       on.start("Work.slow");
       on.start("Work.slow");
       on.refuse(a, errc::method_failed);
       for (int failures = 1; failures < 5; ++failures) {
         on.start("Work.read");
         BOOST_REQUIRE(a.attempts.size() == 1U);
         BOOST_TEST(!on.last_end.set_aside);
         on.refuse(a, errc::method_failed);
       }
       BOOST_TEST(on.last_end.set_aside.has_value());
       on.start("Work.read", {}, &on.got);
       BOOST_TEST(queued(on) == 1U);
       on.pass(5s);
       BOOST_REQUIRE(a.attempts.size() == 1U);
       on.answer(a);
       BOOST_TEST(on.last_end.takes_again);
       BOOST_TEST(b.sent.size() + c.sent.size() == 2U);
     },
     answered("a")},
    {"a process fails that its parent restarts (`--procs`, `--local`)",
     "the fault says how it ended",  // 29, 30
     [](ledger_stage& on) {
       auto& a = on.add("a", 1, 7, true);
       on.start("Work.write", {}, &on.got);
       on.leave(a);
       on.pass(1900ms);
       BOOST_TEST(!on.got.ended);
       on.tell_end(7, "signal 6 (aborted)", "Work.write([13])");
       BOOST_REQUIRE(on.got.failed);
       BOOST_TEST(on.got.failed->message == "its process ended: signal 6 (aborted) while running Work.write([13])");
     },
     fails(errc::connection_lost, progress::unknown)},
    {"a process fails that its parent restarts (`--procs`, `--local`)",
     "within 2 s, also where nobody says how",  // 29, 30
     [](ledger_stage& on) {
       auto& a = on.add_supervised("a");
       on.start("Work.write", {}, &on.got);
       on.leave(a);
       on.pass(1900ms);
       BOOST_TEST(!on.got.ended);
       on.pass(200ms);
     },
     fails(errc::connection_lost, progress::unknown)},
    {"a process fails that its parent restarts (`--procs`, `--local`)",
     "the end of another process says nothing",  // 30
     [](ledger_stage& on) {
       auto& a = on.add("a", 1, 7, true);
       on.start("Work.write", {}, &on.got);
       on.leave(a);
       on.tell_end(8, "signal 6 (aborted)");
     },
     waits()},
    {"a call is cancelled while its method waits for calls of its own",
     "at any depth",  // 33
     [](ledger_stage& on) {
       auto& a = on.add("a", 8);
       auto const top = on.start("Work.read");
       outcome second, third;
       on.start("Work.read", made_by(a.attempts[0].id), &second);
       on.start("Work.read", made_by(a.attempts[1].id), &third);
       on.start("Work.read", made_by(a.attempts[2].id), &on.got);
       BOOST_REQUIRE(a.attempts.size() == 4U);
       on.give_up(top);
       for (auto const& one : a.attempts) BOOST_TEST(one.abandoned);
       for (auto const* one : {&second, &third}) {
         BOOST_REQUIRE(one->failed);
         BOOST_TEST(one->failed->code == errc::cancelled);
         BOOST_TEST(one->failed->node == "a");
       }
     },
     fails(errc::cancelled, progress::unknown)},
    {"a call is cancelled while its method waits for calls of its own",
     "one that waits for a node has not started",  // 33
     [](ledger_stage& on) {
       auto& a = on.add("a");
       auto const top = on.start("Work.read");
       on.start(
           "Work.read",
           [&] {
             auto asked = made_by(a.attempts[0].id);
             asked.labels = {"gpu=1"};
             return asked;
           }(),
           &on.got);
       on.give_up(top);
       BOOST_TEST(queued(on) == 0U);
     },
     fails(errc::cancelled, progress::not_started)},
    {"a call is cancelled while its method waits for calls of its own",
     "also where its caller has the result of another attempt",  // 12
     [](ledger_stage& on) {
       auto& a = on.add("a");
       on.start("Work.read");
       on.start("Work.slow", made_by(a.attempts[0].id), &on.got);
       BOOST_REQUIRE(a.attempts.size() == 2U);
       auto& b = on.add("b", 2);
       on.goes_silent(a);
       BOOST_REQUIRE(b.attempts.size() == 2U);
       on.answer(b, b.sent[0] == "Work.read" ? 0 : 1);
     },
     fails(errc::cancelled, progress::unknown)},
    {"a method makes a call although its own call was cancelled",
     "nothing is sent",  // 3
     [](ledger_stage& on) {
       auto& a = on.add("a", 2);
       on.give_up(on.start("Work.read"));
       on.start("Work.read", made_by(a.attempts[0].id), &on.got);
       BOOST_TEST(a.sent.size() == 1U);
     },
     fails(errc::cancelled, progress::not_started)},
    {"an attempt that was given up replies while its call waits or runs elsewhere",
     "while it pauses",  // 12
     [](ledger_stage& on) {
       auto [a, b] = on_two_nodes(on);
       on.refuse(b, errc::transient);
       BOOST_TEST(a.attempts[0].abandoned);
       on.heard(a);
       on.answer(a);
       on.pass(10s);
       BOOST_TEST(b.attempts.empty());
     },
     answered("a")},
    {"an attempt that was given up replies while its call waits or runs elsewhere",
     "its fault is dropped",  // 13
     [](ledger_stage& on) {
       auto [a, b] = on_two_nodes(on);
       on.refuse(b, errc::transient);
       on.heard(a);
       on.refuse(a, errc::method_failed);
       BOOST_TEST(!on.got.ended);
       on.pass(10s);
       on.answer(*on.holder());
       on.got.by = "any";
     },
     answered("any")},
};

/// The queue holds two calls there; nodes get no more than they have slots, unless a case lets them be measured.
dist::registry_settings settings_for(row_case const& one) {
  dist::registry_settings settings;
  if (std::string_view(one.row) == "the master's queue is full") settings.queue.count = 2;
  settings.window = 1;
  settings.brief_window = 0;
  return settings;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failures_page)

BOOST_DATA_TEST_CASE(each_line_holds, boost::unit_test::data::xrange(std::size(cases))) {
  auto const& one = cases[sample];
  BOOST_TEST_CONTEXT(one.row << ": " << one.about) {
    ledger_stage on(settings_for(one));
    one.script(on);
    BOOST_TEST(on.got.ended == (one.then.what != ending::kind::waits));
    BOOST_TEST(on.got.failed.has_value() == (one.then.what == ending::kind::fails));
    if (on.got.failed) {
      BOOST_TEST(on.got.failed->code == one.then.code);
      BOOST_TEST(on.got.failed->known == one.then.known);
    } else {
      BOOST_TEST(on.got.by == one.then.by);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
