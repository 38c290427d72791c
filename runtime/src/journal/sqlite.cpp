#include "journal/sqlite.hpp"

#include <sqlite3.h>

namespace dist {
namespace {

constexpr int primary(int code) noexcept { return code & 0xFF; }

[[noreturn]] void fail(sqlite3* on, int code) {
  // `disk I/O error` alone does not tell that a quota was exceeded.
  throw sqlite_error(primary(code), on ? sqlite3_errmsg(on) : sqlite3_errstr(code));
}

/// A database that another process is reading or changing is free again soon.
constexpr int patience_ms = 5000;

}  // namespace

void sqlite_database::closer::operator()(sqlite3* one) const noexcept { sqlite3_close(one); }

sqlite_database::sqlite_database(std::string const& path, access how) {
  // Names such as `:memory:` have a meaning of their own.
  auto const name = path.starts_with('/') ? path : "./" + path;
  sqlite3* made = nullptr;
  auto const flags = (how == access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
  auto const code = sqlite3_open_v2(name.c_str(), &made, flags, nullptr);
  handle_.reset(made);
  if (code != SQLITE_OK) fail(made, code);
  sqlite3_busy_timeout(made, patience_ms);
}

void sqlite_database::run(char const* statements) {
  if (auto const code = sqlite3_exec(get(), statements, nullptr, nullptr, nullptr); code != SQLITE_OK) fail(get(), code);
}

std::int64_t sqlite_database::number(char const* query) {
  sqlite_statement one(*this, query);
  auto const value = one.step() ? one.integer(0) : 0;
  return value;
}

std::string sqlite_database::text(char const* query) {
  sqlite_statement one(*this, query);
  return one.step() ? std::string(one.text(0)) : std::string();
}

void sqlite_statement::finalizer::operator()(sqlite3_stmt* one) const noexcept { sqlite3_finalize(one); }

sqlite_statement::sqlite_statement(sqlite_database const& on, char const* text) {
  sqlite3_stmt* made = nullptr;
  auto const code = sqlite3_prepare_v2(on.get(), text, -1, &made, nullptr);
  handle_.reset(made);
  if (code != SQLITE_OK) fail(on.get(), code);
}

void sqlite_statement::check(int code) const {
  if (code != SQLITE_OK) fail(sqlite3_db_handle(handle_.get()), code);
}

void sqlite_statement::bind(int parameter, std::int64_t value) {
  check(sqlite3_bind_int64(handle_.get(), parameter, value));
}

void sqlite_statement::bind(int parameter, std::string_view value) {
  // A null pointer would be a null, not an empty text.
  check(sqlite3_bind_text64(handle_.get(), parameter, value.empty() ? "" : value.data(), value.size(), nullptr,
                            SQLITE_UTF8));
}

void sqlite_statement::bind(int parameter, std::span<std::byte const> value) {
  if (value.empty()) return check(sqlite3_bind_zeroblob(handle_.get(), parameter, 0));
  check(sqlite3_bind_blob64(handle_.get(), parameter, value.data(), value.size(), nullptr));
}

void sqlite_statement::bind_null(int parameter) { check(sqlite3_bind_null(handle_.get(), parameter)); }

bool sqlite_statement::step() {
  auto const code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  auto const end = sqlite3_reset(handle_.get());
  if (code != SQLITE_DONE) fail(sqlite3_db_handle(handle_.get()), end != SQLITE_OK ? end : code);
  return false;
}

void sqlite_statement::reset() noexcept { sqlite3_reset(handle_.get()); }

std::int64_t sqlite_statement::integer(int column) const noexcept { return sqlite3_column_int64(handle_.get(), column); }

std::string_view sqlite_statement::text(int column) const noexcept {
  auto const* const start = sqlite3_column_text(handle_.get(), column);
  auto const size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return start ? std::string_view(reinterpret_cast<char const*>(start), size) : std::string_view();
}

std::span<std::byte const> sqlite_statement::bytes(int column) const noexcept {
  auto const* const start = sqlite3_column_blob(handle_.get(), column);
  auto const size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return {static_cast<std::byte const*>(start), start ? size : 0};
}

bool sqlite_statement::is_null(int column) const noexcept {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

}  // namespace dist
