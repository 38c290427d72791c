#pragma once

#include <cstddef>
#include <dist/rpc/clock.hpp>
#include <optional>
#include <string>

namespace dist {

/// A progress bar with rate and time left, on stderr if that is a terminal, silent otherwise. Redrawn at most ten times
/// a second; its destructor ends the line.
class progress_bar {
 public:
  /// `total`: nothing where it is not known.
  progress_bar(clock const& time, std::string label, std::optional<std::size_t> total);
  progress_bar(progress_bar const&) = delete;
  progress_bar& operator=(progress_bar const&) = delete;
  ~progress_bar();

  void advance(std::size_t count = 1);

 private:
  void draw(time_point now);

  clock const& clock_;
  std::string label_;
  std::optional<std::size_t> total_;
  std::size_t done_ = 0;
  bool shown_ = false;
  time_point started_;
  time_point drawn_{};
};

/// `counting  [=====>    ]  52 %  1,234/s  3 min left`: the line that the bar shows, at most `width` columns.
std::string progress_line(std::string const& label, std::size_t done, std::optional<std::size_t> total,
                          duration since_start, std::size_t width);

}  // namespace dist
