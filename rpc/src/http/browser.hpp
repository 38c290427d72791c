#pragma once

#include <dist/rpc/http.hpp>
#include <optional>
#include <span>
#include <string>

namespace dist {

enum class http_caller { anonymous, authenticated };

/// Whether a request is one that a foreign web page made a browser send: why to refuse it (403), or nothing.
///
/// Refused are an Origin that is not the request's own Host, a Sec-Fetch-Site other than same-origin and none, and,
/// from anonymous callers, a Host that is not localhost, a loopback literal or one of `own_names` (DNS rebinding).
/// `own_names` are hosts with or without a port: our listening address, and our end of this connection.
std::optional<std::string> refuse_browser(http_request const& request, http_caller who,
                                          std::span<std::string const> own_names);

}  // namespace dist
