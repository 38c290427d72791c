#pragma once

#include <dist/rpc/http.hpp>
#include <optional>
#include <span>
#include <string>

namespace dist {

<<<<<<< HEAD
/// Whether a request showed that it knows the secret.
enum class authentication { none, shown };
=======
enum class http_caller { anonymous, authenticated };
>>>>>>> fd1d9a674e0e2f5206c8fc342102939742bf7452

/// Whether a request is one that a foreign web page made a browser send: why to refuse it (403), or nothing.
///
/// Refused are an Origin that is not the request's own Host, a Sec-Fetch-Site other than same-origin and none, and,
/// from anonymous callers, a Host that is not localhost, a loopback literal or one of `own_names` (DNS rebinding).
/// `own_names` are hosts with or without a port: what we listen on, and our end of this connection.
<<<<<<< HEAD
std::optional<std::string> refuse_browser(http_request const& request, authentication shown,
=======
std::optional<std::string> refuse_browser(http_request const& request, http_caller who,
>>>>>>> fd1d9a674e0e2f5206c8fc342102939742bf7452
                                          std::span<std::string const> own_names);

}  // namespace dist
