#include <dist/runtime/progress_bar.hpp>

#include <algorithm>
#include <cmath>
#include <dist/rpc/detail/text.hpp>

#include "base/duration_text.hpp"
#include "base/terminal.hpp"
#include "fan_out/columns.hpp"
#include "record/count_text.hpp"

namespace dist {
namespace {

constexpr std::chrono::milliseconds redraw_after(100);
constexpr std::chrono::seconds line_after(10);

/// With a bar if there is room for one.
std::string whole_line(std::string const& label, fan_out_progress const& at, std::size_t width) {
  auto tail = "  " + rate_text(at.per_second);
  if (at.left && at.left->count() > 0)
    tail += "  " + short_text(std::chrono::ceil<std::chrono::seconds>(*at.left)) + " left";
  if (at.failed > 0) tail += "  " + grouped(at.failed) + " failed";
  if (!at.total) return label + "  " + grouped(at.done) + tail;
  auto const share = at.done >= *at.total ? 1.0 : static_cast<double>(at.done) / static_cast<double>(*at.total);
  tail = "  " + std::to_string(static_cast<int>(share * 100)) + " %" + tail;
  auto const taken = columns_of(label) + tail.size() + 4;
  auto const bar = width > taken + 10 ? std::min<std::size_t>(width - taken, 40) : 0;
  if (bar == 0) return label + tail;
  auto const filled = static_cast<std::size_t>(share * static_cast<double>(bar));
  std::string drawn(filled, '=');
  if (filled < bar) drawn += '>';
  drawn.resize(bar, ' ');
  return label + "  [" + drawn + "]" + tail;
}

}  // namespace

std::string rate_text(double per_second) {
  if (per_second >= 1 || per_second <= 0) return grouped(static_cast<std::uint64_t>(per_second)) + "/s";
  if (per_second * 60 >= 1) return std::to_string(std::lround(per_second * 60)) + "/min";
  return std::to_string(std::lround(per_second * 3600)) + "/h";
}

progress_output progress_output::standard_error() {
  progress_output made;
  auto& shown = terminal::standard_error();
  made.is_terminal = shown.is_terminal();
  made.width = [&shown] { return shown.width(); };
  made.write_lines = [&shown](std::string_view lines) { shown.write_lines(lines); };
  made.draw_bar = [&shown](std::string bar) { shown.draw_bar(std::move(bar)); };
  made.leave_bar = [&shown] { shown.leave_bar(); };
  return made;
}

progress_output progress_output::beside(log const& lines) {
  if (lines.is_standard()) return standard_error();
  progress_output made;
  made.write_lines = [&lines](std::string_view text) { lines.info(text.substr(0, text.find('\n'))); };
  return made;
}

std::string progress_line(std::string const& label, fan_out_progress const& at, std::size_t width) {
  // A longer one would wrap, and each redraw would leave a line.
  return fitted(whole_line(label, at, width), width);
}

progress_bar::progress_bar(std::string label, progress_output to)
    : label_(printable(label, label.size())), to_(std::move(to)) {}

progress_bar::~progress_bar() {
  if (drawn_) to_.leave_bar();
}

duration progress_bar::every() const noexcept {
  if (to_.is_terminal) return redraw_after;
  return line_after;
}

void progress_bar::show(fan_out_progress const& at) {
  if (to_.is_terminal) {
    drawn_ = true;
    return to_.draw_bar(progress_line(label_, at, to_.width() - 1));
  }
  if (at.elapsed >= line_after) to_.write_lines(whole_line(label_, at, 0) + "\n");
}

}  // namespace dist
