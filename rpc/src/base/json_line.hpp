#pragma once

#include <dist/rpc/log.hpp>
#include <string>
#include <string_view>

namespace dist {

/// `{"time":"2026-01-31T12:00:00.000Z","level":"info","message":"..."}` with a newline; the time is now.
std::string json_line(log_level level, std::string_view message);

}  // namespace dist
