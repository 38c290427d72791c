#include <boost/test/unit_test.hpp>
#include <dist/runtime/run.hpp>

#include <filesystem>
#include <fstream>

#include "journal/journal_file.hpp"
#include "support/temporary_folder.hpp"

using namespace dist;

namespace {

struct fixture {
  test::temporary_folder folder;
  std::string path = folder.path("run.journal");

  journal_file open(std::string const& build = "b1") const { return {path, {"trials", build}}; }
  /// Why the file is rejected.
  std::string problem() const {
    try {
      open();
    } catch (usage_error const& e) {
      return e.what();
    }
    return "it is accepted";
  }
  void fill(std::string_view text) const { std::ofstream(path, std::ios::binary) << text; }
  std::string content() const {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string query(char const* text) const {
    sqlite_database on(path, sqlite_database::access::read);
    return on.text(text);
  }
};

journal_work const work{1, "pricing", "Pricer.price", 4096};

journal_row row_of(std::uint64_t input, std::int64_t result) {
  journal_row row;
  row.work = 1;
  row.input = input;
  row.version = 7;
  row.digest.fill(std::byte{0xAB});
  row.node = "ws07";
  row.running_us = 1500;
  encode_result(codec::cbor, spelling::declared, row.result, result);
  return row;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(journal_files, fixture)

BOOST_AUTO_TEST_CASE(rows_come_back_as_they_were_written) {
  std::vector<journal_row> rows;
  rows.push_back(row_of(3, -5));
  rows.push_back(row_of(1, 17));
  rows.push_back(row_of(0xFFFF'FFFF, 1));
  rows.back().state = row_state::failed;
  rows.back().fault = R"({"code":"method_failed"})";
  open().write(std::span(&work, 1), rows);

  auto file = open();
  auto const works = file.works();
  BOOST_REQUIRE(works.size() == 1);
  BOOST_TEST(works[0].name == "pricing");
  BOOST_TEST(works[0].method == "Pricer.price");
  BOOST_TEST(works[0].inputs == 4096);
  auto const read = file.read(1, 0, 1'000'000);
  BOOST_TEST(read.is_last);
  BOOST_REQUIRE(read.rows.size() == 3);
  BOOST_TEST(read.rows[0].input == 1);
  BOOST_TEST((read.rows[0].state == row_state::finished));
  BOOST_TEST(read.rows[0].version == 7);
  BOOST_TEST((read.rows[0].digest == rows[0].digest));
  BOOST_TEST(read.rows[0].node == "ws07");
  BOOST_TEST(read.rows[0].running_us == 1500);
  BOOST_TEST(read.rows[0].result.text() == rows[1].result.text());
  BOOST_TEST(!read.rows[0].is_of_other_build);
  BOOST_TEST(read.rows[1].input == 3);
  BOOST_TEST((read.rows[2].state == row_state::failed));
}

BOOST_AUTO_TEST_CASE(reading_goes_on_where_a_batch_ended) {
  auto file = open();
  std::vector<journal_row> rows;
  for (std::uint64_t i = 0; i < 10; ++i) rows.push_back(row_of(2 * i, 1));
  file.write(std::span(&work, 1), rows);
  std::vector<std::uint64_t> inputs;
  for (std::uint64_t first = 0;;) {
    auto const read = file.read(1, first, 3 * sizeof(journal_row));
    for (auto const& one : read.rows) inputs.push_back(one.input);
    if (read.is_last) break;
    BOOST_REQUIRE(!read.rows.empty());
    first = read.rows.back().input + 1;
  }
  BOOST_TEST(inputs == (std::vector<std::uint64_t>{0, 2, 4, 6, 8, 10, 12, 14, 16, 18}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(later_outcome_of_an_input_replaces_the_earlier_one) {
  auto file = open();
  auto failed = row_of(0, 0);
  failed.state = row_state::failed;
  failed.fault = "{}";
  file.write(std::span(&work, 1), std::span(&failed, 1));
  auto const finished = row_of(0, 9);
  file.write({}, std::span(&finished, 1));
  auto const read = file.read(1, 0, 1000);
  BOOST_REQUIRE(read.rows.size() == 1);
  BOOST_TEST((read.rows[0].state == row_state::finished));
}

BOOST_AUTO_TEST_CASE(results_of_another_build_are_marked) {
  auto const row = row_of(0, 0);
  open("b1").write(std::span(&work, 1), std::span(&row, 1));
  BOOST_TEST(open("b2").read(1, 0, 1000).rows.at(0).is_of_other_build);
  BOOST_TEST(!open("b1").read(1, 0, 1000).rows.at(0).is_of_other_build);
}

BOOST_AUTO_TEST_CASE(people_can_query_it_while_it_is_open) {
  auto file = open();
  auto const row = row_of(12, 42);
  file.write(std::span(&work, 1), std::span(&row, 1));
  BOOST_TEST(query("select input || ' ' || result_json from results") == "12 42");
  BOOST_TEST(query("select name || ' ' || method || ' ' || inputs from works") == "pricing Pricer.price 4096");
  BOOST_TEST(query("select program from runs") == "trials");
  using std::filesystem::perms;
  auto const allowed = std::filesystem::status(path).permissions();
  BOOST_TEST((allowed == (perms::owner_read | perms::owner_write)));
}

BOOST_AUTO_TEST_CASE(second_owner_is_rejected) {
  auto const first = open();
  BOOST_TEST(problem() == "--journal " + path +
                              ": in use by another process; wait until that has ended, or give another file");
}

BOOST_AUTO_TEST_CASE(file_of_another_kind_is_rejected_and_left_alone) {
  auto const text = "name,price\n" + std::string(5000, 'x');
  fill(text);
  BOOST_TEST(problem() == "--journal " + path +
                              ": not a journal; give the name of a journal, or of a file that does not exist yet");
  BOOST_TEST((content() == text));
}

BOOST_AUTO_TEST_CASE(database_of_another_program_is_rejected_and_left_alone) {
  fill("");
  sqlite_database(path, sqlite_database::access::write).run("create table mine (a); insert into mine values (1)");
  auto const before = content();
  BOOST_TEST(problem().find(": a database of another program; give the name of a journal") != std::string::npos, problem());
  BOOST_TEST((content() == before));
}

BOOST_AUTO_TEST_CASE(journal_of_a_newer_version_is_rejected) {
  open();
  sqlite_database(path, sqlite_database::access::write).run("pragma user_version = 2");
  BOOST_TEST(problem().find(": written by a newer version of dist (schema 2, this one knows 1); use the newer version") !=
                 std::string::npos,
             problem());
}

BOOST_AUTO_TEST_CASE(damaged_journal_is_rejected_and_left_alone) {
  {
    auto file = open();
    std::vector<journal_row> rows;
    for (std::uint64_t i = 0; i < 20'000; ++i) rows.push_back(row_of(i, 1));
    file.write(std::span(&work, 1), rows);
  }
  auto bytes = content();
  BOOST_REQUIRE(bytes.size() > 200'000);
  std::fill(bytes.begin() + 100'000, bytes.begin() + 150'000, '\x5A');
  fill(bytes);
  BOOST_TEST(problem().find(": damaged: ") != std::string::npos, problem());
  BOOST_TEST(problem().find("; keep it, and recover what can be read with: sqlite3 FILE .recover") != std::string::npos);
  BOOST_TEST((content() == bytes));
}

BOOST_AUTO_TEST_CASE(missing_folder_and_a_folder_are_rejected) {
  path = folder.path("missing/run.journal");
  BOOST_TEST(problem() == "--journal " + path + ": No such file or directory; create its folder first");
  path = folder.path(".");
  BOOST_TEST(problem() == "--journal " + path + ": Is a directory; give the name of a file");
  path = "/dev/null";
  BOOST_TEST(problem() == "--journal /dev/null: not a regular file; give the name of a file");
}

BOOST_AUTO_TEST_CASE(empty_file_becomes_a_journal) {
  fill("");
  open();
  BOOST_TEST(query("select count(*) from runs") == "1");
}

BOOST_AUTO_TEST_SUITE_END()
