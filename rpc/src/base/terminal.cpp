#include "base/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <dist/rpc/detail/text.hpp>
#include <utility>

#include "base/json_line.hpp"

namespace dist {
namespace {

constexpr std::string_view erase_to_end = "\x1b[K";

}  // namespace

terminal& terminal::standard_error() {
  // Never destroyed: objects that are destroyed last may still log.
  static auto& only = *new terminal(STDERR_FILENO, ::isatty(STDERR_FILENO) == 1);
  return only;
}

std::size_t terminal::width() const noexcept {
  winsize size{};
  return ::ioctl(out_.descriptor(), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void terminal::write_lines(std::string_view lines, log_level level) {
  if (format_ == line_format::text) return show(printable(lines, lines.size(), line_ends::kept));
  std::string objects;
  while (!lines.empty()) {
    auto const line = lines.substr(0, lines.find('\n'));
    objects += json_line(level, line);
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
  }
  show(objects);
}

void terminal::write_log(log_level level, std::string_view line) {
  if (format_ == line_format::json) return show(json_line(level, line));
  std::string text = "dist: ";
  if (level == log_level::error || level == log_level::warn) text.append(to_text(level)).append(": ");
  show(text.append(line).append("\n"));
}

void terminal::show(std::string_view lines) {
  std::lock_guard const lock(mutex_);
  if (bar_.empty()) return write(lines);
  std::string text = "\r";
  text.append(erase_to_end).append(lines).append(bar_);
  write(text);
}

void terminal::draw_bar(std::string bar) {
  std::lock_guard const lock(mutex_);
  bar_ = std::move(bar);
  std::string text = "\r";
  text.append(bar_).append(erase_to_end);
  write(text);
}

void terminal::leave_bar() {
  std::lock_guard const lock(mutex_);
  if (!std::exchange(bar_, {}).empty()) write("\n");
}

void terminal::write(std::string_view text) {
  auto const dropped = out_.dropped();
  if (dropped == 0) return out_.write(text);
  if (!out_.is_writable()) return out_.drop(text);
  auto const notice = std::to_string(dropped) + (dropped == 1 ? " line was" : " lines were") +
                      " dropped: the reader of this output had stalled";
  auto const torn = out_.is_torn();
  out_.reset_dropped();
  std::string all = torn ? "\n" : "";
  all += format_ == line_format::json ? json_line(log_level::warn, notice) : "dist: warning: " + notice + '\n';
  out_.write(all.append(text));
}

}  // namespace dist
