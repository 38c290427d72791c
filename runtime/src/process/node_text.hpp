#pragma once

#include <cstddef>
#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <string>
#include <string_view>

namespace dist {

/// The output of one node process, made fit to be shown beside that of many others: cut into lines, each escaped,
/// repeats folded, and only so much a second. Pure.
class node_text {
 public:
  /// A line that is longer is shown as several.
  static constexpr std::size_t line_bytes = 2000;
  /// Lines that a node may show per second; more are counted and dropped.
  static constexpr std::size_t lines_a_second = 200;

  /// Takes output; returns the text to show now, whole lines or nothing.
  std::string add(std::string_view printed, time_point now);
  /// Whether something waits for flush(): how often a line came again, or how many were left out.
  bool holds_back() const noexcept { return repeats_ > 0 || left_out_ > 0; }
  std::string flush();
  /// The end of the output: also shows a line without its end.
  std::string end(time_point now);

 private:
  void take_line(std::string_view line, time_point now, std::string& shown);
  void show_held(std::string& shown);

  std::string begun_;  ///< of an incomplete line
  std::string last_;
  std::uint64_t repeats_ = 0;  ///< of the last line, not shown
  std::uint64_t left_out_ = 0;
  time_point second_{};  ///< began then
  std::size_t shown_in_it_ = 0;
};

/// `[ws07] ` before each of the lines.
std::string named_lines(std::string_view node, std::string_view lines);

}  // namespace dist
