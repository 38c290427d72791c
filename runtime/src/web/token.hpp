#pragma once

#include <dist/rpc/http.hpp>
#include <string>

namespace dist {

/// What HTTP callers show instead of the secret: hex HMAC-SHA256 of "dist/1 bearer" under it.
std::string bearer_token(std::string const& secret);
/// What those show who may look and not call: the same of "dist/1 viewer". Neither token tells the other.
std::string viewer_token(std::string const& secret);

/// What the sender of a request has shown that it may do.
enum class right {
  none,
  look,  ///< read the status
  call,  ///< also make calls
};

/// By the bearer token that the request carries, if any.
right right_of(http_request const& request, std::string const& secret);

}  // namespace dist
