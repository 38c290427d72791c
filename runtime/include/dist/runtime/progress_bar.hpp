#pragma once

#include <cstddef>
#include <dist/rpc/log.hpp>
#include <dist/runtime/fan_out.hpp>
#include <functional>
#include <string>
#include <string_view>

namespace dist {

/// Where progress is shown.
struct progress_output {
  bool is_terminal = false;
  std::function<std::size_t()> width;  ///< columns
  std::function<void(std::string_view)> write_lines;
  std::function<void(std::string)> draw_bar;  ///< in place of the one before
  std::function<void()> leave_bar;            ///< and continue below it

  static progress_output standard_error();
  /// Standard error if the log goes there; otherwise log lines.
  static progress_output beside(dist::log const& lines);
};

/// A progress bar with rate and time left on a terminal, redrawn ten times a second; its destructor ends the line.
/// Elsewhere a line every ten seconds, and nothing for a fan-out that takes less.
class progress_bar {
 public:
  explicit progress_bar(std::string label, progress_output to = progress_output::standard_error());
  progress_bar(progress_bar const&) = delete;
  progress_bar& operator=(progress_bar const&) = delete;
  ~progress_bar();

  /// How often to show it.
  duration every() const noexcept;
  void show(fan_out_progress const& at);

 private:
  std::string label_;
  progress_output to_;
  bool drawn_ = false;
};

/// `1,234/s`; below one a second `12/min` or `3/h`, so that slow work is not `0/s`.
std::string rate_text(double per_second);

/// `counting  [=====>    ]  52 %  1,234/s  3 min left`: the line that the bar shows, at most `width` columns.
std::string progress_line(std::string const& label, fan_out_progress const& at, std::size_t width);

}  // namespace dist
