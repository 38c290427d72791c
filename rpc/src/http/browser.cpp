#include "http/browser.hpp"

#include <dist/rpc/address.hpp>

#include <algorithm>

namespace dist {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

/// The host of `host`, `host:port` or `[v6]:port` in small letters; empty when it is none.
std::string host_of(std::string_view text) {
  auto const where = parse_address(text);
  return where ? lower(where->host) : std::string();
}

bool is_same_origin(std::string_view origin, std::string_view host) {
  auto const lowered = lower(origin);
  std::string_view rest = lowered;
  std::string_view usual_port;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    usual_port = ":80";
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
    usual_port = ":443";
  } else {
    return false;  // "null", and schemes of extensions and files
  }
  auto const own = lower(host);
  // A browser leaves the usual port out of both, other callers may write it.
  auto const bare = [&](std::string_view text) {
    return text.ends_with(usual_port) ? text.substr(0, text.size() - usual_port.size()) : text;
  };
  return !rest.empty() && bare(rest) == bare(own);
}

bool is_own_host(std::string_view text, std::span<std::string const> own_names) {
  auto const host = host_of(text);
  if (host.empty()) return false;
  return is_loopback(host) || std::any_of(own_names.begin(), own_names.end(),
                                          [&](std::string const& name) { return host_of(name) == host; });
}

}  // namespace

std::optional<std::string> refuse_browser(http_request const& request, http_caller who,
                                          std::span<std::string const> own_names) {
  auto const host = request.headers.find("Host");
  if (auto const site = request.headers.find("Sec-Fetch-Site"); site && *site != "same-origin" && *site != "none")
    return "Sec-Fetch-Site is \"" + std::string(*site) + "\": cross-site requests are not allowed";
  if (auto const origin = request.headers.find("Origin"); origin && !(host && is_same_origin(*origin, *host)))
    return "the Origin \"" + std::string(*origin) + "\" does not match the Host: cross-site requests are not allowed";
  if (who == http_caller::anonymous && host && !is_own_host(*host, own_names))
    return "the Host \"" + std::string(*host) +
           "\" is not this server: use localhost or the address that it listens on, or send the secret";
  return {};
}

}  // namespace dist
