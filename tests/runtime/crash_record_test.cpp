#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <dist/rpc/detail/codec.hpp>
#include <thread>
#include <vector>

#include "process/crash_record.hpp"

using namespace std::chrono_literals;
using dist::buffer;
using dist::codec;
using dist::crash_record;

namespace {

struct both_ends {
  crash_record parent;
  crash_record child{::dup(parent.descriptor())};
};

std::size_t begin(crash_record& record, std::string_view method, buffer const& arguments) {
  dist::invocation what;
  what.arguments = arguments.bytes();
  return record.begins(method, what);
}

template <class... A>
buffer cbor(A const&... values) {
  buffer made;
  encode_arguments(codec::cbor, dist::spelling::declared, made, values...);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(crash_record_of_a_process)

BOOST_AUTO_TEST_CASE(parent_reads_what_the_child_wrote) {
  both_ends ends;
  BOOST_TEST(ends.parent.incarnation() == 0U);
  BOOST_TEST(ends.parent.running() == "");
  ends.child.joined(42, 30s);
  BOOST_TEST(ends.parent.incarnation() == 42U);
  auto const first = begin(ends.child, "Arith.sum", cbor(std::vector<int>{2, 4, 6}));
  BOOST_TEST(ends.parent.running() == "Arith.sum([[2,4,6]])");
  auto const second = begin(ends.child, "Arith.boom", cbor(3));
  BOOST_TEST(ends.parent.running() == "Arith.sum([[2,4,6]]), Arith.boom([3])");
  ends.child.ends(first);
  BOOST_TEST(ends.parent.running() == "Arith.boom([3])");
  ends.child.ends(second);
  BOOST_TEST(ends.parent.running() == "");
}

BOOST_AUTO_TEST_CASE(parent_sees_the_childs_state_and_last_words) {
  both_ends ends;
  ends.child.joined(42, 30s);
  BOOST_TEST((ends.parent.patience() == 30s));
  BOOST_TEST(ends.parent.beats() == 0U);
  ends.child.beat();
  ends.child.beat();
  BOOST_TEST(ends.parent.beats() == 2U);
  BOOST_TEST((ends.parent.left() == crash_record::farewell::none));
  ends.child.leaves(crash_record::farewell::drained);
  BOOST_TEST((ends.parent.left() == crash_record::farewell::drained));
}

BOOST_AUTO_TEST_CASE(long_entries_are_cut) {
  both_ends ends;
  begin(ends.child, std::string(100, 'm'), cbor(std::string(1000, 'x')));
  auto const text = ends.parent.running();
  BOOST_TEST(text.starts_with(std::string(61, 'm') + "([\"xxxx"));
  BOOST_TEST(text.ends_with("x…)"));
  BOOST_TEST(text.size() < 200U);
}

BOOST_AUTO_TEST_CASE(many_calls_are_recorded_at_once) {
  both_ends ends;
  auto const input = cbor(1);
  std::vector<std::size_t> begun;
  for (int i = 0; i < 70; ++i) begun.push_back(begin(ends.child, "A.b", input));
  BOOST_TEST(ends.parent.running() == "A.b([1]), A.b([1]), A.b([1]), 61 more");
  for (auto const one : begun) ends.child.ends(one);
  BOOST_TEST(ends.parent.running() == "");
  begin(ends.child, "A.c", input);
  BOOST_TEST(ends.parent.running() == "A.c([1])");
}

BOOST_AUTO_TEST_CASE(several_threads_may_record_calls) {
  both_ends ends;
  auto const input = cbor(1);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 1000; ++round) ends.child.ends(begin(ends.child, "A.b", input));
    });
  for (auto& one : threads) one.join();
  BOOST_TEST(ends.parent.running() == "");
}

BOOST_AUTO_TEST_CASE(child_gets_back_the_room_of_text_the_parent_read) {
  both_ends ends;
  BOOST_TEST(ends.child.take_printed().lines == "");
  ends.parent.put_printed("one\n", true);
  ends.parent.put_printed("two\n", true);
  auto const taken = ends.child.take_printed();
  BOOST_TEST(taken.lines == "one\ntwo\n");
  BOOST_TEST(taken.is_shown);
  BOOST_TEST(ends.child.take_printed().lines == "");
}

BOOST_AUTO_TEST_CASE(text_that_does_not_fit_is_counted) {
  both_ends ends;
  auto const line = std::string(1023, 'x') + '\n';
  // Wraps around several times, so that each byte of the memory is reused.
  for (int round = 0; round < 5; ++round) {
    std::string put;
    for (int i = 0; i < 40; ++i) {
      ends.parent.put_printed(line, false);
      put += line;
    }
    BOOST_TEST((ends.child.take_printed().lines == put));
  }
  for (int i = 0; i < 70; ++i) ends.parent.put_printed(line, false);
  auto const taken = ends.child.take_printed().lines;
  BOOST_TEST(taken.ends_with("x\n(6 lines dropped: not sent in time)\n"));
  BOOST_TEST(taken.size() > 64 * line.size());
}

BOOST_AUTO_TEST_CASE(lines_that_fit_are_kept_of_too_long_text) {
  both_ends ends;
  std::string long_text;
  for (int i = 0; i < 10'000; ++i) long_text += "line " + std::to_string(i) + "\n";
  ends.parent.put_printed(long_text, false);
  auto const taken = ends.child.take_printed().lines;
  BOOST_TEST(taken.starts_with("line 0\nline 1\n"));
  BOOST_TEST(taken.ends_with(" lines dropped: not sent in time)\n"));
  BOOST_TEST(taken.size() > 64 * 1024 - 20U);
}

BOOST_AUTO_TEST_SUITE_END()
