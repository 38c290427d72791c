#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "journal/journal_lock.hpp"
#include "journal/journal_row.hpp"
#include "journal/sqlite.hpp"

namespace dist {

/// The run that writes to a journal.
struct journal_run {
  std::string program;
  std::string build;  ///< its build id
};

/// The database of a journal. One thread at a time. The schema is described in docs/howto/long_jobs.md.
class journal_file {
 public:
  /// Opens or creates it. Nothing in a file that it rejects is changed.
  ///
  /// Errors   usage_error: not writable, in use, damaged, not a journal, written by a newer version.
  journal_file(std::string path, journal_run const& run);

  std::string const& path() const noexcept { return path_; }
  /// The fan-outs of earlier runs.
  std::vector<journal_work> works();

  /// Commits all of it or nothing. Errors: sqlite_error.
  void write(std::span<journal_work const> works, std::span<journal_row const> rows);

  struct batch {
    std::vector<journal_row> rows;  ///< by input
    bool is_last = false;           ///< nothing follows them
  };
  /// The outcomes of a fan-out's inputs, `first` and above: at least one if there is one, at most `most_bytes` or a bit more.
  /// Errors: sqlite_error.
  batch read(std::int64_t work, std::uint64_t first, std::size_t most_bytes);

 private:
  void prepare(journal_run const& run);
  void require_journal();
  void create();
  void put(sqlite_statement& insert, journal_row const& row);

  std::string path_;
  journal_lock lock_;
  sqlite_database database_;
  std::int64_t run_ = 0;
};

/// Marks the file as a journal: SQLite's application_id. The schema's version is its user_version.
inline constexpr std::int64_t journal_mark = 0x64697374;  // dist
inline constexpr std::int64_t journal_schema = 1;

}  // namespace dist
