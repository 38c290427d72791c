#pragma once

#include <cstddef>
#include <dist/rpc/log.hpp>
#include <mutex>
#include <string>
#include <string_view>

#include "base/unblocked_output.hpp"

namespace dist {

/// Lines for people, or for programs that collect them each an object of JSON: `time` in RFC 3339, `level`, `message`.
enum class line_format { text, json };

/// The output of this process to a terminal or a file: whole lines, and on a terminal at most one bar below them, which
/// lines never break. A stalled reader does not block it: lines without room are dropped, and once the reader resumes a
/// line reports how many. Any thread may use it.
class terminal {
 public:
  terminal(int descriptor, bool is_terminal) noexcept : out_(descriptor), is_terminal_(is_terminal) {}
  terminal(terminal const&) = delete;
  terminal& operator=(terminal const&) = delete;

  static terminal& standard_error();

  /// Before anything is shown. In JSON there is no bar: lines report the progress.
  void set_format(line_format how) noexcept {
    format_ = how;
    if (how == line_format::json) is_terminal_ = false;
  }

  bool is_terminal() const noexcept { return is_terminal_; }
  /// Columns; 80 if unknown.
  std::size_t width() const noexcept;

  /// Each ends with a newline. They go above the bar, in one system call: lines of several processes on one terminal
  /// stay whole. Control characters of whatever origin are escaped. Only JSON shows the level.
  void write_lines(std::string_view lines, log_level level = log_level::info);
  /// A line of the log, without its newline: `dist: warning: line`.
  void write_log(log_level level, std::string_view line);
  /// Draws `bar` in place of the one before. It must fit on one line.
  void draw_bar(std::string bar);
  /// The bar stays as it is, and further output goes below it.
  void leave_bar();

 private:
  void show(std::string_view lines);
  void write(std::string_view text);

  std::mutex mutex_;
  unblocked_output out_;
  bool is_terminal_;
  line_format format_ = line_format::text;
  std::string bar_;
};

}  // namespace dist
