#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dist {

/// The first thing that was wrong with a value, and where in the value. The path is built while the walk unwinds, so
/// that values that are right pay nothing for it. Every function but `text` returns false, for `return
/// error.fail(...)`.
class value_error {
 public:
  [[gnu::cold]] bool fail(std::string what);
  /// `expected a number (int32), got true`; `type` may be empty.
  [[gnu::cold]] bool mismatch(std::string_view found, std::string_view expected, std::string_view type);
  [[gnu::cold]] bool not_utf8(std::size_t at);
  [[gnu::cold]] bool too_deep(std::size_t limit);
  [[gnu::cold]] bool in_member(std::string_view name);
  [[gnu::cold]] bool in_element(std::size_t index);

  /// One sentence: `argument 2: member items[3].name: not UTF-8 at byte 4; ...`.
  std::string text(std::string_view subject) const;
  std::string text(std::string_view subject, std::size_t number) const;

 private:
  std::string what_;
  std::string path_;
};

/// What a peer wrote, short enough for a message: at most `limit` bytes of it, cut between characters.
std::string shortened(std::string_view text, std::size_t limit = 80);

/// "3 arguments given, 1 expected".
[[gnu::cold]] std::string wrong_count(std::size_t given, std::size_t expected, std::string_view noun);

}  // namespace dist
