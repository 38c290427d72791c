#include <dist/runtime/progress_bar.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace dist {
namespace {

constexpr auto redraw_after = std::chrono::milliseconds(100);

std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string with_commas(std::size_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

std::string time_text(double seconds) {
  auto const whole = static_cast<long>(std::ceil(seconds));
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

void write_to_stderr(std::string const& text) {
  [[maybe_unused]] auto const written = ::write(STDERR_FILENO, text.data(), text.size());
}

std::string whole_line(std::string const& label, std::size_t done, std::optional<std::size_t> total,
                       duration since_start, std::size_t width) {
  auto const seconds = std::chrono::duration<double>(since_start).count();
  auto const rate = seconds > 0 ? static_cast<double>(done) / seconds : 0.0;
  auto const rate_text = with_commas(static_cast<std::size_t>(rate)) + "/s";
  if (!total) return label + "  " + with_commas(done) + "  " + rate_text;
  auto const share = done >= *total ? 1.0 : static_cast<double>(done) / static_cast<double>(*total);
  std::string tail = "  " + std::to_string(static_cast<int>(share * 100)) + " %  " + rate_text;
  if (rate > 0 && done < *total) tail += "  " + time_text(static_cast<double>(*total - done) / rate) + " left";
  auto const taken = label.size() + tail.size() + 4;
  auto const bar = width > taken + 10 ? std::min<std::size_t>(width - taken, 40) : 0;
  if (bar == 0) return label + tail;
  auto const filled = static_cast<std::size_t>(share * static_cast<double>(bar));
  std::string drawn(filled, '=');
  if (filled < bar) drawn += '>';
  drawn.resize(bar, ' ');
  return label + "  [" + drawn + "]" + tail;
}

}  // namespace

std::string progress_line(std::string const& label, std::size_t done, std::optional<std::size_t> total,
                          duration since_start, std::size_t width) {
  auto line = whole_line(label, done, total, since_start, width);
  // A longer one would wrap, and each redraw leave a line behind.
  if (line.size() > width) line.resize(width);
  return line;
}

progress_bar::progress_bar(clock const& time, std::string label, std::optional<std::size_t> total)
    : clock_(time), label_(std::move(label)), total_(total), started_(time.now()) {
  shown_ = !label_.empty() && ::isatty(STDERR_FILENO) == 1;
}

progress_bar::~progress_bar() {
  if (!shown_) return;
  draw(clock_.now());
  write_to_stderr("\n");
}

void progress_bar::advance(std::size_t count) {
  done_ += count;
  if (!shown_) return;
  auto const now = clock_.now();
  if (now - drawn_ >= redraw_after) draw(now);
}

void progress_bar::draw(time_point now) {
  drawn_ = now;
  write_to_stderr("\r" + progress_line(label_, done_, total_, now - started_, terminal_width() - 1) + "\x1b[K");
}

}  // namespace dist
