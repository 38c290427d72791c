#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace dist {

/// SQLite's own message and result code.
class sqlite_error : public std::runtime_error {
 public:
  sqlite_error(int code, std::string const& text) : std::runtime_error(text), code_(code) {}
  /// A primary result code, such as SQLITE_FULL.
  int code() const noexcept { return code_; }

 private:
  int code_;
};

/// A connection to a database. One thread at a time. Errors: sqlite_error.
class sqlite_database {
 public:
  enum class access { read, write };
  /// Never creates the file.
  sqlite_database(std::string const& path, access how);

  sqlite3* get() const noexcept { return handle_.get(); }
  void run(char const* statements);
  /// The number that a statement yields, such as a pragma.
  std::int64_t number(char const* query);
  std::string text(char const* query);

 private:
  struct closer {
    void operator()(sqlite3* one) const noexcept;
  };
  std::unique_ptr<sqlite3, closer> handle_;
};

/// A prepared statement. Parameters and columns are numbered as in SQLite: parameters from 1, columns from 0. Bound texts
/// and bytes must stay as they are until the next step().
class sqlite_statement {
 public:
  sqlite_statement(sqlite_database const& on, char const* text);

  void bind(int parameter, std::int64_t value);
  void bind(int parameter, std::string_view value);
  void bind(int parameter, std::span<std::byte const> value);
  void bind_null(int parameter);
  /// Whether there is another row. After the last one the statement can be bound and run again.
  bool step();
  /// Ends a query before its last row.
  void reset() noexcept;

  std::int64_t integer(int column) const noexcept;
  std::string_view text(int column) const noexcept;
  std::span<std::byte const> bytes(int column) const noexcept;
  bool is_null(int column) const noexcept;

 private:
  void check(int code) const;

  struct finalizer {
    void operator()(sqlite3_stmt* one) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

}  // namespace dist
