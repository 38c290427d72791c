#include <dist/rpc/detail/value_error.hpp>

namespace dist {

bool value_error::fail(std::string what) {
  if (what_.empty()) what_ = std::move(what);
  return false;
}

bool value_error::mismatch(std::string_view found, std::string_view expected, std::string_view type) {
  auto why = std::string("expected ").append(expected);
  if (!type.empty()) why.append(" (").append(type).append(")");
  return fail(why.append(", got ").append(found));
}

bool value_error::not_utf8(std::size_t at) {
  return fail("not UTF-8 at byte " + std::to_string(at) + "; send arbitrary bytes as std::vector<std::uint8_t>");
}

bool value_error::too_deep(std::size_t limit) {
  return fail("nested deeper than " + std::to_string(limit) + " levels (depth)");
}

bool value_error::in_member(std::string_view name) {
  path_.insert(0, shortened(name));
  path_.insert(0, 1, '.');
  return false;
}

bool value_error::in_element(std::size_t index) {
  path_.insert(0, "[" + std::to_string(index) + "]");
  return false;
}

std::string value_error::text(std::string_view subject) const {
  std::string text(subject);
  if (!path_.empty()) {
    text += path_.front() == '.' ? ": member " : ": element ";
    text.append(path_, path_.front() == '.' ? 1 : 0);
  }
  if (!text.empty()) text += ": ";
  return text += what_;
}

std::string value_error::text(std::string_view subject, std::size_t number) const {
  return text(std::string(subject) + ' ' + std::to_string(number));
}

std::string shortened(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  while (limit != 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return std::string(text.substr(0, limit)) + "...";
}

std::string wrong_count(std::size_t given, std::size_t expected, std::string_view noun) {
  std::string text = std::to_string(given);
  text.append(" ").append(noun);
  if (given != 1) text += 's';
  return text + " given, " + std::to_string(expected) + " expected";
}

}  // namespace dist
