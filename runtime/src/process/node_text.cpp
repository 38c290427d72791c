#include "process/node_text.hpp"

#include <algorithm>
#include <dist/rpc/detail/text.hpp>
#include <utility>

namespace dist {
namespace {

constexpr auto a_second = std::chrono::seconds(1);

void put_line(std::string_view text, std::string& shown) { shown.append(text).push_back('\n'); }

std::string times_text(std::uint64_t repeats) {
  return repeats == 1 ? "(repeated once)" : "(" + std::to_string(repeats) + " more times)";
}

}  // namespace

std::string node_text::add(std::string_view printed, time_point now) {
  std::string shown;
  while (!printed.empty()) {
    // A carriage return, as of a progress bar, restarts the line.
    auto const end = printed.find_first_of("\n\r");
    auto const whole = end != printed.npos;
    auto const room = line_bytes - begun_.size();
    auto const taken = std::min(whole ? end : printed.size(), room);
    begun_.append(printed.substr(0, taken));
    printed.remove_prefix(taken);
    if (taken == room && !printed.empty() && printed.front() != '\n' && printed.front() != '\r') {
      take_line(std::exchange(begun_, {}), now, shown);
    } else if (whole) {
      printed.remove_prefix(1);
      take_line(std::exchange(begun_, {}), now, shown);
    }
  }
  return shown;
}

std::string node_text::flush() {
  std::string shown;
  show_held(shown);
  return shown;
}

std::string node_text::end(time_point now) {
  std::string shown;
  take_line(std::exchange(begun_, {}), now, shown);
  show_held(shown);
  return shown;
}

void node_text::take_line(std::string_view line, time_point now, std::string& shown) {
  if (line.empty()) return;
  if (line == last_) {
    ++repeats_;
    return;
  }
  if (now - second_ >= a_second) {
    second_ = now;
    shown_in_it_ = 0;
  }
  if (shown_in_it_ >= lines_a_second) {
    ++left_out_;
    return;
  }
  ++shown_in_it_;
  show_held(shown);
  last_ = line;
  std::string text(line);
  std::ranges::replace(text, '\t', ' ');
  put_line(printable(text, line_bytes), shown);
}

void node_text::show_held(std::string& shown) {
  if (auto const repeats = std::exchange(repeats_, 0); repeats > 0)
    put_line(printable(last_, 60) + " " + times_text(repeats), shown);
  if (auto const lines = std::exchange(left_out_, 0); lines > 0)
    put_line("(" + std::to_string(lines) + (lines == 1 ? " line" : " lines") + " dropped: it prints more than " +
                 std::to_string(lines_a_second) + " a second)",
             shown);
}

std::string named_lines(std::string_view node, std::string_view lines) {
  std::string named;
  while (!lines.empty()) {
    auto const end = std::min(lines.find('\n'), lines.size());
    named.append("[").append(node).append("] ");
    put_line(lines.substr(0, end), named);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return named;
}

}  // namespace dist
