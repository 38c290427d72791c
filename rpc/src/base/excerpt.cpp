#include "base/excerpt.hpp"

#include <algorithm>

namespace dist {
namespace {

constexpr std::size_t deepest = 16;

/// At most `most` bytes of UTF-8 that show on one line.
std::string one_line(std::string_view text, std::size_t most) {
  if (text.size() > most) {
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
    text = text.substr(0, most);
  }
  text = text.substr(0, find_invalid_utf8(text));
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return line;
}

/// Writes as much as there is of a CBOR value; every function returns false at the end of the text or of the bytes.
class printer {
 public:
  printer(std::span<std::byte const> in, std::size_t most) : in_(in), most_(most) {}

  bool value(std::size_t depth = 0) {
    head next;
    if (depth > deepest || text.size() > most_ || !read(next)) return false;
    switch (next.major) {
      case 0: return add(std::to_string(next.argument));
      case 1: return add(next.argument == UINT64_MAX ? "-18446744073709551616" : "-" + std::to_string(next.argument + 1));
      case 2: return bytes(next.argument);
      case 3: return quoted(next.argument);
      case 4: return list(next.argument, depth);
      case 5: return map(next.argument, depth);
      case 6: return tagged(next.argument, depth);
      default: return simple(next);
    }
  }

  std::string text;

 private:
  struct head {
    unsigned major = 0;
    unsigned info = 0;
    std::uint64_t argument = 0;
  };

  bool read(head& out) {
    if (in_.empty()) return false;
    auto const initial = std::to_integer<unsigned>(in_[0]);
    out = {initial >> 5, initial & 31, initial & 31};
    std::size_t const more = out.info < 24 ? 0 : std::size_t{1} << (out.info & 3);
    if (out.info > 27 || in_.size() <= more) return false;
    for (std::size_t i = 1; more != 0 && i <= more; ++i)
      out.argument = (i == 1 ? 0 : out.argument << 8) | std::to_integer<std::uint64_t>(in_[i]);
    in_ = in_.subspan(1 + more);
    return true;
  }
  bool add(std::string_view what) {
    text.append(what);
    return true;
  }
  /// As many of `count` bytes as there are.
  std::span<std::byte const> take(std::uint64_t count) {
    auto const there = std::min<std::uint64_t>(count, in_.size());
    auto const taken = in_.first(static_cast<std::size_t>(there));
    in_ = in_.subspan(taken.size());
    return taken;
  }
  bool quoted(std::uint64_t count) {
    auto const content = take(count);
    buffer written;
    auto whole = as_text(content);
    whole = whole.substr(0, find_invalid_utf8(whole));
    json_writer(written, 1).text(whole);
    auto const complete = whole.size() == count;
    add(complete ? written.text() : written.text().substr(0, written.size() - 1));
    return complete;
  }
  bool bytes(std::uint64_t count) {
    auto const content = take(count);
    add("\"" + to_base64(content.first(std::min(content.size(), most_))));
    return content.size() == count && content.size() <= most_ && add("\"");
  }
  bool list(std::uint64_t count, std::size_t depth) {
    add("[");
    for (std::uint64_t i = 0; i < count; ++i)
      if ((i > 0 && !add(",")) || !value(depth + 1)) return false;
    return add("]");
  }
  bool map(std::uint64_t count, std::size_t depth) {
    add("{");
    for (std::uint64_t i = 0; i < count; ++i)
      if ((i > 0 && !add(",")) || !value(depth + 1) || !add(":") || !value(depth + 1)) return false;
    return add("}");
  }
  bool tagged(std::uint64_t tag, std::size_t depth) {
    typed_array array;
    if (!typed_array_from_tag(tag, array)) return value(depth + 1);
    head next;
    if (!read(next) || next.major != 2) return false;
    array.data = take(next.argument);
    add("[");
    for (std::size_t i = 0; i < array.count(); ++i) {
      if (text.size() > most_) return false;
      if (i > 0) add(",");
      one(array.get(i));
    }
    return array.data.size() == next.argument && add("]");
  }
  void one(number what) {
    if (what.is == number::kind::natural) add(std::to_string(what.bits));
    if (what.is == number::kind::negative) add(std::to_string(what.negative()));
    if (what.is == number::kind::floating) floating(what.floating());
  }
  void floating(double what) {
    buffer written;
    json_writer(written, 1).floating(what);
    add(written.text());
  }
  bool simple(head const& what) {
    switch (what.info) {
      case 20: return add("false");
      case 21: return add("true");
      case 22:
      case 23: return add("null");
      case 25: return floating(half_to_double(static_cast<std::uint16_t>(what.argument))), true;
      case 26: return floating(double{std::bit_cast<float>(static_cast<std::uint32_t>(what.argument))}), true;
      case 27: return floating(std::bit_cast<double>(what.argument)), true;
      default: return false;
    }
  }

  std::span<std::byte const> in_;
  std::size_t most_;
};

}  // namespace

std::string excerpt(codec as, std::span<std::byte const> bytes, std::size_t most_bytes) {
  bool whole = true;
  std::string text(as == codec::json ? as_text(bytes) : std::string_view());
  if (as == codec::cbor) {
    printer out(bytes, most_bytes);
    whole = out.value();
    text = std::move(out.text);
  }
  auto line = one_line(text, most_bytes);
  if (!whole || line.size() < text.size()) line += "…";
  return line;
}

}  // namespace dist
