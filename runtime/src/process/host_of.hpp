#pragma once

#include <string>
#include <string_view>

namespace dist {

/// The host of `127.0.0.1:40112` or `[::1]:40112`, without brackets.
inline std::string_view host_of(std::string_view address_text) {
  auto host = address_text.substr(0, address_text.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return host;
}

/// "what at ADDRESS: problem", without the address if the problem names it.
inline std::string with_address(std::string what, std::string_view address, std::string const& problem) {
  if (problem.find(address) == std::string::npos) what.append(" at ").append(address);
  return what + ": " + problem;
}

}  // namespace dist
