#include <dist/rpc/detail/request_options.hpp>

#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/frame.hpp>
#include <dist/rpc/detail/traceparent.hpp>
#include <dist/rpc/limits.hpp>

namespace dist {
namespace {

/// As they are read: each may be absent.
struct given_options {
  std::optional<std::vector<std::string>> needs;
  std::optional<std::uint32_t> retries;
  std::optional<std::uint64_t> kill_after_us;
  std::optional<std::uint64_t> node_wait_us;
  std::optional<std::string> traceparent;
};
BOOST_DESCRIBE_STRUCT(given_options, (), (needs, retries, kill_after_us, node_wait_us, traceparent))

}  // namespace

std::string encode(request_options const& options, buffer& out) {
  auto problem = encode_result(codec::cbor, spelling::declared, out, options);
  if (problem.empty() && out.size() > most_options_bytes)
    problem = "the options have " + std::to_string(out.size()) + " bytes; the maximum is " +
              std::to_string(most_options_bytes) + "; use fewer or shorter labels in needs()";
  return problem;
}

std::string decode(std::span<std::byte const> cbor, request_options& options) {
  given_options given;
  if (auto const problem = decode_result(codec::cbor, cbor, limits{}.depth, given); !problem.empty())
    return "the request's options: " + problem;
  if (given.needs) options.needs = std::move(*given.needs);
  options.retries = given.retries;
  options.kill_after_us = given.kill_after_us;
  options.node_wait_us = given.node_wait_us;
  if (given.traceparent && is_traceparent(*given.traceparent)) options.traceparent = std::move(given.traceparent);
  return {};
}

}  // namespace dist
