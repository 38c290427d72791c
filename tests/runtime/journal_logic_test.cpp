#include <boost/test/unit_test.hpp>

#include "journal/input_digest.hpp"
#include "journal/replay.hpp"
#include "journal/work_names.hpp"

using namespace dist;

BOOST_AUTO_TEST_SUITE(journal_logic)

BOOST_AUTO_TEST_CASE(fan_outs_without_a_label_are_numbered_per_method) {
  work_names names;
  BOOST_TEST(names.next("", "Pricer.price").name == "Pricer.price#1");
  BOOST_TEST(names.next("", "Pricer.risk").name == "Pricer.risk#1");
  auto const third = names.next("", "Pricer.price");
  BOOST_TEST(third.name == "Pricer.price#2");
  BOOST_TEST(!third.is_second);
}

BOOST_AUTO_TEST_CASE(label_used_twice_gets_a_number_and_is_reported) {
  work_names names;
  BOOST_TEST(names.next("pricing", "Pricer.price").name == "pricing");
  auto const again = names.next("pricing", "Pricer.risk");
  BOOST_TEST(again.name == "pricing#2");
  BOOST_TEST(again.is_second);
}

BOOST_AUTO_TEST_CASE(names_are_never_given_twice) {
  work_names names;
  BOOST_TEST(names.next("Pricer.price#1", "x").name == "Pricer.price#1");
  BOOST_TEST(names.next("", "Pricer.price").name == "Pricer.price#2");
  BOOST_TEST(names.next("a#2", "x").name == "a#2");
  BOOST_TEST(names.next("a", "x").name == "a");
  BOOST_TEST(names.next("a", "x").name == "a#3");
}

BOOST_AUTO_TEST_CASE(digest_depends_on_method_types_and_arguments) {
  auto const of = [](char const* method, char const* types, std::string_view arguments) {
    return input_digest(method, types).of(as_bytes(arguments));
  };
  auto const one = of("A.f", "int64", "x");
  BOOST_TEST((one == of("A.f", "int64", "x")));
  BOOST_TEST((one != of("A.g", "int64", "x")));
  BOOST_TEST((one != of("A.f", "int32", "x")));
  BOOST_TEST((one != of("A.f", "int64", "y")));
  // Where one part ends and the next begins counts as well.
  BOOST_TEST((of("A.f", "i", "x") != of("A.fi", "", "x")));
  BOOST_TEST((of("A.f", "i", "x") != of("A.f", "", "ix")));
}

BOOST_AUTO_TEST_CASE(digest_of_one_input_does_not_depend_on_the_one_before) {
  input_digest digest("A.f", "int64");
  auto const first = digest.of(as_bytes("x"));
  digest.of(as_bytes("a longer one"));
  BOOST_TEST((digest.of(as_bytes("x")) == first));
}

BOOST_AUTO_TEST_CASE(verdict_depends_on_digest_version_and_state) {
  auto const digest = input_digest("A.f", "").of({});
  auto const other = input_digest("A.g", "").of({});
  BOOST_TEST(judge(nullptr, digest, 0) == replay_verdict::absent);
  journal_row row;
  row.digest = digest;
  row.version = 1;
  BOOST_TEST(judge(&row, digest, 1) == replay_verdict::reuse);
  BOOST_TEST(judge(&row, other, 1) == replay_verdict::changed);
  BOOST_TEST(judge(&row, digest, 2) == replay_verdict::other_version);
  BOOST_TEST(judge(&row, other, 2) == replay_verdict::changed);
  row.state = row_state::failed;
  BOOST_TEST(judge(&row, digest, 1) == replay_verdict::failed_before);
  BOOST_TEST(judge(&row, other, 1) == replay_verdict::changed);
  // Another build may compute the same.
  row.state = row_state::finished;
  row.is_of_other_build = true;
  BOOST_TEST(judge(&row, digest, 1) == replay_verdict::reuse);
}

BOOST_AUTO_TEST_CASE(tally_says_what_becomes_of_the_inputs) {
  replay_tally tally;
  tally.add(replay_verdict::absent);
  BOOST_TEST(!tally.has_recorded());
  for (int i = 0; i < 3112; ++i) tally.add(replay_verdict::reuse);
  BOOST_TEST(tally.has_recorded());
  BOOST_TEST(tally.text(4096) == "3,112 of 4,096 results reused, 984 to do");
  for (int i = 0; i < 12; ++i) tally.add(replay_verdict::changed);
  BOOST_TEST(tally.text(4096) == "3,112 of 4,096 results reused, 984 to do, 12 inputs changed");
  BOOST_TEST(tally.text({}) == "3,112 results reused, 12 inputs changed");
  tally.add(replay_verdict::other_version);
  tally.add(replay_verdict::failed_before);
  BOOST_TEST(tally.text({}) ==
             "3,112 results reused, 12 inputs changed, 1 input computed by another version, 1 input failed before and "
             "tried again");
}

BOOST_AUTO_TEST_SUITE_END()
