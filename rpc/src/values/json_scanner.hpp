#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dist {

/// Walks over JSON source text and hands out slices of it, so that numbers stay the text they are. Strict: RFC 8259,
/// UTF-8, no lone surrogates. The first error sticks: everything then returns nothing.
class json_scanner {
 public:
  /// `envelope` of the levels are around the values that the limit is about.
  json_scanner(std::string_view text, std::size_t depth_limit, std::size_t envelope = 0) noexcept
      : text_(text), depth_limit_(depth_limit), envelope_(envelope) {}

  /// Steps over one value of any kind and returns its source.
  std::string_view value();
  /// Consumes a string and returns its value.
  std::string string();
  /// Consumes `c`, and the white space before it, if it is next.
  bool take(char c) noexcept;
  /// Like take, but it must be there.
  void expect(char c);
  /// Nothing but white space may be left.
  void expect_end();

  bool failed() const noexcept { return !message_.empty(); }
  /// The error and its position.
  std::string const& message() const noexcept { return message_; }

 private:
  void skip_space() noexcept;
  void read_string(std::string* decoded);
  void read_escape(std::string* decoded);
  void read_utf8(std::string* decoded);
  unsigned read_hex4();
  void read_number();
  void read_literal(std::string_view literal);
  void read_scalar();
  void fail(std::string_view what);
  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view text_;
  std::size_t depth_limit_;
  std::size_t envelope_;
  std::size_t at_ = 0;
  std::string message_;
};

/// Steps over an object and calls `visit(name, source of the value)` for each member; false when it is none.
template <class Visit>
bool for_each_member(json_scanner& scan, Visit visit) {
  scan.expect('{');
  if (scan.take('}')) return true;
  do {
    auto const name = scan.string();
    scan.expect(':');
    auto const value = scan.value();
    if (scan.failed()) return false;
    visit(name, value);
  } while (scan.take(','));
  scan.expect('}');
  return !scan.failed();
}

/// The same for a text that is one object and nothing else.
template <class Visit>
bool for_each_member(std::string_view object, std::size_t depth_limit, Visit visit) {
  json_scanner scan(object, depth_limit);
  if (!for_each_member(scan, visit)) return false;
  scan.expect_end();
  return !scan.failed();
}

/// The length of the well-formed UTF-8 sequence that `text` begins with, 0 when it is malformed.
std::size_t utf8_length(std::string_view text) noexcept;

/// `text` as a JSON string; malformed UTF-8 becomes U+FFFD.
std::string json_quote(std::string_view text);

}  // namespace dist
