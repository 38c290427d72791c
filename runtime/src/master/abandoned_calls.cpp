#include "master/abandoned_calls.hpp"

#include <algorithm>
#include <chrono>

namespace dist {
namespace {

/// Most methods notice within this time; naming those would only be noise.
constexpr std::chrono::seconds still_normal{1};
constexpr std::chrono::seconds pause_between_lines{10};

std::string seconds_text(duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

void abandoned_calls::add(std::uint64_t number, std::string_view method, time_point now) {
  calls_.try_emplace(number, entry{std::string(method), now});
}

std::optional<std::string> abandoned_calls::remove(std::uint64_t number, std::string_view node, time_point now) {
  auto const ended = calls_.extract(number);
  if (calls_.empty()) said_at_.reset();
  if (!ended || !ended.mapped().named) return std::nullopt;
  return "node " + std::string(node) + ": " + ended.mapped().method + " returned " +
         seconds_text(now - ended.mapped().since) + " after it was abandoned; its slot is free";
}

std::vector<std::string> abandoned_calls::due(std::string_view node, time_point now) {
  if (calls_.empty() || (said_at_ && now - *said_at_ < pause_between_lines)) return {};
  std::vector<std::string> lines;
  for (auto const& one : stays_since(now - still_normal)) {
    auto const many = one.count > 1;
    lines.push_back("node " + std::string(node) + " still runs " +
                    (many ? std::to_string(one.count) + " calls of " : std::string()) + one.method + ", abandoned " +
                    seconds_text(now - one.since) + (many ? " ago and later" : " ago") +
                    ": its caller is gone, but its slot stays in use until the method returns (the method can check "
                    "its context for cancellation; kill_after ends its process)");
  }
  if (lines.empty()) return lines;
  said_at_ = now;
  for (auto& [number, one] : calls_) one.named = one.named || one.since <= now - still_normal;
  return lines;
}

std::vector<abandoned_calls::stay> abandoned_calls::stays_since(time_point latest) const {
  std::map<std::string_view, stay> by_method;
  for (auto const& [number, one] : calls_) {
    if (one.since > latest) continue;
    auto& all = by_method.try_emplace(one.method, stay{one.method, 0, one.since}).first->second;
    ++all.count;
    all.since = std::min(all.since, one.since);
  }
  std::vector<stay> stays;
  for (auto& [method, one] : by_method) stays.push_back(std::move(one));
  return stays;
}

}  // namespace dist
