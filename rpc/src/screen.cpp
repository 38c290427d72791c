#include <dist/rpc/screen.hpp>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "json_line.hpp"

namespace dist {
namespace {

constexpr std::string_view erase_to_end = "\x1b[K";

}  // namespace

screen& screen::standard_error() {
  // Never destroyed: what ends last may still say something.
  static auto& only = *new screen(STDERR_FILENO, ::isatty(STDERR_FILENO) == 1);
  return only;
}

std::size_t screen::width() const noexcept {
  winsize size{};
  return ::ioctl(descriptor_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void screen::write_lines(std::string_view lines, log_level level) {
  if (format_ == line_format::text) return show(lines);
  std::string objects;
  while (!lines.empty()) {
    auto const line = lines.substr(0, lines.find('\n'));
    objects += json_line(level, line);
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
  }
  show(objects);
}

void screen::write_log(log_level level, std::string_view line) {
  if (format_ == line_format::json) return show(json_line(level, line));
  std::string text = "dist: ";
  if (level == log_level::error || level == log_level::warn) text.append(to_text(level)).append(": ");
  show(text.append(line).append("\n"));
}

void screen::show(std::string_view lines) {
  std::lock_guard const lock(mutex_);
  if (bar_.empty()) return write(lines);
  std::string text = "\r";
  text.append(erase_to_end).append(lines).append(bar_);
  write(text);
}

void screen::draw_bar(std::string bar) {
  std::lock_guard const lock(mutex_);
  bar_ = std::move(bar);
  std::string text = "\r";
  text.append(bar_).append(erase_to_end);
  write(text);
}

void screen::leave_bar() {
  std::lock_guard const lock(mutex_);
  if (!std::exchange(bar_, {}).empty()) write("\n");
}

void screen::write(std::string_view text) noexcept {
  while (!text.empty()) {
    auto const written = ::write(descriptor_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      // A terminal that another program has made non-blocking.
      pollfd until{descriptor_, POLLOUT, 0};
      if (::poll(&until, 1, -1) < 0 && errno != EINTR) return;
    } else if (errno != EINTR) {
      return;
    }
  }
}

}  // namespace dist
