#pragma once

#include <chrono>
#include <dist/rpc/result.hpp>
#include <string>

namespace dist {

/// `250ms`, `1s`, `2min`; a bare number is seconds. Errors: errc::bad_arguments, with a right one.
result<std::chrono::nanoseconds> parse_duration(std::string const& text);

}  // namespace dist
