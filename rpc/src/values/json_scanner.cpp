#include "values/json_scanner.hpp"

#include "base/hex.hpp"

namespace dist {
namespace {

void append_utf8(std::string& out, unsigned code) {
  auto const add = [&](unsigned value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xE0 | code >> 12);
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
    }
    add(0x80 | (code >> 6 & 0x3F));
  }
  add(0x80 | (code & 0x3F));
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Stands for itself in a string.
constexpr bool is_plain(char c) noexcept { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

}  // namespace

std::size_t utf8_length(std::string_view text) noexcept {
  if (text.empty()) return 0;
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto const first = byte(0);
  if (first < 0x80) return 1;
  std::size_t const length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  // The second byte's range excludes overlong forms, surrogates and code points beyond U+10FFFF.
  unsigned const low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  unsigned const high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  return length;
}

std::string json_quote(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    auto const length = utf8_length(text);
    auto const c = text.front();
    if (length == 0) {
      quoted += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      append_hex(quoted += "\\u00", static_cast<std::byte>(c));
    } else {
      quoted += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return quoted + '"';
}

void json_scanner::fail(std::string_view what) {
  if (failed()) return;
  message_ = std::string(what) + " at byte " + std::to_string(at_);
  at_ = text_.size();
}

void json_scanner::skip_space() noexcept {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n'))
    ++at_;
}

bool json_scanner::take(char c) noexcept {
  skip_space();
  if (peek() != c || at_ == text_.size()) return false;
  ++at_;
  return true;
}

void json_scanner::expect(char c) {
  if (take(c)) return;
  fail(at_ == text_.size() ? std::string("unexpected end, expected ") + c : std::string("expected ") + c);
}

void json_scanner::expect_end() {
  skip_space();
  if (at_ != text_.size()) fail("extra text after the value");
}

std::string json_scanner::string() {
  std::string decoded;
  skip_space();
  read_string(&decoded);
  return failed() ? std::string() : decoded;
}

std::string_view json_scanner::value() {
  skip_space();
  auto const start = at_;
  std::string closers;  // of the levels that are open, innermost last; a stack of our own, bounded by the limit
  auto const read_name = [this] {
    skip_space();
    read_string(nullptr);
    expect(':');
  };
  do {
    skip_space();
    if (peek() == '{' || peek() == '[') {
      if (closers.size() == depth_limit_) {
        fail("nested deeper than " + std::to_string(depth_limit_ - envelope_) + " levels (depth)");
        return {};
      }
      auto const closer = peek() == '{' ? '}' : ']';
      ++at_;
      if (!take(closer)) {
        closers += closer;
        if (closer == '}') read_name();
        continue;
      }
    } else {
      read_scalar();
    }
    while (!closers.empty() && !failed()) {
      if (take(closers.back())) {
        closers.pop_back();
        continue;
      }
      expect(',');
      if (closers.back() == '}') read_name();
      break;
    }
  } while (!closers.empty() && !failed());
  return failed() ? std::string_view() : text_.substr(start, at_ - start);
}

void json_scanner::read_scalar() {
  switch (peek()) {
    case '"':
      return read_string(nullptr);
    case 't':
      return read_literal("true");
    case 'f':
      return read_literal("false");
    case 'n':
      return read_literal("null");
    default:
      break;
  }
  if (peek() == '-' || is_digit(peek())) return read_number();
  fail(at_ == text_.size() ? "unexpected end, expected a value" : "expected a value");
}

void json_scanner::read_literal(std::string_view literal) {
  if (text_.substr(at_, literal.size()) != literal) return fail("expected a value");
  at_ += literal.size();
}

void json_scanner::read_number() {
  auto const read_digits = [this] {
    if (!is_digit(peek())) fail("a number without digits");
    while (is_digit(peek())) ++at_;
  };
  if (peek() == '-') ++at_;
  if (peek() == '0')
    ++at_;
  else
    read_digits();
  if (is_digit(peek())) return fail("a number with a leading zero");
  if (peek() == '.') {
    ++at_;
    read_digits();
  }
  if (peek() == 'e' || peek() == 'E') {
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    read_digits();
  }
}

void json_scanner::read_string(std::string* decoded) {
  if (peek() != '"') return fail("expected a string");
  ++at_;
  while (!failed()) {
    auto const start = at_;
    while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
    if (decoded) decoded->append(text_, start, at_ - start);
    if (at_ == text_.size()) return fail("an unterminated string");
    auto const c = text_[at_];
    if (c == '"') {
      ++at_;
      return;
    }
    if (c == '\\') {
      read_escape(decoded);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fail("a control character in a string");
    } else {
      read_utf8(decoded);
    }
  }
}

void json_scanner::read_utf8(std::string* decoded) {
  auto const length = utf8_length(text_.substr(at_));
  if (length == 0) return fail("a string that is not valid UTF-8");
  if (decoded) *decoded += text_.substr(at_, length);
  at_ += length;
}

void json_scanner::read_escape(std::string* decoded) {
  ++at_;
  auto const kind = peek();
  constexpr std::string_view kinds = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (auto const simple = kinds.find(kind); simple != kinds.npos) {
    ++at_;
    if (decoded) *decoded += meanings[simple];
    return;
  }
  if (kind != 'u') return fail("an unknown escape");
  ++at_;
  auto code = read_hex4();
  if (code >= 0xDC00 && code <= 0xDFFF) return fail("a lone surrogate");
  if (code >= 0xD800 && code <= 0xDBFF) {
    if (text_.substr(at_, 2) != "\\u") return fail("a lone surrogate");
    at_ += 2;
    auto const second = read_hex4();
    if (second < 0xDC00 || second > 0xDFFF) return fail("a lone surrogate");
    code = 0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00);
  }
  if (decoded && !failed()) append_utf8(*decoded, code);
}

unsigned json_scanner::read_hex4() {
  unsigned code = 0;
  for (int i = 0; i < 4; ++i) {
    auto const digit = from_hex(peek());
    if (digit < 0) fail("an escape without four hexadecimal digits");
    if (failed()) return 0;
    code = code * 16 + static_cast<unsigned>(digit);
    ++at_;
  }
  return code;
}

}  // namespace dist
