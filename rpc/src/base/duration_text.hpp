#pragma once

#include <chrono>
#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <string>

namespace dist {

constexpr std::int64_t to_ms(duration time) noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

/// `250 ms`; `5 s` where nothing is lost by it.
std::string ms_text(duration time);
/// `12 s`, of 12.9.
std::string whole_seconds_text(duration time);
/// `45 s`, `4 min 5 s`, `3 h 12 min`.
std::string short_text(std::chrono::seconds time);

}  // namespace dist
