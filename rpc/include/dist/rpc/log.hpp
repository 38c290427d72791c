#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace dist {

enum class log_level { off, error, warn, info, debug };

std::string_view to_text(log_level level) noexcept;

/// The log: every message for people goes through it. Any thread may write. Lines hold names and messages
/// of peers: they are escaped and cut, so that none can look like two lines or control a terminal.
class log {
 public:
  using sink = std::function<void(log_level, std::string_view line)>;
  static constexpr std::size_t line_bytes = 2000;

  /// Writes `dist: line` to stderr, above the bar that may be there.
  explicit log(log_level level = log_level::info);
  log(log_level level, sink to);

  log_level level() const noexcept { return level_; }
  /// Whether lines go to stderr, where a progress bar may be drawn below them.
  bool is_standard() const noexcept { return is_standard_; }
  bool wants(log_level level) const noexcept { return level <= level_; }

  void error(std::string_view line) const { write(log_level::error, line); }
  void warn(std::string_view line) const { write(log_level::warn, line); }
  void info(std::string_view line) const { write(log_level::info, line); }
  /// Takes a function so that an unwanted line costs nothing to make.
  template <class MakeLine>
  void debug(MakeLine&& make_line) const {
    if (wants(log_level::debug)) write(log_level::debug, make_line());
  }

 private:
  void write(log_level level, std::string_view line) const;

  log_level level_;
  sink sink_;
  bool is_standard_ = false;
};

}  // namespace dist
