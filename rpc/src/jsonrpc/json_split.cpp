#include "values/json.hpp"

namespace dist {

namespace {

/// Walks over JSON text token by token, knowing strings and brackets only.
class json_cutter {
 public:
  explicit json_cutter(std::string_view text) noexcept : text_(text) {}

  bool take(char wanted) noexcept {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool at_end() noexcept {
    skip_space();
    return at_ == text_.size();
  }

  /// What is between the quotes of the string that starts here.
  bool string(std::string_view& out) noexcept {
    if (!take('"')) return false;
    auto const start = at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return false;
    out = text_.substr(start, at_++ - start);
    return true;
  }

  bool value(std::string_view& out) noexcept {
    skip_space();
    auto const start = at_;
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      std::string_view ignored;
      char const c = text_[at_];
      if (c == '"') {
        if (!string(ignored)) return false;
        continue;
      }
      if (depth == 0 && (c == ',' || c == ']' || c == '}')) break;
      if (c == '[' || c == '{') ++depth;
      if (c == ']' || c == '}') --depth;
      ++at_;
    }
    out = text_.substr(start, at_ - start);
    while (!out.empty() && is_space(out.back())) out.remove_suffix(1);
    return depth == 0 && !out.empty();
  }

 private:
  static bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  void skip_space() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool split_json_object(std::string_view text, std::vector<json_member>& out) {
  json_cutter cutter(text);
  out.clear();
  if (!cutter.take('{')) return false;
  if (cutter.take('}')) return cutter.at_end();
  do {
    json_member member;
    if (!cutter.string(member.name) || !cutter.take(':') || !cutter.value(member.value)) return false;
    out.push_back(member);
  } while (cutter.take(','));
  return cutter.take('}') && cutter.at_end();
}

bool split_json_list(std::string_view text, std::vector<std::string_view>& out) {
  json_cutter cutter(text);
  out.clear();
  if (!cutter.take('[')) return false;
  if (cutter.take(']')) return cutter.at_end();
  do {
    std::string_view element;
    if (!cutter.value(element)) return false;
    out.push_back(element);
  } while (cutter.take(','));
  return cutter.take(']') && cutter.at_end();
}

}  // namespace dist
