#pragma once

#include <dist/rpc/http.hpp>
#include <string>

namespace dist {

/// The token that HTTP callers send instead of the secret: hex HMAC-SHA256 of "dist/1 bearer" under it.
std::string bearer_token(std::string const& secret);
/// The token of read-only viewers: the same for "dist/1 viewer". Neither token reveals the other.
std::string viewer_token(std::string const& secret);

/// The right that the sender of a request has proven.
enum class right {
  none,
  look,  ///< read the status
  call,  ///< also make calls
};

/// By the bearer token that the request carries, if any.
right right_of(http_request const& request, std::string const& secret);

}  // namespace dist
