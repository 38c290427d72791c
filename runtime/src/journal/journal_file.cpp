#include "journal/journal_file.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <dist/runtime/run.hpp>
#include <utility>

#include "process/host_name.hpp"

namespace dist {
namespace {

/// Results beyond this have no JSON text: they are not for reading.
constexpr std::size_t most_json_bytes = std::size_t{64} << 10;
/// Larger files are not checked as a whole before the job starts, which would take too long.
constexpr ::off_t most_checked_bytes = ::off_t{256} << 20;

constexpr char const* schema =
    "create table runs ("
    "  run integer primary key,"
    "  started text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),"
    "  program text not null,"
    "  build text not null,"
    "  host text not null,"
    "  pid integer not null);"
    "create table works ("
    "  work integer primary key,"
    "  name text not null unique,"
    "  method text not null,"
    "  inputs integer,"
    "  run integer not null references runs (run));"
    "create table results ("
    "  work integer not null references works (work),"
    "  input integer not null,"
    "  state text not null check (state in ('finished', 'failed')),"
    "  result_json text,"
    "  fault_json text,"
    "  node text not null,"
    "  running_us integer not null,"
    "  committed integer not null default (unixepoch()),"
    "  run integer not null references runs (run),"
    "  version integer not null,"
    "  digest blob not null,"
    "  codec integer,"
    "  result blob,"
    "  primary key (work, input)) without rowid;";

[[noreturn]] void refuse_file(std::string const& path, std::string const& why, char const* advice) {
  throw usage_error("--journal " + path + ": " + why + advice);
}

constexpr char const* other_name = "; give the name of a journal, or of a file that does not exist yet";
constexpr char const* recover =
    "; keep it, and recover what can be read with: sqlite3 FILE .recover | sqlite3 NEW";

::off_t size_of_file(std::string const& path) {
  struct ::stat about {};
  return ::stat(path.c_str(), &about) == 0 ? about.st_size : 0;
}

/// JSON for people; false: the result is too large, or has none.
bool to_shown_json(journal_row const& row, buffer& json) {
  json.clear();
  if (row.result.size() > most_json_bytes) return false;
  return transcode(row.codec, row.result.bytes(), written_depth, codec::json, json).empty() &&
         json.size() <= most_json_bytes;
}

/// Rolls back unless it was committed.
class transaction {
 public:
  explicit transaction(sqlite_database& on) : on_(on) { on_.run("begin immediate"); }
  transaction(transaction const&) = delete;
  transaction& operator=(transaction const&) = delete;
  ~transaction() {
    // A full disk may have rolled it back already.
    if (!committed_ && sqlite3_get_autocommit(on_.get()) == 0) sqlite3_exec(on_.get(), "rollback", nullptr, nullptr, nullptr);
  }
  void commit() {
    on_.run("commit");
    committed_ = true;
  }

