#include "journal/journal_thread.hpp"

#include <chrono>
#include <iterator>
#include <utility>

#include "record/count_text.hpp"

namespace dist {
namespace {

/// How long results wait for others to be committed with.
constexpr std::chrono::milliseconds group_time{5};
constexpr std::chrono::seconds retry_time{1};
constexpr unsigned attempts_per_line = 60;
constexpr std::size_t batch_bytes = std::size_t{1} << 20;

std::string results_text(std::size_t count) { return grouped(count) + (count == 1 ? " result" : " results"); }

}  // namespace

journal_thread::journal_thread(std::unique_ptr<journal_file> file, dist::log const& log)
    : file_(std::move(file)), log_(log), thread_([this] { run(); }) {}

journal_thread::~journal_thread() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void journal_thread::put(journal_work work) {
  std::lock_guard const lock(mutex_);
  waiting_.works.push_back(std::move(work));
  changed_.notify_one();
}

void journal_thread::put(journal_row row) {
  std::lock_guard const lock(mutex_);
  auto const bytes = row.bytes();
  if (fails_ && waiting_.bytes + bytes > most_waiting_bytes) {
    ++dropped_;
    return;
  }
  auto const was_empty = waiting_.empty();
  waiting_.bytes += bytes;
  waiting_.rows.push_back(std::move(row));
  if (waiting_.bytes > most_waiting_bytes && !fails_) is_behind_.store(true, std::memory_order_relaxed);
  if (was_empty || is_behind()) changed_.notify_one();
}

void journal_thread::read(std::int64_t work, std::uint64_t first, taker take) {
  std::lock_guard const lock(mutex_);
  questions_.push_back({work, first, std::move(take)});
  changed_.notify_one();
}

void journal_thread::when_caught_up(std::function<void()> action) {
  {
    std::lock_guard const lock(mutex_);
    if (is_behind()) {
      when_caught_up_.push_back(std::move(action));
      return;
    }
  }
  action();
}

void journal_thread::run() {
  while (wait_for_work()) {
    std::vector<question> asked;
    std::vector<std::function<void()>> actions;
    {
      std::lock_guard const lock(mutex_);
      asked.swap(questions_);
      if (taken_.empty()) std::swap(taken_, waiting_);
    }
    auto const written = write();
    answer(std::move(asked));
    {
      std::lock_guard const lock(mutex_);
      fails_ = !written;
      if (waiting_.bytes <= most_waiting_bytes || fails_) {
        is_behind_.store(false, std::memory_order_relaxed);
        actions.swap(when_caught_up_);
      }
    }
    for (auto const& one : actions) one();
  }
  say_lost();
}

/// Whether there is more to do before the end.
bool journal_thread::wait_for_work() {
  std::unique_lock lock(mutex_);
  auto const is_urgent = [this] { return stopping_ || !questions_.empty(); };
  if (fails_) {
    // At the end there is one more attempt.
    if (stopping_) return !std::exchange(is_last_attempt_, true);
    changed_.wait_for(lock, retry_time, is_urgent);
    return true;
  }
  changed_.wait(lock, [&] { return is_urgent() || !waiting_.empty(); });
  if (!is_urgent() && !is_behind()) changed_.wait_for(lock, group_time, [&] { return is_urgent() || is_behind(); });
  return !stopping_ || !waiting_.empty() || !questions_.empty();
}

void journal_thread::answer(std::vector<question> asked) {
  for (auto const& one : asked) {
    journal_file::batch found;
    try {
      found = file_->read(one.work, one.first, batch_bytes);
    } catch (sqlite_error const& e) {
      log_.warn("journal " + file_->path() + " cannot be read: " + e.what() +
                "; results recorded there are computed again");
      found.is_last = true;
    }
    one.take(std::move(found));
  }
}

bool journal_thread::write() {
  if (taken_.empty()) return true;
  try {
    file_->write(taken_.works, taken_.rows);
  } catch (sqlite_error const& e) {
    say_unwritable(e.what());
    return false;
  }
  taken_ = {};
  if (std::exchange(failures_, 0) > 0) say_written();
  return true;
}

void journal_thread::say_unwritable(std::string const& why) {
  if (failures_++ % attempts_per_line != 0) return;
  std::size_t waiting = taken_.rows.size();
  std::size_t dropped = 0;
  {
    std::lock_guard const lock(mutex_);
    waiting += waiting_.rows.size();
    dropped = dropped_;
  }
  log_.warn("journal " + file_->path() + " cannot be written: " + why + "; the job goes on, " + results_text(waiting) +
            (waiting == 1 ? " waits" : " wait") + " to be written" +
            (dropped > 0 ? ", " + results_text(dropped) + " will have to be computed again" : std::string()));
}

void journal_thread::say_written() {
  std::size_t dropped = 0;
  {
    std::lock_guard const lock(mutex_);
    dropped = std::exchange(dropped_, 0);
  }
  log_.warn("journal " + file_->path() + " is written again" +
            (dropped > 0 ? "; " + results_text(dropped) + " will have to be computed again" : std::string()));
}

void journal_thread::say_lost() {
  std::lock_guard const lock(mutex_);
  auto const lost = dropped_ + taken_.rows.size() + waiting_.rows.size();
  if (lost > 0)
    log_.warn("journal " + file_->path() + " could not be written: the next run computes " + results_text(lost) + " again");
}

}  // namespace dist
