#include "nodes/method_windows.hpp"

#include <algorithm>
#include <utility>

namespace dist {
namespace {

constexpr std::uint32_t most_brief_us = 100;  ///< the limit that a brief method promises

}  // namespace

method_windows::facts& method_windows::at(method_ref method) {
  auto const index = static_cast<std::size_t>(method);
  if (index >= facts_.size()) facts_.resize(index + 1);
  return facts_[index];
}

bool method_windows::makes_calls(method_ref method) { return !std::exchange(at(method).makes_calls, true); }

std::uint32_t method_windows::measured(method_ref method, std::uint32_t microseconds) {
  auto& known = at(method);
  known.brief ? known.time.add_usual(std::min(microseconds, most_brief_us)) : known.time.add(microseconds);
  return window_of(known);
}

std::uint32_t method_windows::window_of(facts const& known) const noexcept {
  if (known.makes_calls && !known.brief) return 0;
  return known.brief && !known.time.is_measured() ? std::min(most_, brief_) : known.time.window(most_);
}

bool method_windows::takes_long(method_ref method) const noexcept {
  auto const index = static_cast<std::size_t>(method);
  return index < facts_.size() && facts_[index].time.is_long();
}

}  // namespace dist
