#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/log.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "journal/journal_file.hpp"

namespace dist {

/// Reads and writes a journal's file on a thread of its own, so that the I/O thread never waits for a disk. What is put
/// within a few milliseconds is committed together. If the file cannot be written, it tries again every second, says so
/// once and then every minute, and holds on to a bounded amount of results meanwhile. Any thread may use it.
class journal_thread {
 public:
  /// Results beyond this many bytes make fan-outs wait, or are dropped while the file cannot be written.
  static constexpr std::size_t most_waiting_bytes = std::size_t{64} << 20;

  /// `log` lives as long as this.
  journal_thread(std::unique_ptr<journal_file> file, dist::log const& log);
  /// Writes what was put before.
  ~journal_thread();
  journal_thread(journal_thread const&) = delete;
  journal_thread& operator=(journal_thread const&) = delete;

  void put(journal_work work);
  void put(journal_row row);
  /// `take` gets the next rows, from input `first` on, on this thread, after what was put before.
  using taker = std::function<void(journal_file::batch)>;
  void read(std::int64_t work, std::uint64_t first, taker take);

  /// Whether results arrive faster than they can be written: no new calls should start.
  bool is_behind() const noexcept { return is_behind_.load(std::memory_order_relaxed); }
  /// Runs `action` on this thread once it is no longer behind.
  void when_caught_up(std::function<void()> action);

 private:
  struct question {
    std::int64_t work;
    std::uint64_t first;
    taker take;
  };
  struct work_list {
    std::vector<journal_work> works;
    std::vector<journal_row> rows;
    std::size_t bytes = 0;

    bool empty() const noexcept { return works.empty() && rows.empty(); }
  };

  void run();
  bool wait_for_work();
  void answer(std::vector<question> asked);
  bool write();
  void say_unwritable(std::string const& why);
  void say_written();
  void say_lost();

  std::unique_ptr<journal_file> file_;
  dist::log const& log_;
  std::atomic<bool> is_behind_{false};
  std::mutex mutex_;
  // From here on: with the mutex.
  std::condition_variable changed_;
  work_list waiting_;
  std::vector<question> questions_;
  std::vector<std::function<void()>> when_caught_up_;
  std::size_t dropped_ = 0;
  bool fails_ = false;  ///< the last attempt to write failed
  bool stopping_ = false;
  // From here on: this thread only.
  work_list taken_;            ///< being written
  unsigned failures_ = 0;      ///< attempts since the last success
  bool is_last_attempt_ = false;
  std::thread thread_;
};

}  // namespace dist
