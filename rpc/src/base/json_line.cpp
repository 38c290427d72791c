#include "base/json_line.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace dist {
namespace {

/// RFC 3339, in UTC.
std::string time_text(std::chrono::system_clock::time_point at) {
  auto const second = std::chrono::floor<std::chrono::seconds>(at);
  auto const milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(at - second).count();
  auto const since_epoch = std::chrono::system_clock::to_time_t(second);
  std::tm parts{};
  ::gmtime_r(&since_epoch, &parts);
  char text[40];
  auto const size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%03dZ", static_cast<int>(milliseconds));
  return text;
}

}  // namespace

std::string json_line(log_level level, std::string_view message) {
  return "{\"time\":\"" + time_text(std::chrono::system_clock::now()) + "\",\"level\":\"" + std::string(to_text(level)) +
         "\",\"message\":" + boost::json::serialize(boost::json::string(message)) + "}\n";
}

}  // namespace dist
