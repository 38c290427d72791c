#include <dist/rpc/detail/traceparent.hpp>

#include <algorithm>

namespace dist {
namespace {

constexpr std::size_t known_bytes = 55;
constexpr std::size_t most_bytes = 255;

bool is_hex(std::string_view digits) noexcept {
  return std::ranges::all_of(digits, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view digits) noexcept { return digits.find_first_not_of('0') == digits.npos; }

}  // namespace

bool is_traceparent(std::string_view text) noexcept {
  if (text.size() < known_bytes || text.size() > most_bytes) return false;
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  auto const version = text.substr(0, 2);
  auto const trace = text.substr(3, 32);
  auto const span = text.substr(36, 16);
  if (!is_hex(version) || !is_hex(trace) || !is_hex(span) || !is_hex(text.substr(53, 2))) return false;
  if (version == "ff" || is_zero(trace) || is_zero(span)) return false;
  auto const more = text.substr(known_bytes);
  if (version == "00") return more.empty();
  return more.empty() || (more.front() == '-' && std::ranges::all_of(more, [](char c) { return c > ' ' && c <= '~'; }));
}

}  // namespace dist
