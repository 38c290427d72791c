#pragma once

#include <string>

namespace dist {

/// Reserves the file of a journal for this process, and creates it if it does not exist. SQLite's own locks last for one
/// transaction; this one lasts as long as the object, which has to outlive all connections of this process to the file:
/// closing a file releases the POSIX locks that SQLite holds on it.
class journal_lock {
 public:
  /// Errors: usage_error if the file cannot be opened for writing, or another process has reserved it.
  explicit journal_lock(std::string const& path);
  ~journal_lock();
  journal_lock(journal_lock const&) = delete;
  journal_lock& operator=(journal_lock const&) = delete;

  /// Whether it is on a network file system, where processes cannot share the memory that SQLite's log needs.
  bool is_on_network() const noexcept;

 private:
  int file_ = -1;
};

}  // namespace dist
