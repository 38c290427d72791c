#include <boost/test/unit_test.hpp>

#include <future>
#include <mutex>

#include "journal/journal_thread.hpp"
#include "support/temporary_folder.hpp"

using namespace dist;

namespace {

struct fixture {
  test::temporary_folder folder;
  std::string path = folder.path("run.journal");
  std::mutex mutex;
  std::vector<std::string> lines;
  dist::log log{log_level::warn, [this](log_level, std::string_view line) {
                  std::lock_guard const lock(mutex);
                  lines.emplace_back(line);
                }};

  std::unique_ptr<journal_thread> start() {
    return std::make_unique<journal_thread>(std::make_unique<journal_file>(path, journal_run{"trials", "b"}), log);
  }
  std::int64_t count() const {
    return sqlite_database(path, sqlite_database::access::read).number("select count(*) from results");
  }
  static journal_row row_of(std::uint64_t input) {
    journal_row row;
    row.work = 1;
    row.input = input;
    row.result.append(as_bytes("\xF6"));
    return row;
  }
  /// All rows that the thread reads, in order.
  static journal_file::batch read(journal_thread& from, std::uint64_t first) {
    std::promise<journal_file::batch> got;
    from.read(1, first, [&got](journal_file::batch found) { got.set_value(std::move(found)); });
    return got.get_future().get();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(journal_threads, fixture)

BOOST_AUTO_TEST_CASE(everything_put_is_in_the_file_at_the_end) {
  auto thread = start();
  thread->put(journal_work{1, "a", "A.f", 10'000});
  for (std::uint64_t i = 0; i < 10'000; ++i) thread->put(row_of(i));
  thread.reset();
  BOOST_TEST(count() == 10'000);
  BOOST_TEST(lines.empty());
}

BOOST_AUTO_TEST_CASE(rows_of_an_earlier_run_can_be_read) {
  auto thread = start();
  thread->put(journal_work{1, "a", "A.f", 3});
  for (std::uint64_t i = 0; i < 3; ++i) thread->put(row_of(i));
  thread.reset();
  thread = start();
  auto const all = read(*thread, 0);
  BOOST_TEST(all.rows.size() == 3);
  BOOST_TEST(all.is_last);
  BOOST_TEST(read(*thread, 2).rows.size() == 1);
}

BOOST_AUTO_TEST_CASE(unwritable_file_is_reported_once_and_its_results_at_the_end) {
  auto thread = start();
  {
    // As for a disk that is full: nothing can be added.
    sqlite_database other(path, sqlite_database::access::write);
    other.run("create trigger full before insert on results begin select raise(abort, 'disk is full'); end");
  }
  thread->put(journal_work{1, "a", "A.f", 2});
  thread->put(row_of(0));
  // What is asked after a write is answered after it.
  read(*thread, 0);
  thread->put(row_of(1));
  thread.reset();
  BOOST_REQUIRE(lines.size() == 2);
  BOOST_TEST(lines[0] == "journal " + path + " cannot be written: disk is full; the job goes on, 1 result waits to be written");
  BOOST_TEST(lines[1] == "journal " + path + " could not be written: the next run computes 2 results again");
}

BOOST_AUTO_TEST_CASE(results_wait_until_the_file_can_be_written_again) {
  auto thread = start();
  sqlite_database other(path, sqlite_database::access::write);
  other.run("create trigger full before insert on results begin select raise(abort, 'disk is full'); end");
  thread->put(journal_work{1, "a", "A.f", 1});
  thread->put(row_of(0));
  read(*thread, 0);
  other.run("drop trigger full");
  thread.reset();
  BOOST_TEST(count() == 1);
  BOOST_REQUIRE(lines.size() == 2);
  BOOST_TEST(lines[1] == "journal " + path + " is written again");
}

BOOST_AUTO_TEST_SUITE_END()
