#include "process/child_text.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <asio/error.hpp>
#include <asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace dist {
namespace {

/// How long a repeated line waits for others to be folded with.
constexpr auto fold_time = std::chrono::seconds(1);
/// Bytes read at once, before others get their turn: the size of a pipe.
constexpr std::size_t most_at_once = 64 * 1024;

}  // namespace

child_text::child_text(seams const& world, show_function show)
    : world_(world), show_(std::move(show)), reading_end_(world.io) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe for a node process");
  writing_end_ = ends[1];
  reading_end_.assign(ends[0]);
  reading_end_.non_blocking(true);
}

child_text::~child_text() {
  close_writing_end();
  if (timer_ != timer_id::none) world_.clock.cancel(timer_);
}

void child_text::close_writing_end() noexcept {
  if (writing_end_ >= 0) ::close(std::exchange(writing_end_, -1));
}

task<void> child_text::run() {
  try {
    for (bool more = true; more;) {
      co_await reading_end_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
      more = read();
      show_held_soon();
    }
  } catch (std::system_error const& e) {
    if (e.code() != asio::error::operation_aborted) throw;
  }
}

bool child_text::read() {
  char bytes[16 * 1024];
  for (std::size_t taken = 0; taken < most_at_once;) {
    auto const count = ::read(reading_end_.native_handle(), bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 && errno == EAGAIN;
    taken += static_cast<std::size_t>(count);
    show(text_.add({bytes, static_cast<std::size_t>(count)}, world_.clock.now()));
  }
  return true;
}

void child_text::end() {
  if (!reading_end_.is_open()) return;
  // Once: its remaining output; a child of the process may keep writing.
  read();
  show(text_.end(world_.clock.now()));
  reading_end_.close();
}

void child_text::show(std::string const& lines) {
  if (!lines.empty()) show_(lines);
}

void child_text::show_held_soon() {
  if (!text_.holds_back() || timer_ != timer_id::none) return;
  timer_ = world_.clock.schedule(world_.clock.now() + fold_time, [this] {
    timer_ = timer_id::none;
    show(text_.flush());
  });
}

}  // namespace dist
