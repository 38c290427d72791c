#include "table.hpp"

#include <algorithm>
#include <cstdint>
#include <ostream>

#include "fan_out/columns.hpp"

namespace dist {

std::ostream& operator<<(std::ostream& out, table const& what) {
  std::vector<std::size_t> widths;
  for (auto const& cells : what.lines_) {
    widths.resize(std::max(widths.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], columns_of(cells[i]));
  }
  for (auto const& cells : what.lines_) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i)
      text += cells[i] + std::string(widths[i] - columns_of(cells[i]) + 2, ' ');
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << '\n';
  }
  return out;
}

std::string age_text(std::int64_t milliseconds) {
  auto const seconds = milliseconds / 1'000;
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7'200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172'800) return std::to_string(seconds / 3'600) + " h";
  return std::to_string(seconds / 86'400) + " d";
}

}  // namespace dist
