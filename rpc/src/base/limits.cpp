#include <dist/rpc/limits.hpp>

#include <dist/rpc/detail/frame.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/duration_text.hpp"

namespace dist {
namespace {

using unit = std::pair<std::string_view, std::uint64_t>;
constexpr std::array<unit, 5> sizes{unit{"", 1}, {"B", 1}, {"KB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}};
constexpr std::array<unit, 3> times{unit{"ms", 1}, {"s", 1'000}, {"min", 60'000}};
constexpr std::array<unit, 1> counts{unit{"", 1}};

struct known_count {
  std::string_view name;
  std::size_t limits::*member;
  bool bytes;
  std::uint64_t most;
  std::uint64_t least = 1;
};
constexpr auto most_number = std::uint64_t{1} << 40;
/// Lengths and call ids have 32 bits in a frame's header.
constexpr std::uint64_t most_in_frame = UINT32_MAX;
/// Room for the prefix of a request and some arguments.
constexpr std::uint64_t least_frame = 8'192;
static_assert(least_frame > most_prefix_bytes);
/// Values are read and written level by level on the stack.
constexpr std::uint64_t most_depth = 1'000;
constexpr known_count known_counts[] = {{"frame_bytes", &limits::frame_bytes, true, most_in_frame, least_frame},
                                        {"hello_bytes", &limits::hello_bytes, true, most_in_frame},
                                        {"message_bytes", &limits::message_bytes, true, most_number},
                                        {"http_head_bytes", &limits::http_head_bytes, true, UINT32_MAX},
                                        {"depth", &limits::depth, false, most_depth},
                                        {"batch_count", &limits::batch_count, false, most_number},
                                        {"connection_count", &limits::connection_count, false, most_number},
                                        {"calls_per_connection", &limits::calls_per_connection, false, UINT32_MAX},
                                        {"coroutine_count", &limits::coroutine_count, false, UINT32_MAX},
                                        {"outbox_bytes", &limits::outbox_bytes, true, most_number},
                                        {"unproven_hello_bytes", &limits::unproven_hello_bytes, true, most_in_frame},
                                        {"unproven_bytes", &limits::unproven_bytes, true, most_number},
                                        {"memory", &limits::memory, true, most_number}};
struct known_time {
  std::string_view name;
  std::chrono::milliseconds limits::*member;
};
constexpr known_time known_times[] = {{"handshake", &limits::handshake}, {"frame_idle", &limits::frame_idle}};

/// Empty if it is not a number with one of these units, or is zero.
template <std::size_t Count>
std::optional<std::uint64_t> parse(std::string_view text, std::array<unit, Count> const& units) {
  std::uint64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view const suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
  constexpr auto most = most_number;
  if (error != std::errc() || number == 0) return std::nullopt;
  for (auto const& [name, size] : units)
    if (suffix == name && number <= most / size) return number * size;
  return std::nullopt;
}

std::string known_names() {
  std::string names;
  for (auto const& one : known_counts) (names += one.name) += ", ";
  for (auto const& one : known_times) (names += one.name) += ", ";
  return names.substr(0, names.size() - 2);
}

}  // namespace

std::string set_limit(limits& of, std::string_view text) {
  auto const sign = text.find('=');
  auto const name = text.substr(0, sign);
  auto const value = sign == text.npos ? std::string_view() : text.substr(sign + 1);
  for (auto const& one : known_counts) {
    if (one.name != name) continue;
    auto const parsed = one.bytes ? parse(value, sizes) : parse(value, counts);
    if (!parsed) return std::string(name) + (one.bytes ? " takes a size, such as 2GB" : " takes a number of at least 1");
    if (*parsed < one.least) return std::string(name) + " takes at least " + std::to_string(one.least) + " bytes";
    if (*parsed > one.most)
      return std::string(name) + " takes at most " + std::to_string(one.most) + (one.bytes ? " bytes" : "");
    of.*one.member = static_cast<std::size_t>(*parsed);
    return {};
  }
  for (auto const& one : known_times) {
    if (one.name != name) continue;
    auto const parsed = parse(value, times);
    if (!parsed) return std::string(name) + " takes a time, such as 5s";
    of.*one.member = std::chrono::milliseconds(*parsed);
    return {};
  }
  return "unknown limit; choose one of " + known_names();
}

limits bounded(limits of) noexcept {
  for (auto const& one : known_counts)
    of.*one.member = static_cast<std::size_t>(std::min<std::uint64_t>(of.*one.member, one.most));
  return of;
}

std::vector<std::string> changed_limits(limits const& of) {
  constexpr limits usual;
  std::vector<std::string> texts;
  for (auto const& one : known_counts)
    if (of.*one.member != usual.*one.member) texts.push_back(std::string(one.name) + '=' + std::to_string(of.*one.member));
  for (auto const& one : known_times)
    if (of.*one.member != usual.*one.member)
      texts.push_back(std::string(one.name) + '=' + std::to_string((of.*one.member).count()) + "ms");
  return texts;
}

std::string within_limit(std::string_view name, std::chrono::milliseconds limit) {
  auto text = "within " + ms_text(limit);
  return text.append(", the limit (").append(name).append(")");
}

}  // namespace dist
