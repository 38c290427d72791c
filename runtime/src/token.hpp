#pragma once

#include <string>

namespace dist {

/// What HTTP callers show instead of the secret: hex HMAC-SHA256 of "dist/1 bearer" under it.
std::string bearer_token(std::string const& secret);

}  // namespace dist
