#include <dist/rpc/log.hpp>

#include <algorithm>
#include <dist/rpc/detail/text.hpp>

#include "base/terminal.hpp"

namespace dist {
namespace {

void write_to_stderr(log_level level, std::string_view line) { terminal::standard_error().write_log(level, line); }

}  // namespace

std::string_view to_text(log_level level) noexcept {
  switch (level) {
    case log_level::off: return "off";
    case log_level::error: return "error";
    case log_level::warn: return "warning";
    case log_level::info: return "info";
    case log_level::debug: return "debug";
  }
  return "?";
}

log::log(log_level level) : log(level, write_to_stderr) { is_standard_ = true; }

log::log(log_level level, sink to) : level_(level), sink_(std::move(to)) {}

void log::write(log_level level, std::string_view line) const {
  if (level == log_level::off || !wants(level)) return;
  auto const plain = [](char c) { return c >= ' ' && c <= '~'; };
  if (line.size() <= line_bytes && std::ranges::all_of(line, plain)) return sink_(level, line);
  sink_(level, printable(line, line_bytes));
}

}  // namespace dist
