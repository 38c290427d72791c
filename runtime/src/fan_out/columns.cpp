#include "fan_out/columns.hpp"

#include <locale.h>
#include <wchar.h>

#include <algorithm>

namespace dist {
namespace {

/// UTF-8 for this thread, whatever the program's own locale is. A system without the locale counts a column a character.
class utf8_locale {
 public:
  utf8_locale() noexcept {
    static auto const utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (utf8 != locale_t{}) before_ = ::uselocale(utf8);
  }
  ~utf8_locale() {
    if (before_ != locale_t{}) ::uselocale(before_);
  }
  utf8_locale(utf8_locale const&) = delete;
  utf8_locale& operator=(utf8_locale const&) = delete;

  bool is_there() const noexcept { return before_ != locale_t{}; }

 private:
  locale_t before_{};
};

struct character {
  std::size_t bytes;
  std::size_t columns;
};

character first_of(std::string_view text, utf8_locale const& in) {
  if (static_cast<unsigned char>(text.front()) < 0x80) return {1, 1};
  if (in.is_there()) {
    wchar_t read{};
    mbstate_t state{};
    auto const bytes = ::mbrtowc(&read, text.data(), text.size(), &state);
    if (bytes == static_cast<std::size_t>(-1) || bytes == static_cast<std::size_t>(-2)) return {1, 1};
    auto const columns = ::wcwidth(read);
    return {bytes, columns < 0 ? 1 : static_cast<std::size_t>(columns)};
  }
  auto const is_start = [](char c) { return (c & 0xC0) != 0x80; };
  auto const next = std::find_if(text.begin() + 1, text.end(), is_start);
  return {static_cast<std::size_t>(next - text.begin()), 1};
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  utf8_locale const in;
  std::size_t columns = 0;
  while (!text.empty()) {
    auto const next = first_of(text, in);
    columns += next.columns;
    text.remove_prefix(next.bytes);
  }
  return columns;
}

std::string fitted(std::string_view text, std::size_t columns) {
  utf8_locale const in;
  std::size_t end = 0;
  while (end < text.size()) {
    auto const next = first_of(text.substr(end), in);
    if (next.columns > columns) break;
    columns -= next.columns;
    end += next.bytes;
  }
  return std::string(text.substr(0, end));
}

}  // namespace dist
