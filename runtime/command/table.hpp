#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace dist {

/// Lines of columns that are as wide as their widest cell. The first line is the heading.
class table {
 public:
  using line = std::vector<std::string>;

  explicit table(line heading) { lines_.push_back(std::move(heading)); }
  void add(line cells) { lines_.push_back(std::move(cells)); }
  friend std::ostream& operator<<(std::ostream& out, table const& what);

 private:
  std::vector<line> lines_;
};

/// `12 s`, `5 min`, `3 h`, `2 d`: the time so far, at a glance.
std::string age_text(std::int64_t milliseconds);

}  // namespace dist