 private:
  sqlite_database& on_;
  bool committed_ = false;
};

}  // namespace

journal_file::journal_file(std::string path, journal_run const& run)
    : path_(std::move(path)), lock_(path_), database_(path_, sqlite_database::access::write) {
  try {
    prepare(run);
  } catch (sqlite_error const& e) {
    switch (e.code()) {
      case SQLITE_NOTADB: refuse_file(path_, "not a journal", other_name);
      case SQLITE_CORRUPT: refuse_file(path_, std::string("damaged: ") + e.what(), recover);
      case SQLITE_FULL: refuse_file(path_, e.what(), "; free some space, or give a file on another file system");
      case SQLITE_BUSY: refuse_file(path_, e.what(), "; wait until other programs have closed it");
      default: refuse_file(path_, e.what(), "; give a file in a folder that you may write to");
    }
  }
}

void journal_file::prepare(journal_run const& run) {
  // Before the first access: with exclusive locks, SQLite's log needs no memory that processes share.
  if (lock_.is_on_network()) database_.run("pragma locking_mode = exclusive");
  require_journal();
  database_.run("pragma journal_mode = wal; pragma synchronous = normal");
  sqlite_statement add(database_, "insert into runs (program, build, host, pid) values (?, ?, ?, ?)");
  auto const host = host_name();
  add.bind(1, std::string_view(run.program));
  add.bind(2, std::string_view(run.build));
  add.bind(3, std::string_view(host));
  add.bind(4, static_cast<std::int64_t>(::getpid()));
  add.step();
  run_ = sqlite3_last_insert_rowid(database_.get());
}

void journal_file::require_journal() {
  auto const mark = database_.number("pragma application_id");
  if (mark != journal_mark) {
    if (mark != 0 || database_.number("select count(*) from sqlite_master") > 0)
      refuse_file(path_, "a database of another program", other_name);
    return create();
  }
  if (auto const found = database_.number("pragma user_version"); found > journal_schema)
    refuse_file(path_, "written by a newer version of dist (schema " + std::to_string(found) + ", this one knows " +
                           std::to_string(journal_schema) + ")",
                "; use the newer version, or give another file");
  if (size_of_file(path_) > most_checked_bytes) return;
  if (auto const found = database_.text("pragma quick_check(1)"); found != "ok")
    refuse_file(path_, "damaged: " + found, recover);
}

void journal_file::create() {
  database_.run("pragma page_size = 16384");
  transaction all(database_);
  database_.run(schema);
  database_.run(("pragma application_id = " + std::to_string(journal_mark) +
                 "; pragma user_version = " + std::to_string(journal_schema))
                    .c_str());
  all.commit();
}

std::vector<journal_work> journal_file::works() {
  std::vector<journal_work> found;
  sqlite_statement each(database_, "select work, name, method, ifnull(inputs, -1) from works order by work");
  while (each.step())
    found.push_back({each.integer(0), std::string(each.text(1)), std::string(each.text(2)), each.integer(3)});
  return found;
}

void journal_file::write(std::span<journal_work const> works, std::span<journal_row const> rows) {
  transaction all(database_);
  if (!works.empty()) {
    sqlite_statement add(database_,
                         "insert into works (work, name, method, inputs, run) values (?, ?, ?, nullif(?, -1), ?)"
                         " on conflict (work) do update set method = excluded.method, inputs = excluded.inputs,"
                         " run = excluded.run");
    for (auto const& one : works) {
      add.bind(1, one.number);
      add.bind(2, std::string_view(one.name));
      add.bind(3, std::string_view(one.method));
      add.bind(4, one.inputs);
      add.bind(5, run_);
      add.step();
    }
  }
  if (!rows.empty()) {
    sqlite_statement insert(database_,
                            "insert or replace into results (work, input, state, result_json, fault_json, node,"
                            " running_us, run, version, digest, codec, result) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (auto const& one : rows) put(insert, one);
  }
  all.commit();
}

void journal_file::put(sqlite_statement& insert, journal_row const& row) {
  auto const finished = row.state == row_state::finished;
  buffer json;
  insert.bind(1, row.work);
  insert.bind(2, static_cast<std::int64_t>(row.input));
  insert.bind(3, std::string_view(finished ? "finished" : "failed"));
  if (finished && to_shown_json(row, json))
    insert.bind(4, json.text());
  else
    insert.bind_null(4);
  if (finished)
    insert.bind_null(5);
  else
    insert.bind(5, std::string_view(row.fault));
  insert.bind(6, std::string_view(row.node));
  insert.bind(7, static_cast<std::int64_t>(row.running_us));
  insert.bind(8, run_);
  insert.bind(9, static_cast<std::int64_t>(row.version));
  insert.bind(10, std::span<std::byte const>(row.digest));
  if (finished) {
    insert.bind(11, static_cast<std::int64_t>(row.codec));
    insert.bind(12, row.result.bytes());
  } else {
    insert.bind_null(11);
    insert.bind_null(12);
  }
  insert.step();
}

journal_file::batch journal_file::read(std::int64_t work, std::uint64_t first, std::size_t most_bytes) {
  sqlite_statement each(database_,
                        "select input, state = 'failed', version, digest, codec, result, node, running_us,"
                        " runs.build <> (select build from runs where run = ?3)"
                        " from results join runs using (run) where work = ?1 and input >= ?2 order by input");
  each.bind(1, work);
  each.bind(2, static_cast<std::int64_t>(first));
  each.bind(3, run_);
  batch found;
  for (std::size_t bytes = 0; bytes < most_bytes;) {
    if (!each.step()) {
      found.is_last = true;
      break;
    }
    journal_row row;
    row.work = work;
    row.input = static_cast<std::uint64_t>(each.integer(0));
    row.state = each.integer(1) != 0 ? row_state::failed : row_state::finished;
    row.version = static_cast<std::uint64_t>(each.integer(2));
    auto const digest = each.bytes(3);
    if (digest.size() == row.digest.size()) std::ranges::copy(digest, row.digest.begin());
    row.codec = each.integer(4) == static_cast<int>(codec::json) ? codec::json : codec::cbor;
    row.result.append(each.bytes(5));
    row.node = each.text(6);
    row.running_us = static_cast<std::uint32_t>(each.integer(7));
    row.is_of_other_build = each.integer(8) != 0;
    bytes += row.bytes();
    found.rows.push_back(std::move(row));
  }
  return found;
}

}  // namespace dist
