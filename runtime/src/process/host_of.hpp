#pragma once

#include <string_view>

namespace dist {

/// The host of `127.0.0.1:40112` or `[::1]:40112`, without brackets.
inline std::string_view host_of(std::string_view address_text) {
  auto host = address_text.substr(0, address_text.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return host;
}

}  // namespace dist
